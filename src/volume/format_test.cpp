// SPDX-License-Identifier: Apache-2.0
// Volumes of IBM i and with T10 DIF: which there are, what they may become, and with whom they form pairs and groups.
#include <gtest/gtest.h>

#include "volume/plan.h"
#include "volume/plan_change.h"
#include "volume/sample_image.h"

namespace tt::volume {
namespace {

using model::Os400Model;

constexpr std::uint64_t kGib = 1_GiB / kBlockBytes;
constexpr std::uint64_t kBlocksOfA01 = 16'777'216;

struct FormatImage : SampleImage {
  explicit FormatImage(Personality personality = Personality::ds8000) : SampleImage(personality) {
    pool = add_pool(0, {100});
  }

  MakeVolumeRequest wanted(std::uint16_t id, Os400Model model, std::uint64_t blocks, bool t10dif = false) const {
    MakeVolumeRequest made = request(id, pool, 1);
    made.block_count = blocks;
    made.os400 = model;
    made.t10dif = t10dif;
    return made;
  }
  Result<MakeVolume> plan(const MakeVolumeRequest& made) const {
    return plan_make_volume(config, made, Generation(next_lsn), 0);
  }
  Errc try_make(Os400Model model, std::uint64_t blocks, bool t10dif = false) const {
    const auto planned = plan(wanted(9, model, blocks, t10dif));
    return planned ? Errc::ok : planned.error().code;
  }
  void make(std::uint16_t id, Os400Model model, std::uint64_t blocks = kBlocksOfA01, bool t10dif = false) {
    const auto planned = plan(wanted(id, model, blocks, t10dif));
    ++next_lsn;
    change(planned);
  }
  Errc try_pair(std::uint16_t source, std::uint16_t target) const {
    const PairRequest pair{.source = VolumeId(source), .target = VolumeId(target), .options = {}};
    const auto verdict = validate_pairs(config, {&pair, 1}).front();
    return verdict ? Errc::ok : verdict.error().code;
  }
  Errc try_change(const ChangeVolumeRequest& request) const {
    const auto planned = plan_change_volume(config, request);
    return planned ? Errc::ok : planned.error().code;
  }

  std::uint16_t pool = 0;
};

TEST(VolumeFormats, SizesOfModels) {
  const FormatImage image;
  EXPECT_EQ(image.try_make(Os400Model::a01, kBlocksOfA01), Errc::ok);
  EXPECT_EQ(image.try_make(Os400Model::a01, kBlocksOfA01 + 1), Errc::out_of_range);
  EXPECT_EQ(image.try_make(Os400Model::a81, kGib), Errc::out_of_range);
  EXPECT_EQ(image.try_make(Os400Model::v099, kGib - 1), Errc::out_of_range);
  EXPECT_EQ(image.try_make(Os400Model::v099, kGib), Errc::ok);
  EXPECT_EQ(image.try_make(Os400Model::v050, 2000 * kGib), Errc::no_space);
  EXPECT_EQ(image.try_make(Os400Model::v050, 2000 * kGib + 1), Errc::out_of_range);
  EXPECT_EQ(image.try_make(Os400Model::none, 1, true), Errc::ok);
  EXPECT_EQ(image.try_make(Os400Model::a01, kBlocksOfA01, true), Errc::not_combinable);

  const FormatImage ds6000(Personality::ds6000);
  EXPECT_EQ(ds6000.try_make(Os400Model::a81, kBlocksOfA01), Errc::ok);
  EXPECT_EQ(ds6000.try_make(Os400Model::v099, kGib), Errc::not_combinable);
  EXPECT_EQ(ds6000.try_make(Os400Model::none, kGib, true), Errc::not_combinable);
}

TEST(VolumeFormats, PairsAreOfOneKind) {
  FormatImage image;
  image.make(0, Os400Model::a01);
  image.make(1, Os400Model::a01);
  image.make(2, Os400Model::a81);
  image.make(3, Os400Model::none);
  image.make(4, Os400Model::none, kBlocksOfA01, true);
  image.make(5, Os400Model::none, kBlocksOfA01, true);
  image.make(6, Os400Model::v099);
  EXPECT_EQ(image.try_pair(0, 1), Errc::ok);
  EXPECT_EQ(image.try_pair(4, 5), Errc::ok);
  for (const auto& [source, target] : {std::pair{0, 2}, {0, 3}, {3, 0}, {3, 4}, {4, 3}, {0, 6}, {6, 0}, {4, 0}}) {
    EXPECT_EQ(image.try_pair(static_cast<std::uint16_t>(source), static_cast<std::uint16_t>(target)),
              Errc::types_differ)
        << source << ":" << target;
  }
}

TEST(VolumeFormats, ChangeOnlyWhatIsSaid) {
  FormatImage image;
  image.make(0, Os400Model::a01);
  image.make(1, Os400Model::none);
  image.make(2, Os400Model::v050, 5 * kGib);
  const auto to_model = [](std::uint16_t id, Os400Model model, std::optional<std::uint64_t> blocks = std::nullopt) {
    return ChangeVolumeRequest{.id = VolumeId(id), .name = {}, .block_count = blocks, .os400 = model};
  };
  EXPECT_EQ(image.try_change(to_model(1, Os400Model::a01)), Errc::not_combinable);
  EXPECT_EQ(image.try_change(to_model(0, Os400Model::a82)), Errc::not_combinable);
  EXPECT_EQ(image.try_change(to_model(2, Os400Model::a01)), Errc::not_combinable);
  EXPECT_EQ(image.try_change({.id = VolumeId(0), .name = {}, .block_count = 9 * kGib}), Errc::not_combinable);
  EXPECT_EQ(image.try_change({.id = VolumeId(0), .name = {}, .block_count = {}, .t10dif = true}), Errc::not_combinable);
  EXPECT_EQ(image.try_change({.id = VolumeId(2), .name = {}, .block_count = 2001 * kGib}), Errc::out_of_range);

  image.change(plan_change_volume(image.config, to_model(0, Os400Model::a81)));
  EXPECT_EQ(image.config.find_volume(VolumeId(0))->os400, Os400Model::a81);
  image.change(plan_change_volume(image.config, to_model(0, Os400Model::v099, 9 * kGib)));
  EXPECT_EQ(image.config.find_volume(VolumeId(0))->os400, Os400Model::v099);
  EXPECT_EQ(image.config.find_volume(VolumeId(0))->block_count, 9 * kGib);
  image.change(plan_change_volume(image.config, {.id = VolumeId(1), .name = {}, .block_count = {}, .t10dif = true}));
  EXPECT_TRUE(image.config.find_volume(VolumeId(1))->t10dif);
  EXPECT_EQ(decode_config(encode_config(image.config)).value(), image.config);
}

TEST(VolumeFormats, StayWhileThereAreCopies) {
  FormatImage image;
  image.make(0, Os400Model::a01);
  image.make(1, Os400Model::a01);
  image.make(2, Os400Model::none);
  image.make(3, Os400Model::none);
  const Lsn t0(image.next_lsn++);
  const Relationship first = image.pair(0, 1, t0);
  const Relationship second = image.pair(2, 3, t0);
  image.change(Establish{{first, second}});
  for (const std::uint16_t id : {std::uint16_t{0}, std::uint16_t{1}}) {
    const ChangeVolumeRequest request{.id = VolumeId(id), .name = {}, .block_count = {}, .os400 = Os400Model::a81};
    EXPECT_EQ(image.try_change(request), Errc::other_relationships);
  }
  EXPECT_EQ(image.try_change({.id = VolumeId(0), .name = {}, .block_count = {}, .os400 = Os400Model::a01}), Errc::ok);
  EXPECT_EQ(image.try_change({.id = VolumeId(3), .name = {}, .block_count = {}, .t10dif = true}),
            Errc::other_relationships);
}

TEST(VolumeFormats, AConfigurationWithAnotherSizeIsDamaged) {
  FormatImage image;
  image.make(0, Os400Model::a01);
  image.config.volumes.at(VolumeId(0)).os400 = Os400Model::a02;
  EXPECT_EQ(decode_config(encode_config(image.config)).error().code, Errc::corrupt);
  image.config.volumes.at(VolumeId(0)).os400 = Os400Model::a81;
  EXPECT_TRUE(decode_config(encode_config(image.config)));
  image.config.volumes.at(VolumeId(0)).t10dif = true;
  EXPECT_EQ(decode_config(encode_config(image.config)).error().code, Errc::corrupt);
}

TEST(VolumeFormats, GroupsTakeOneKind) {
  FormatImage image;
  image.make(0, Os400Model::a01);
  image.make(1, Os400Model::none);
  const VolumeId ibm_i[] = {VolumeId(0)};
  const VolumeId plain[] = {VolumeId(1)};
  const auto group = [&](VolumeGroupType type, std::span<const VolumeId> volumes) {
    const auto planned = plan_make_volume_group(image.config, {"g", type, {volumes.begin(), volumes.end()}, {}});
    return planned ? Errc::ok : planned.error().code;
  };
  EXPECT_EQ(group(VolumeGroupType::os400_mask, ibm_i), Errc::ok);
  EXPECT_EQ(group(VolumeGroupType::os400_mask, plain), Errc::not_combinable);
  EXPECT_EQ(group(VolumeGroupType::scsi_mask, ibm_i), Errc::not_combinable);
  EXPECT_EQ(group(VolumeGroupType::scsi_map256, ibm_i), Errc::not_combinable);
}

}  // namespace
}  // namespace tt::volume
