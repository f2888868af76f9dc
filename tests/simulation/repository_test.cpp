// SPDX-License-Identifier: Apache-2.0
// Space that a pool keeps for its volumes of the method tse: what FlashCopy does at its end, and crashes while it is
// given and taken.
#include <gtest/gtest.h>

#include "lab.h"
#include "volume/plan.h"
#include "volume/plan_change.h"

namespace tt::simulation {
namespace {

constexpr std::uint16_t kEven = 0x0000;
constexpr std::uint16_t kOdd = 0x0100;
constexpr std::uint16_t kPool = 1;
constexpr std::uint64_t kExtentTracks = 256;
constexpr std::uint64_t kExtentBlocks = kExtentTracks * kTrackBlocks;

LabOptions sharded(std::uint64_t shards) {
  LabOptions options;
  options.shards = static_cast<std::uint32_t>(shards);
  return options;
}

VolumeId make_tse(Lab& lab, std::uint16_t id, std::uint64_t extents) {
  volume::MakeVolumeRequest request;
  request.id = VolumeId{id};
  request.pool = kPool;
  request.block_count = extents * kExtentBlocks;
  request.capacity_type = volume::CapacityType::blocks;
  request.method = volume::AllocationMethod::tse;
  EXPECT_TRUE(lab.run(lab.control().make_volume(request)));
  return request.id;
}

image::ControlPlane::Planner make_repository(Lab& lab, std::uint64_t real_extents, std::uint64_t virtual_extents) {
  volume::RepositoryRequest request;
  request.pool = kPool;
  request.real_blocks = real_extents * kExtentBlocks;
  request.virtual_blocks = virtual_extents * kExtentBlocks;
  return [&lab, request]() -> Result<volume::Mutation> {
    TT_TRY(auto plan, volume::plan_make_repository(lab.control().config(), request));
    return volume::Mutation(std::move(plan));
  };
}

std::uint64_t left(Lab& lab) {
  return lab.control().config().repository_left(kPool);
}

int problems(Lab& lab, volume::ProblemKind kind) {
  int count = 0;
  for (const auto& [id, problem] : lab.control().config().problems) count += problem.kind == kind ? 1 : 0;
  return count;
}

/// A source of four written extents, a target that draws on a repository of two, and one extent that is free beside it.
struct SmallRepository {
  explicit SmallRepository(Lab& l) : lab(l), s(l.make(kEven, 4 * kExtentTracks)) {
    EXPECT_TRUE(l.record(make_repository(l, 2, 4)));
    t = make_tse(l, kOdd, 4);
    l.make(kOdd + 1, (l.free_extents(t) - 1) * kExtentTracks);
    for (std::uint64_t extent = 0; extent < 4; ++extent) EXPECT_TRUE(l.fill(s, extent * kExtentTracks, 'a'));
    EXPECT_TRUE(l.drain());
  }
  [[nodiscard]] Result<void> overwrite(std::uint64_t extent, char letter) const {
    auto done = lab.fill(s, extent * kExtentTracks, letter);
    EXPECT_TRUE(lab.drain());
    return done;
  }
  [[nodiscard]] std::string image_of(std::uint64_t extent) const { return lab.track(t, extent * kExtentTracks); }
  Result<void> establish(volume::OutOfSpace action) const {
    volume::PairRequest request = Lab::pair(s, t);
    request.allows_space_efficient = true;
    request.options.out_of_space = action;
    return lab.establish({request}).front();
  }

  Lab& lab;
  VolumeId s;
  VolumeId t{};
};

TEST(Repositories, FC66_TheTargetIsLostAtItsEndAndTheSourceGoesOn) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Lab lab(seed, sharded(1 + seed % 3));
    const SmallRepository small(lab);
    ASSERT_TRUE(small.establish(volume::OutOfSpace::fail_relationship));
    ASSERT_TRUE(small.overwrite(0, 'b'));
    ASSERT_TRUE(small.overwrite(1, 'b'));
    EXPECT_EQ(left(lab), 0U);
    EXPECT_EQ(small.image_of(1), "a*128");
    ASSERT_TRUE(small.overwrite(2, 'b'));
    EXPECT_EQ(lab.free_extents(small.t), 1U) << "the pool's own extent is not for it";
    for (int life = 0; life < 3; ++life) {
      ASSERT_TRUE(lab.status(small.s, small.t));
      EXPECT_EQ(lab.status(small.s, small.t)->relationship.state, volume::RelationshipState::failed);
      EXPECT_EQ(small.image_of(2), "error io_error") << life;
      EXPECT_EQ(lab.track(small.s, 2 * kExtentTracks), "b*128");
      EXPECT_EQ(problems(lab, volume::ProblemKind::repository_full), 1);
      EXPECT_EQ(problems(lab, volume::ProblemKind::relationship_failed), 1);
      EXPECT_EQ(left(lab), 0U);
      if (life == 0) lab.crash();
      if (life == 1) lab.restart();
    }
    // Who is not of the repository gets what the pool has, and nothing of what comes back to the repository.
    const VolumeId other = lab.make(kOdd + 2, 4 * kExtentTracks, true);
    ASSERT_TRUE(lab.fill(other, 0, 'n'));
    EXPECT_EQ(lab.fill(other, kExtentTracks, 'n').error().code, Errc::media_full);
    ASSERT_TRUE(lab.withdraw(small.s, small.t));
    ASSERT_TRUE(lab.release(small.t));
    EXPECT_EQ(left(lab), 2U);
    EXPECT_EQ(lab.fill(other, kExtentTracks, 'n').error().code, Errc::media_full);
    ASSERT_TRUE(lab.fill(small.t, 0, 'o'));
    lab.crash();
    EXPECT_EQ(left(lab), 1U);
    EXPECT_EQ(lab.track(small.t, 0), "o*128");
    EXPECT_EQ(lab.track(other, 0), "n*128");
  }
}

TEST(Repositories, FC66_TheSourceIsInhibitedAtItsEndAndTheTargetStays) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Lab lab(seed, sharded(1 + seed % 3));
    const SmallRepository small(lab);
    ASSERT_TRUE(small.establish(volume::OutOfSpace::inhibit_source));
    ASSERT_TRUE(small.overwrite(3, 'b'));
    ASSERT_TRUE(small.overwrite(0, 'b'));
    EXPECT_EQ(small.overwrite(2, 'c').error().code, Errc::write_inhibited);
    EXPECT_EQ(lab.free_extents(small.t), 1U);
    for (int life = 0; life < 3; ++life) {
      EXPECT_EQ(small.overwrite(3, 'd').error().code, Errc::write_inhibited) << life;
      EXPECT_EQ(lab.status(small.s, small.t)->relationship.state, volume::RelationshipState::valid);
      for (std::uint64_t extent = 0; extent < 4; ++extent) EXPECT_EQ(small.image_of(extent), "a*128") << extent;
      EXPECT_EQ(lab.track(small.s, 2 * kExtentTracks), "a*128");
      EXPECT_EQ(problems(lab, volume::ProblemKind::source_inhibited), 1);
      if (life == 0) lab.crash();
      if (life == 1) lab.restart();
    }
    ASSERT_TRUE(lab.withdraw(small.s, small.t));
    EXPECT_TRUE(small.overwrite(2, 'e'));
  }
}

/// The repository came or did not; who wrote at that moment got space of it, of the pool, or none, and keeps it.
TEST(Repositories, ACrashWhileOneIsMade) {
  int made = 0;
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Lab lab(seed, sharded(1 + seed % 3));
    const VolumeId drawing = make_tse(lab, kOdd, 4);
    const VolumeId other = lab.make(kOdd + 1, 4 * kExtentTracks, true);
    ASSERT_TRUE(lab.fill(drawing, 0, 'd'));
    lab.make(kOdd + 2, (lab.free_extents(drawing) - 3) * kExtentTracks);
    const auto wanted = lab.start(lab.control().record(make_repository(lab, 3, 4)));
    const auto inside = lab.start_write(drawing, kExtentBlocks, kTrackBlocks, 'd');
    const auto outside = lab.start_write(other, 0, kTrackBlocks, 'n');
    lab.run_for(static_cast<rt::TimeNs>(seed * 6) * rt::kMicrosecond);
    const bool answered = wanted->has_value() && (*wanted)->has_value();
    const bool took_inside = inside->has_value() && (*inside)->has_value();
    const bool took_outside = outside->has_value() && (*outside)->has_value();
    lab.crash();
    const auto& repository = lab.control().config().pools.at(kPool).repository;
    ++(repository ? made : lost);
    if (answered) EXPECT_TRUE(repository) << seed;
    if (took_inside) EXPECT_EQ(lab.track(drawing, kExtentTracks), "d*128") << seed;
    if (took_outside) EXPECT_EQ(lab.track(other, 0), "n*128") << seed;
    EXPECT_EQ(lab.track(drawing, 0), "d*128");
    if (!repository) continue;
    // Three extents are its volume's, with or without the write of before; the one left over is the other's.
    ASSERT_TRUE(lab.fill(drawing, kExtentTracks, 'e')) << seed;
    ASSERT_TRUE(lab.fill(drawing, 2 * kExtentTracks, 'e')) << seed;
    EXPECT_EQ(lab.fill(drawing, 3 * kExtentTracks, 'e').error().code, Errc::media_full) << seed;
    ASSERT_TRUE(lab.fill(other, 0, 'o')) << seed;
    EXPECT_EQ(lab.fill(other, kExtentTracks, 'o').error().code, Errc::media_full) << seed;
  }
  EXPECT_GT(made, 5) << lost;
  EXPECT_GT(lost, 4) << made;
}

}  // namespace
}  // namespace tt::simulation
