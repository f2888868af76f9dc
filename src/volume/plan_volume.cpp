// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/assert.h"
#include "volume/derived.h"

namespace tt::volume {

namespace {

/// Chooses free extents of a pool without taking them: its own choices are remembered by a cursor per rank.
class ExtentChooser {
 public:
  ExtentChooser(const ImageConfig& config, std::uint16_t pool) {
    for (const auto& [id, rank] : config.ranks) {
      if (rank.pool != pool || rank.failed) continue;
      const ExtentMap& taken = config.taken_extents.at(id);
      cursors_.push_back({.rank = id, .taken = &taken, .next = 0, .left = taken.free()});
      left_ += taken.free();
    }
  }

  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

  /// The next extent comes from the rank at this position, counted over the usable ranks.
  void start_at(std::uint64_t position) noexcept {
    if (!cursors_.empty()) current_ = static_cast<std::size_t>(position % cursors_.size());
  }
  /// The next extent comes from the rank that follows this one.
  void start_after(std::uint16_t rank) noexcept {
    const auto next = std::find_if(cursors_.begin(), cursors_.end(), [rank](const Cursor& c) { return c.rank > rank; });
    start_at(static_cast<std::uint64_t>(next - cursors_.begin()));
  }
  void next_rank() noexcept { start_at(current_ + 1); }

  /// From the current rank, or from the first one after it that has a free extent. left() must not be 0.
  ExtentRef choose() {
    TT_ASSERT(left_ > 0);
    while (cursors_[current_].left == 0) next_rank();
    Cursor& cursor = cursors_[current_];
    const auto index = cursor.taken->find_free(cursor.next);
    TT_ASSERT(index.has_value());
    cursor.next = *index + 1;
    --cursor.left;
    --left_;
    return {.rank = cursor.rank, .index = *index};
  }

 private:
  struct Cursor {
    std::uint16_t rank;
    const ExtentMap* taken;
    std::uint32_t next;
    std::uint32_t left;
  };
  std::vector<Cursor> cursors_;
  std::uint64_t left_ = 0;
  std::size_t current_ = 0;
};

/// Rank of the first extent of the youngest fully allocated volume of the pool: the next one starts at the next rank.
std::optional<std::uint16_t> rank_of_youngest(const ImageConfig& config, std::uint16_t pool) {
  const VolumeConfig* youngest = nullptr;
  for (const auto& [id, volume] : config.volumes) {
    if (volume.pool != pool || volume.method != AllocationMethod::standard) continue;
    if (youngest == nullptr || youngest->generation < volume.generation) youngest = &volume;
  }
  if (youngest == nullptr) return std::nullopt;
  return youngest->extents.front()->rank;
}

bool rotates_extents(Personality personality) noexcept {
  return personality == Personality::ds8000;
}

Result<std::vector<std::optional<ExtentRef>>> allocate_all(const ImageConfig& config, std::uint16_t pool,
                                                           std::uint64_t count) {
  ExtentChooser chooser(config, pool);
  if (chooser.left() < count) return Errc::no_space;
  if (const auto rank = rank_of_youngest(config, pool)) chooser.start_after(*rank);
  std::vector<std::optional<ExtentRef>> extents;
  extents.reserve(count);
  while (extents.size() < count) {
    extents.emplace_back(chooser.choose());
    if (rotates_extents(config.personality)) chooser.next_rank();
  }
  return extents;
}

std::uint64_t configured_extents(const ImageConfig& config) {
  std::uint64_t count = 0;
  for (const auto& [id, volume] : config.volumes) count += volume.extents.size();
  return count;
}

Result<void> check_make_volume(const ImageConfig& config, const MakeVolumeRequest& request) {
  const Limits& limits = limits_of(config.personality);
  const std::uint64_t id = request.id.value;
  const auto pool = config.pools.find(request.pool);
  if (pool == config.pools.end()) return {Errc::object_not_found, request.pool};
  if (lss_of(request.id) >= limits.lss_count) return {Errc::limit_reached, id};
  if (config.volumes.contains(request.id)) return {Errc::id_taken, id};
  if (lss_of(request.id) % 2 != request.pool % 2) return {Errc::parity_differs, id};
  if (request.block_count == 0 || request.block_count > limits.max_fb_blocks) return {Errc::out_of_range, id};
  if (request.method != AllocationMethod::standard && !limits.thin_volumes) return {Errc::not_combinable, id};
  const std::uint64_t extents = extents_for(request.block_count, pool->second.extent_bytes);
  if (extents > kMaxImageExtents - configured_extents(config)) return {Errc::limit_reached, id};
  return {};
}

}  // namespace

Result<MakeVolume> plan_make_volume(const ImageConfig& config, const MakeVolumeRequest& request, Generation generation,
                                    std::int64_t now_s) {
  TT_CHECK(check_make_volume(config, request));
  const std::uint64_t count = extents_for(request.block_count, config.pools.at(request.pool).extent_bytes);
  std::vector<std::optional<ExtentRef>> extents(count);
  if (request.method == AllocationMethod::standard) {
    auto chosen = allocate_all(config, request.pool, count);
    if (!chosen) return {chosen.error().code, request.id.value};
    extents = std::move(chosen).value();
  }
  return MakeVolume{.volume = {.id = request.id,
                               .generation = generation,
                               .name = request.name,
                               .block_count = request.block_count,
                               .capacity_type = request.capacity_type,
                               .pool = request.pool,
                               .method = request.method,
                               .created_s = now_s,
                               .extents = std::move(extents),
                               .kills = {}}};
}

Result<RemoveVolume> plan_remove_volume(const ImageConfig& config, VolumeId id) {
  if (config.find_volume(id) == nullptr) return {Errc::volume_not_found, id.value};
  if (in_relationship(config, id)) return {Errc::still_in_use, id.value};
  return RemoveVolume{.volume = id};
}

Result<AllocateExtent> plan_allocate_extent(const ImageConfig& config, VolumeId id, std::uint32_t extent_number) {
  const VolumeConfig* volume = config.find_volume(id);
  if (volume == nullptr) return {Errc::volume_not_found, id.value};
  if (extent_number >= volume->extents.size()) return {Errc::out_of_range, id.value};
  if (volume->extents[extent_number]) return {Errc::invalid_argument, id.value};
  ExtentChooser chooser(config, volume->pool);
  if (chooser.left() == 0) return {Errc::no_space, id.value};
  // Thin volumes get their extents in any order: the rank follows from the number, shifted by the volume's id so that
  // the first extents of many volumes do not meet on one rank.
  if (rotates_extents(config.personality)) chooser.start_at(std::uint64_t{id.value} + extent_number);
  return AllocateExtent{.volume = id, .extent_number = extent_number, .extent = chooser.choose()};
}

}  // namespace tt::volume
