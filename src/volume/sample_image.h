// SPDX-License-Identifier: Apache-2.0
// For tests: a small image that is changed only through plans and apply(), as the control shard does it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/assert.h"
#include "volume/plan.h"

namespace tt::volume {

class SampleImage {
 public:
  explicit SampleImage(Personality personality = Personality::ds8000) {
    change(SetIdentity{.personality = personality, .storage_image_id = "IBM.2107-75TT001", .name = "sample"});
  }

  void change(const Mutation& mutation) {
    apply(config, mutation);
    history.push_back(mutation);
  }
  template <class Plan>
  void change(Result<Plan> plan) {
    change(Mutation(std::move(plan).value()));
  }

  /// A pool of the group with ranks of these many large extents; returns its id.
  std::uint16_t add_pool(std::uint8_t rank_group, std::initializer_list<std::uint64_t> rank_gibibytes,
                         std::uint64_t extent_bytes = kLargeExtentBytes) {
    auto pool = plan_make_pool(config, "pool", rank_group, extent_bytes).value();
    change(Mutation(pool));
    for (const std::uint64_t gibibytes : rank_gibibytes) {
      const auto rank = static_cast<std::uint16_t>(config.ranks.size());
      change(AddRank{.rank = {.id = rank,
                              .device = "rank" + std::to_string(rank),
                              .data_bytes = gibibytes * 1_GiB,
                              .pool = std::nullopt,
                              .failed = false,
                              .array = std::nullopt,
                              .reserved = false}});
      change(plan_assign_rank(config, rank, pool.pool.id));
    }
    return pool.pool.id;
  }

  MakeVolumeRequest request(std::uint16_t id, std::uint16_t pool, std::uint64_t gibibytes,
                            AllocationMethod method = AllocationMethod::standard) const {
    return {.id = VolumeId(id),
            .name = "v" + std::to_string(id),
            .pool = pool,
            .block_count = gibibytes * 1_GiB / kBlockBytes,
            .capacity_type = CapacityType::ds,
            .method = method,
            .rotation = ExtentRotation::automatic};
  }

  void add_volume(std::uint16_t id, std::uint16_t pool, std::uint64_t gibibytes,
                  AllocationMethod method = AllocationMethod::standard) {
    change(plan_make_volume(config, request(id, pool, gibibytes, method), Generation(next_lsn++), 1'700'000'000));
  }

  Relationship pair(std::uint16_t source, std::uint16_t target, Lsn t0) {
    return {.source = VolumeId(source),
            .target = VolumeId(target),
            .generation = Generation(next_lsn++),
            .t0 = t0,
            .track_count = config.find_volume(VolumeId(source))->track_count(),
            .options = {},
            .state = RelationshipState::valid,
            .created_s = 1'700'000'001,
            .synced_s = 1'700'000'001,
            .withdrawn_at = std::nullopt};
  }

  Generation establish(std::uint16_t source, std::uint16_t target) {
    const Lsn t0(next_lsn++);
    const Relationship relationship = pair(source, target, t0);
    change(Establish{.pairs = {relationship}});
    return relationship.generation;
  }

  void withdraw(Generation generation) { change(Withdraw{.relationships = {generation}, .at = Lsn(next_lsn++)}); }

  ImageConfig config;
  std::vector<Mutation> history;
  std::uint64_t next_lsn = 1;
};

/// The error, or ok; so that tests can compare.
template <class T>
Errc code_of(const Result<T>& result) {
  return result ? Errc::ok : result.error().code;
}

}  // namespace tt::volume
