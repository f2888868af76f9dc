// SPDX-License-Identifier: Apache-2.0
#include "volume/codec.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "volume/codec_fields.h"
#include "volume/plan.h"
#include "volume/random_image.h"

namespace tt::volume {
namespace {

ImageConfig reloaded(const ImageConfig& config) {
  auto decoded = decode_config(encode_config(config));
  EXPECT_EQ(code_of(decoded), Errc::ok);
  return decoded ? std::move(decoded).value() : ImageConfig{};
}

/// The free extents as a look at all volumes gives them, independent of what apply() kept.
void expect_right_extents(const ImageConfig& config) {
  for (const auto& [id, pool] : config.pools) {
    std::uint64_t total = 0;
    for (const auto& [rank_id, rank] : config.ranks) {
      if (rank.pool == id) total += rank.data_bytes / pool.extent_bytes;
    }
    EXPECT_EQ(config.total_extents(id), total);
  }
  std::map<std::uint16_t, std::uint32_t> taken;
  for (const auto& [id, volume] : config.volumes) {
    for (const auto& extent : volume.extents) {
      if (!extent) continue;
      ++taken[extent->rank];
      EXPECT_TRUE(config.taken_extents.at(extent->rank)[extent->index]);
    }
  }
  for (const auto& [rank, map] : config.taken_extents) EXPECT_EQ(map.taken(), taken[rank]);
  std::map<std::uint16_t, std::uint64_t> tse;
  std::map<std::uint16_t, std::uint64_t> tse_capacity;
  for (const auto& [id, volume] : config.volumes) {
    if (volume.method != AllocationMethod::tse) continue;
    tse_capacity[volume.pool] += volume.extents.size();
    for (const auto& extent : volume.extents) {
      if (extent) ++tse[volume.pool];
    }
  }
  EXPECT_EQ(config.tse_extents, tse);
  for (const auto& [id, pool] : config.pools) {
    if (!pool.repository) continue;
    EXPECT_LE(tse[id], pool.repository->real_extents);
    EXPECT_LE(tse_capacity[id], pool.repository->virtual_extents);
    EXPECT_EQ(config.repository_left(id), pool.repository->real_extents - tse[id]);
  }
}

TEST(Codec, RandomHistoriesReplayToTheLiveConfiguration) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    RandomImage random(seed);
    ImageConfig checkpoint = random.image.config;
    std::size_t checkpoint_at = random.image.history.size();
    for (int step = 0; step < 500; ++step) {
      random.step();
      if (step % 100 != 99) continue;
      ImageConfig replayed = reloaded(checkpoint);
      ASSERT_EQ(replayed, checkpoint);
      for (std::size_t i = checkpoint_at; i < random.image.history.size(); ++i) {
        const auto mutation = decode_mutation(encode_mutation(random.image.history[i]));
        ASSERT_EQ(code_of(mutation), Errc::ok);
        apply(replayed, *mutation);
      }
      ASSERT_EQ(replayed, random.image.config);
      expect_right_extents(replayed);
      checkpoint = random.image.config;
      checkpoint_at = random.image.history.size();
    }
  }
}

/// The histories are not the same with every compiler (arguments that draw numbers are evaluated in its order), so the
/// number of seeds is generous.
TEST(Codec, RandomHistoriesHaveRepositoriesThatAreUsed) {
  int used = 0;
  int full = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    RandomImage random(seed);
    for (int step = 0; step < 500; ++step) {
      random.step();
      for (const auto& [id, pool] : random.image.config.pools) {
        if (!pool.repository) continue;
        const std::uint64_t left = random.image.config.repository_left(id);
        if (left < pool.repository->real_extents) ++used;
        if (left == 0) ++full;
      }
    }
  }
  EXPECT_GT(used, 1000);
  EXPECT_GT(full, 20);
}

TEST(Codec, RandomHistoriesReachEveryMutation) {
  std::vector<int> seen(std::variant_size_v<AnyMutation>);
  const auto enough = [&] { return std::ranges::all_of(seen, [](int times) { return times > 20; }); };
  for (std::uint64_t seed = 1; seed <= 1500 && !enough(); ++seed) {
    RandomImage random(seed);
    for (int step = 0; step < 800; ++step) random.step();
    for (const Mutation& mutation : random.image.history) ++seen[mutation.index()];
  }
  for (std::size_t kind = 0; kind < seen.size(); ++kind) EXPECT_GT(seen[kind], 20) << kind;
}

TEST(Codec, MutationCutInsideAFieldIsRejected) {
  SampleImage image;
  image.add_volume(0x0000, image.add_pool(0, {4, 4}), 3);
  const auto bytes = encode_mutation(image.history.back());
  constexpr std::size_t kHeader = 2;     // version and kind
  constexpr std::size_t kLastField = 2;  // the empty list of volume groups; before it is the one field "volume"
  ASSERT_EQ(code_of(decode_mutation(bytes)), Errc::ok);
  for (std::size_t length = kHeader + 1; length < bytes.size() - kLastField; ++length)
    EXPECT_EQ(code_of(decode_mutation(std::span(bytes).first(length))), Errc::bad_message) << length;
}

TEST(Codec, NewerVersionsAndUnknownMutationsAreNotSupported) {
  auto mutation = encode_mutation(FailRank{.rank = 3});
  auto config = encode_config(ImageConfig{});
  mutation[0] = std::byte{codec::kVersion + 1};
  config[0] = std::byte{codec::kVersion + 1};
  EXPECT_EQ(code_of(decode_mutation(mutation)), Errc::version_not_supported);
  EXPECT_EQ(code_of(decode_config(config)), Errc::version_not_supported);
  mutation[0] = std::byte{0};
  EXPECT_EQ(code_of(decode_mutation(mutation)), Errc::bad_message);
  mutation[0] = std::byte{codec::kVersion};
  mutation[1] = std::byte{99};
  EXPECT_EQ(code_of(decode_mutation(mutation)), Errc::version_not_supported);
  mutation[1] = std::byte{0};
  EXPECT_EQ(code_of(decode_mutation(mutation)), Errc::bad_message);
  EXPECT_EQ(code_of(decode_mutation({})), Errc::bad_message);
  EXPECT_EQ(code_of(decode_config({})), Errc::bad_message);
}

TEST(Codec, FieldsOfLaterReleasesAreSkippedAndMissingOnesKeepTheirDefaults) {
  ByteWriter later;
  later.u8(codec::kVersion);
  later.varint(kKind<MakePool>);
  ByteWriter pool;
  for (const auto& [tag, text] :
       std::vector<std::pair<int, std::string>>{{1, "\x05"}, {2, "gold"}, {9, "new"}, {77, ""}}) {
    pool.varint(static_cast<std::uint64_t>(tag));
    pool.varint(text.size());
    pool.text(text);
  }
  later.varint(1);
  later.varint(pool.size());
  later.bytes(pool.view());
  const auto decoded = decode_mutation(later.view());
  ASSERT_EQ(code_of(decoded), Errc::ok);
  const PoolConfig expected{.id = 5, .name = "gold", .extent_bytes = kLargeExtentBytes};
  EXPECT_EQ(std::get<MakePool>(*decoded).pool, expected);
}

TEST(Codec, ImagesFromBeforeThereWereCopyRatesHaveTheUsualOnes) {
  SampleImage image;
  image.add_volume(0x0000, image.add_pool(0, {4}), 1);
  image.change(ChangeCopyRates{{.limit_bytes_per_second = 3_MiB, .floor_bytes_per_second = 1_MiB}});
  auto bytes = encode_config(image.config);
  ByteWriter rates;
  codec::Encoder::put(rates, image.config.copy_rates);
  ByteWriter scrub;
  codec::Encoder::put(scrub, image.config.scrub);
  const std::size_t later = 10 + 2 + scrub.size();  // five empty lists and the scrub, with tags and lengths
  const std::size_t field = 2 + rates.size();
  ASSERT_EQ(bytes[bytes.size() - later], std::byte{33});
  ASSERT_EQ(bytes[bytes.size() - later - field], std::byte{32});
  bytes.resize(bytes.size() - later - field);
  const auto decoded = decode_config(bytes);
  ASSERT_EQ(code_of(decoded), Errc::ok);
  EXPECT_EQ(decoded->copy_rates, CopyRates{});
  EXPECT_EQ(decoded->scrub, ScrubSettings{});
  EXPECT_EQ(decoded->volumes, image.config.volumes);
}

/// What `object` was written as before it had its last field of so many bytes.
template <class T>
T from_before_the_last_field(const T& object, std::uint8_t tag) {
  ByteWriter writer;
  codec::Encoder::put(writer, object);
  auto bytes = writer.take();
  constexpr std::size_t kField = 3;  // tag, length, the number of a group
  EXPECT_EQ(bytes[bytes.size() - kField], std::byte{tag});
  bytes.resize(bytes.size() - kField);
  ByteReader reader(bytes);
  codec::Budget budget;
  T decoded;
  codec::Decoder::take(reader, budget, decoded);
  EXPECT_TRUE(reader.complete());
  return decoded;
}

TEST(Codec, WhatIsFromBeforeThereWereResourceGroupsIsPublic) {
  VolumeConfig volume;
  volume.name = "old";
  volume.resource_group = 5;
  LssConfig lss;
  lss.resource_group = 5;
  VolumeGroupConfig group;
  group.resource_group = 5;
  HostConnectionConfig connection;
  connection.resource_group = 5;
  EXPECT_EQ(from_before_the_last_field(volume, 50).resource_group, kPublicGroup);
  EXPECT_EQ(from_before_the_last_field(volume, 50).name, "old");
  EXPECT_EQ(from_before_the_last_field(lss, 4).resource_group, kPublicGroup);
  EXPECT_EQ(from_before_the_last_field(group, 5).resource_group, kPublicGroup);
  EXPECT_EQ(from_before_the_last_field(connection, 13).resource_group, kPublicGroup);
}

/// Message with one field `tag` of FailRank.
std::vector<std::byte> fail_rank(std::initializer_list<std::uint8_t> fields) {
  ByteWriter writer;
  writer.u8(codec::kVersion);
  writer.varint(kKind<FailRank>);
  for (const std::uint8_t byte : fields) writer.u8(byte);
  return writer.take();
}

TEST(Codec, RejectsFieldsThatAreRepeatedOrDoNotFitTheirType) {
  EXPECT_EQ(code_of(decode_mutation(fail_rank({1, 1, 7}))), Errc::ok);
  EXPECT_EQ(code_of(decode_mutation(fail_rank({1, 1, 7, 1, 1, 7}))), Errc::bad_message) << "twice";
  EXPECT_EQ(code_of(decode_mutation(fail_rank({2, 0, 1, 1, 7}))), Errc::bad_message) << "descending";
  EXPECT_EQ(code_of(decode_mutation(fail_rank({1, 2, 7, 7}))), Errc::bad_message) << "something behind the value";
  EXPECT_EQ(code_of(decode_mutation(fail_rank({1, 3, 0x80, 0x80, 0x04}))), Errc::bad_message) << "65536";
  EXPECT_EQ(code_of(decode_mutation(fail_rank({1, 200, 7}))), Errc::bad_message) << "longer than the message";
  EXPECT_EQ(code_of(decode_mutation(fail_rank({0, 1, 7}))), Errc::bad_message) << "tag 0";
}

TEST(Codec, SixteenTebibytesCostAFewBytes) {
  SampleImage image;
  const auto thick = image.add_pool(0, {6000, 6000, 6000, 6000});
  const auto thin = image.add_pool(0, {1}, kSmallExtentBytes);
  const auto before = encode_config(image.config).size();
  image.add_volume(0x0000, thick, 16384);
  image.add_volume(0x0001, thin, 16384, AllocationMethod::ese);
  image.change(plan_allocate_extent(image.config, VolumeId(1), 500'000));
  EXPECT_LT(encode_config(image.config).size() - before, 200U);
  EXPECT_EQ(reloaded(image.config), image.config);
}

TEST(CodecExtents, EveryPatternRoundTrips) {
  Random random(7);
  for (int round = 0; round < 400; ++round) {
    codec::Extents extents;
    while (random.chance(7, 8)) {
      const auto ranks = static_cast<std::uint32_t>(1 + random.below(90));
      const auto base = static_cast<std::uint32_t>(random.below(1000));
      const auto length = static_cast<std::uint32_t>(random.below(200));
      const bool gap = random.chance(1, 4);
      for (std::uint32_t i = 0; i < length; ++i) {
        if (gap)
          extents.emplace_back();
        else
          extents.emplace_back(ExtentRef{static_cast<std::uint16_t>(i % ranks), base + i / ranks});
      }
    }
    ByteWriter writer;
    codec::Encoder::put(writer, extents);
    ByteReader reader(writer.view());
    codec::Budget budget{.extents = extents.size()};
    codec::Extents decoded;
    codec::Decoder::take(reader, budget, decoded);
    ASSERT_TRUE(reader.complete());
    ASSERT_EQ(decoded, extents);
    ASSERT_EQ(budget.extents, 0U);
  }
}

std::optional<codec::Extents> extents_from(std::initializer_list<std::uint64_t> numbers, std::uint64_t budget_extents) {
  ByteWriter writer;
  for (const std::uint64_t number : numbers) writer.varint(number);
  ByteReader reader(writer.view());
  codec::Budget budget{.extents = budget_extents};
  codec::Extents extents;
  codec::Decoder::take(reader, budget, extents);
  if (!reader.complete()) return std::nullopt;
  return extents;
}

TEST(CodecExtents, HostileRunsAreRejectedBeforeTheyCostMemory) {
  EXPECT_EQ(extents_from({3, 1, 0, 5}, 3)->back(), (ExtentRef{.rank = 0, .index = 7}));
  EXPECT_FALSE(extents_from({3, 1, 0, 5}, 2)) << "over the budget";
  EXPECT_FALSE(extents_from({2, 0, 2, 0}, 3)) << "over the budget in sum";
  EXPECT_FALSE(extents_from({~0ULL, 0}, kMaxImageExtents));
  EXPECT_FALSE(extents_from({0, 0}, 10)) << "an empty run";
  EXPECT_FALSE(extents_from({1, 2, 0, 0, 1, 0}, 10)) << "period longer than the run";
  EXPECT_FALSE(extents_from({2, 1, 0, 0xFFFFFFFF}, 10)) << "index beyond 32 bits";
  EXPECT_FALSE(extents_from({1, 1, 0x10000, 0}, 10)) << "rank beyond 16 bits";
  EXPECT_FALSE(extents_from({2, 2, 0, 0, 1}, 10)) << "cut";
}

TEST(CodecConfig, ContradictionsAreCorrupt) {
  SampleImage good;
  const auto pool = good.add_pool(0, {8});
  for (std::uint16_t id = 0; id < 4; ++id) good.add_volume(id, pool, 1);
  const Generation generation = good.establish(0, 1);
  ASSERT_EQ(reloaded(good.config), good.config);

  const auto damaged = [&good](auto damage) {
    ImageConfig config = good.config;
    damage(config);
    return code_of(decode_config(encode_config(config)));
  };
  const VolumeId v0(0);
  const VolumeId v1(1);
  EXPECT_EQ(damaged([&](auto& c) { c.volumes.at(v0).extents = c.volumes.at(v1).extents; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.volumes.at(v0).extents[0]->index = 8; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.volumes.at(v0).extents[0]->rank = 1; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.volumes.at(v0).extents[0].reset(); }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.volumes.at(v0).extents.clear(); }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.volumes.at(v0).block_count = 0; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.volumes.at(v0).block_count = ~0ULL; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.volumes.at(v0).pool = 2; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.lsses.clear(); }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.ranks.at(0).pool = 2; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.ranks.at(0).data_bytes = ~0ULL; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.pools.at(pool).extent_bytes = 0; }), Errc::corrupt);
  const auto repository = [&](std::uint64_t real, std::uint64_t capacity, std::uint8_t threshold) {
    return damaged([&](auto& c) { c.pools.at(pool).repository = Repository{real, capacity, threshold}; });
  };
  EXPECT_EQ(repository(0, 2, 0), Errc::corrupt);
  EXPECT_EQ(repository(3, 2, 0), Errc::corrupt);
  EXPECT_EQ(repository(2, ~0ULL, 0), Errc::corrupt);
  EXPECT_EQ(repository(2, 2, 101), Errc::corrupt);
  EXPECT_EQ(repository(2, 2, 100), Errc::ok);
  EXPECT_EQ(damaged([&](auto& c) {
              c.pools.at(pool).repository = Repository{1, 1, 15};
              c.volumes.at(VolumeId(2)).method = c.volumes.at(VolumeId(3)).method = AllocationMethod::tse;
            }),
            Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.relationships.find(generation)->second.source = VolumeId(9); }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.relationships.find(generation)->second.source = v1; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.relationships.find(generation)->second.track_count += 1; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) {
              Relationship second = c.relationships.at(generation);
              second.source = VolumeId(2);
              second.generation = Generation(400);
              c.relationships.emplace(second.generation, second);
            }),
            Errc::corrupt);
  EXPECT_EQ(
      damaged([&](auto& c) { c.relationships.find(generation)->second.state = static_cast<RelationshipState>(2); }),
      Errc::bad_message);
  EXPECT_EQ(damaged([&](auto& c) { c.personality = static_cast<Personality>(2); }), Errc::bad_message);
}

TEST(CodecConfig, AThingThatComesTwiceIsABadMessage) {
  SampleImage image;
  image.add_pool(0, {});
  image.add_pool(1, {});
  image.config.pools.at(1).id = 0;  // its key in the table is not stored
  EXPECT_EQ(code_of(decode_config(encode_config(image.config))), Errc::bad_message);
}

TEST(Codec, RandomDamageNeverCrashesAndWhatDecodesEncodesAgain) {
  Random random(11);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    RandomImage source(seed);
    for (int step = 0; step < 100; ++step) source.step();
    std::vector<std::vector<std::byte>> messages{encode_config(source.image.config)};
    for (const Mutation& mutation : source.image.history) messages.push_back(encode_mutation(mutation));
    for (int round = 0; round < 2000; ++round) {
      auto bytes = messages[random.chance(1, 3) ? 0 : random.below(messages.size())];
      for (std::uint64_t damage = 1 + random.below(3); damage > 0; --damage) {
        bytes[random.below(bytes.size())] = static_cast<std::byte>(random.next());
      }
      const auto config = codec::decode_config_within(bytes, {.extents = 4096});
      if (config) {
        EXPECT_EQ(reloaded(*config), *config);
      }
      const auto mutation = codec::decode_mutation_within(bytes, {.extents = 4096});
      if (mutation) {
        EXPECT_EQ(code_of(decode_mutation(encode_mutation(*mutation))), Errc::ok);
      }
    }
  }
}

}  // namespace
}  // namespace tt::volume
