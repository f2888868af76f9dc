// SPDX-License-Identifier: Apache-2.0
#include "volume/mirror_pairs.h"

#include <gtest/gtest.h>

#include "volume/plan_change.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

using mirror::PairRole;
using mirror::PairState;
using mirror::PairType;

constexpr std::uint64_t kOther = 0x500507630EFFFE00;

class MirrorPairs : public ::testing::Test {
 protected:
  MirrorPairs() {
    pool = image.add_pool(0, {40});
    for (std::uint16_t id = 0x1000; id < 0x1004; ++id) image.add_volume(id, pool, 1);
  }

  static MakePairRequest request(std::uint16_t source, std::uint16_t target) {
    MakePairRequest asked;
    asked.source = VolumeId(source);
    asked.target = VolumeId(target);
    asked.peer_wwnn = kOther;
    asked.partner = "IBM.2107-75TT002";
    asked.type = PairType::global_copy;
    return asked;
  }
  static AcceptPairRequest offer(std::uint16_t source, std::uint16_t target) {
    AcceptPairRequest offered;
    offered.source = VolumeId(source);
    offered.target = VolumeId(target);
    offered.peer_wwnn = kOther;
    offered.partner = "IBM.2107-75TT002";
    offered.block_count = 1_GiB / kBlockBytes;
    offered.type = PairType::global_copy;
    return offered;
  }
  Generation add(PairConfig pair) {
    pair.generation = pair.marks = Generation(image.next_lsn++);
    image.change(MakePair{pair});
    return pair.generation;
  }
  Generation make(std::uint16_t source, std::uint16_t target) {
    return add(plan_make_pair(image.config, request(source, target)).value());
  }
  Generation accept(std::uint16_t source, std::uint16_t target) {
    return add(plan_accept_pair(image.config, offer(source, target)).value());
  }
  Errc make_refused(const MakePairRequest& asked) { return code_of(plan_make_pair(image.config, asked)); }
  Errc accept_refused(const AcceptPairRequest& offered) { return code_of(plan_accept_pair(image.config, offered)); }

  SampleImage image;
  std::uint16_t pool = 0;
};

TEST_F(MirrorPairs, BeginWithAllTracksOrNone) {
  const auto full = plan_make_pair(image.config, request(0x1000, 0x2000));
  ASSERT_TRUE(full);
  EXPECT_TRUE(full->begins_marked && !full->first_pass && full->is_source() && full->is_active());
  EXPECT_EQ(full->track_count, 1_GiB / kTrackBytes);
  MakePairRequest nothing = request(0x1000, 0x2000);
  nothing.copies = false;
  const auto none = plan_make_pair(image.config, nothing);
  ASSERT_TRUE(none);
  EXPECT_TRUE(!none->begins_marked && none->first_pass);
  const auto target = plan_accept_pair(image.config, offer(0x2000, 0x1000));
  ASSERT_TRUE(target);
  EXPECT_FALSE(target->is_source() || target->begins_marked);
}

TEST_F(MirrorPairs, AVolumeHasOneTargetAndOneSource) {
  make(0x1000, 0x2000);
  EXPECT_EQ(make_refused(request(0x1000, 0x2001)), Errc::already_a_pair);
  EXPECT_EQ(make_refused(request(0x1000, 0x2000)), Errc::already_a_pair);
  EXPECT_EQ(make_refused(request(0x1009, 0x2000)), Errc::volume_not_found);
  accept(0x2005, 0x1001);
  AcceptPairRequest another = offer(0x2006, 0x1001);
  EXPECT_EQ(accept_refused(another), Errc::already_a_pair);
  another = offer(0x2005, 0x1001);
  EXPECT_EQ(accept_refused(another), Errc::ok) << "its source knows it no more";
  another.peer_wwnn = kOther + 1;
  EXPECT_EQ(accept_refused(another), Errc::already_a_pair);
}

TEST_F(MirrorPairs, ASuspendedPairIsResumedAndNotMadeAgain) {
  const Generation generation = make(0x1000, 0x2000);
  PairConfig pair = image.config.mirror_pairs.at(generation);
  pair.phase.state = PairState::suspended;
  pair.phase.reason = mirror::SuspendReason::host_source;
  image.change(ChangePair{pair});
  EXPECT_EQ(make_refused(request(0x1000, 0x2000)), Errc::wrong_pair_state);
}

/// RM-51 and the cascade: the target of a mirror is a source only by -cascade, and for a Global Copy.
TEST_F(MirrorPairs, RM51_ATargetIsNoSource) {
  accept(0x2000, 0x1000);
  MakePairRequest asked = request(0x1000, 0x3000);
  EXPECT_EQ(make_refused(asked), Errc::source_not_eligible);
  asked.attributes.cascade = true;
  EXPECT_EQ(make_refused(asked), Errc::ok);
  asked.type = PairType::metro_mirror;
  EXPECT_EQ(make_refused(asked), Errc::source_not_eligible);
  make(0x1001, 0x3001);
  EXPECT_EQ(accept_refused(offer(0x2001, 0x1001)), Errc::target_not_eligible);
  asked = request(0x1002, 0x3002);
  asked.attributes.cascade = true;
  add(plan_make_pair(image.config, asked).value());
  EXPECT_EQ(accept_refused(offer(0x2002, 0x1002)), Errc::ok);
}

TEST_F(MirrorPairs, RM30_OptionsThatExcludeEachOther) {
  MakePairRequest asked = request(0x1000, 0x2000);
  asked.attributes.target_read = true;
  EXPECT_EQ(make_refused(asked), Errc::bad_combination);
  asked.attributes = {};
  asked.attributes.critical_mode = true;
  EXPECT_EQ(make_refused(asked), Errc::bad_combination);
  asked.type = PairType::metro_mirror;
  EXPECT_EQ(make_refused(asked), Errc::ok);
  asked.attributes.cascade = true;
  EXPECT_EQ(make_refused(asked), Errc::bad_combination);
}

TEST_F(MirrorPairs, RM52_TheTargetIsNotSmaller) {
  AcceptPairRequest offered = offer(0x2000, 0x1000);
  offered.block_count += 1;
  EXPECT_EQ(accept_refused(offered), Errc::mirror_sizes);
  offered.block_count -= 1000;
  const auto pair = plan_accept_pair(image.config, offered);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->track_count, divide_up(offered.block_count, kTrackBlocks));
}

/// Spec: FlashCopy, 2.2.
TEST_F(MirrorPairs, FlashCopiesOfBothEnds) {
  make(0x1000, 0x2000);
  accept(0x2001, 0x1001);
  const auto refused = [this](std::uint16_t source, std::uint16_t target) {
    const std::vector<PairRequest> pairs = {{VolumeId(source), VolumeId(target), {}}};
    return code_of(validate_pairs(image.config, pairs).front());
  };
  EXPECT_EQ(refused(0x1000, 0x1002), Errc::ok);
  EXPECT_EQ(refused(0x1001, 0x1002), Errc::ok);
  EXPECT_EQ(refused(0x1002, 0x1000), Errc::target_is_primary);
  EXPECT_EQ(refused(0x1002, 0x1001), Errc::target_is_secondary);
  image.establish(0x1002, 0x1003);
  EXPECT_EQ(make_refused(request(0x1003, 0x2003)), Errc::source_not_eligible);
  EXPECT_EQ(accept_refused(offer(0x2003, 0x1003)), Errc::target_not_eligible);
  EXPECT_EQ(make_refused(request(0x1002, 0x2002)), Errc::ok);
  const Generation reversible = image.establish(0x1001, 0x1002);
  RelationshipOptions options;
  options.recording = true;
  EXPECT_EQ(code_of(validate_reverse(image.config, reversible, options, true)), Errc::target_is_secondary);
}

TEST_F(MirrorPairs, VolumesOfAPairStayAsTheyAre) {
  make(0x1000, 0x2000);
  EXPECT_EQ(code_of(plan_remove_volume(image.config, VolumeId(0x1000))), Errc::still_in_use);
  EXPECT_FALSE(can_expand(image.config, VolumeId(0x1000)));
  image.change(RemovePair{image.config.mirror_pairs.begin()->first});
  EXPECT_EQ(code_of(plan_remove_volume(image.config, VolumeId(0x1000))), Errc::ok);
}

TEST_F(MirrorPairs, AreFoundByWhatACommandSays) {
  const Generation generation = make(0x1000, 0x2000);
  const auto found = [this](const PairName& name) { return find_pair(image.config, name); };
  EXPECT_EQ(found({VolumeId(0x1000), std::nullopt, std::nullopt}).value(), generation);
  EXPECT_EQ(found({VolumeId(0x1000), VolumeId(0x2000), "IBM.2107-75TT002"}).value(), generation);
  EXPECT_EQ(code_of(found({VolumeId(0x1000), VolumeId(0x2001), std::nullopt})), Errc::wrong_partner);
  EXPECT_EQ(code_of(found({VolumeId(0x1000), VolumeId(0x2000), "IBM.2107-75TT003"})), Errc::wrong_partner);
  EXPECT_EQ(code_of(found({VolumeId(0x1001), VolumeId(0x2000), std::nullopt})), Errc::no_such_pair);
}

TEST_F(MirrorPairs, SurviveEncodingAndDamageIsFound) {
  const Generation generation = make(0x1000, 0x2000);
  const Generation target = accept(0x2001, 0x1001);
  const auto decoded = decode_config(encode_config(image.config));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->mirror_pairs, image.config.mirror_pairs);
  const auto damaged = [this](const auto& damage) {
    ImageConfig config = image.config;
    damage(config);
    return code_of(decode_config(encode_config(config)));
  };
  EXPECT_EQ(damaged([&](auto& c) { c.mirror_pairs.at(generation).volume = VolumeId(0x1009); }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { ++c.mirror_pairs.at(generation).track_count; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.mirror_pairs.at(generation).track_count = 0; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.mirror_pairs.at(generation).epoch = 0; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.mirror_pairs.at(generation).phase.state = PairState::suspended; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) { c.mirror_pairs.at(generation).phase.state = PairState{0}; }), Errc::corrupt);
  EXPECT_EQ(damaged([&](auto& c) {
              c.mirror_pairs.at(generation).volume = VolumeId(0x1001);
              c.mirror_pairs.at(generation).phase = c.mirror_pairs.at(target).phase;
            }),
            Errc::corrupt)
      << "two sources of one target";
}

}  // namespace
}  // namespace tt::volume
