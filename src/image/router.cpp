// SPDX-License-Identifier: Apache-2.0
#include "image/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "flashcopy/pair_share.h"

namespace tt::image {

using flashcopy::kStripeTracks;

ExportInfo Router::info_of(const flashcopy::VolumeShare& volume) const {
  ExportInfo info;
  info.handle = {volume.id, volume.generation};
  info.name = fmt::format("{:04X}", volume.id.value);
  info.description = fmt::format("FB volume {:04X}", volume.id.value);
  info.size_bytes = volume.block_count * kBlockBytes;
  const auto* parent = volume.parent;
  info.read_only = (parent != nullptr && parent->inhibit_target_writes && !parent->withdrawn_at) ||
                   std::ranges::any_of(volume.pairs, [](const auto* pair) { return pair->refuses_hosts; });
  return info;
}

std::vector<ExportInfo> Router::exports() {
  std::vector<ExportInfo> all;
  local_.for_each_volume([&](const flashcopy::VolumeShare& volume) { all.push_back(info_of(volume)); });
  return all;
}

Result<ExportInfo> Router::find(std::string_view name) {
  std::uint16_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
  if (name.size() != 4 || error != std::errc{} || end != name.data() + name.size()) return Errc::object_not_found;
  const flashcopy::VolumeShare* volume = local_.find(VolumeId{id});
  if (volume == nullptr) return Errc::object_not_found;
  return info_of(*volume);
}

Result<void> Router::check(VolumeHandle handle, std::uint64_t offset, std::uint64_t length) const {
  const flashcopy::VolumeShare* volume = local_.find(handle);
  if (volume == nullptr) return Errc::volume_not_found;
  const std::uint64_t size = volume->block_count * kBlockBytes;
  if ((offset | length) % kBlockBytes != 0 || offset > size || length > size - offset) return Errc::out_of_range;
  return {};
}

Router::Part Router::part_at(std::uint64_t block, std::uint64_t blocks_left) const {
  constexpr std::uint64_t stripe_blocks = kStripeTracks * kTrackBlocks;
  const std::uint64_t count = std::min(stripe_blocks - block % stripe_blocks, blocks_left);
  Shard& shard = *shards_[local_.options().stripes.shard_of(block / kTrackBlocks)];
  return {&shard, block, count};
}

rt::Task<Result<void>> Router::read(VolumeHandle volume, std::uint64_t offset, std::span<std::byte> into) {
  TT_CO_CHECK(check(volume, offset, into.size()));
  std::uint64_t block = offset / kBlockBytes;
  while (!into.empty()) {
    const Part part = part_at(block, into.size() / kBlockBytes);
    const std::size_t bytes = part.block_count * kBlockBytes;
    co_await rt::hop(home_, part.shard->reactor());
    auto done = co_await part.shard->read(volume, block, into.first(bytes));
    co_await rt::hop(part.shard->reactor(), home_);
    if (!done) co_return done;
    into = into.subspan(bytes);
    block += part.block_count;
  }
  co_return Result<void>{};
}

rt::Task<Result<void>> Router::write(VolumeHandle volume, std::uint64_t offset, std::span<const std::byte> from,
                                     bool fua) {
  TT_CO_CHECK(check(volume, offset, from.size()));
  std::uint64_t block = offset / kBlockBytes;
  while (!from.empty()) {
    const Part part = part_at(block, from.size() / kBlockBytes);
    const std::size_t bytes = part.block_count * kBlockBytes;
    co_await rt::hop(home_, part.shard->reactor());
    auto done = co_await part.shard->write(volume, block, from.first(bytes), fua);
    co_await rt::hop(part.shard->reactor(), home_);
    if (!done) co_return done;
    from = from.subspan(bytes);
    block += part.block_count;
  }
  co_return Result<void>{};
}

rt::Task<Result<void>> Router::zero(VolumeHandle volume, std::uint64_t offset, std::uint64_t length,
                                    bool may_deallocate, bool fua) {
  TT_CO_CHECK(check(volume, offset, length));
  std::uint64_t block = offset / kBlockBytes;
  std::uint64_t blocks = length / kBlockBytes;
  while (blocks > 0) {
    const Part part = part_at(block, blocks);
    co_await rt::hop(home_, part.shard->reactor());
    auto done = co_await part.shard->zero(volume, block, part.block_count, may_deallocate, fua);
    co_await rt::hop(part.shard->reactor(), home_);
    if (!done) co_return done;
    block += part.block_count;
    blocks -= part.block_count;
  }
  co_return Result<void>{};
}

rt::Task<Result<void>> Router::flush(VolumeHandle volume) {
  TT_CO_CHECK(check(volume, 0, 0));
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    auto done = co_await shard->flush();
    co_await rt::hop(shard->reactor(), home_);
    if (!done) co_return done;
  }
  co_return Result<void>{};
}

rt::Task<Result<void>> Router::extents(VolumeHandle volume, std::uint64_t offset, std::uint64_t length,
                                       std::size_t max_runs, std::vector<ExtentStatus>& out) {
  TT_CO_CHECK(check(volume, offset, length));
  out.clear();
  std::uint64_t block = offset / kBlockBytes;
  std::uint64_t blocks = length / kBlockBytes;
  while (blocks > 0) {
    const Part part = part_at(block, blocks);
    co_await rt::hop(home_, part.shard->reactor());
    Result<void> done;
    std::uint64_t at = part.block;
    while (at < part.block + part.block_count && done) {
      const std::uint64_t end = std::min((at / kTrackBlocks + 1) * kTrackBlocks, part.block + part.block_count);
      const auto status = part.shard->status(volume, at / kTrackBlocks);
      if (!status) {
        done = status.error();
      } else if (!out.empty() && out.back().hole == status->hole && out.back().zero == status->zero) {
        out.back().length += (end - at) * kBlockBytes;
      } else if (out.size() < max_runs) {
        out.push_back({(end - at) * kBlockBytes, status->hole, status->zero});
      } else {
        blocks = part.block_count;  // enough runs: stop after this part
        break;
      }
      at = end;
    }
    co_await rt::hop(part.shard->reactor(), home_);
    if (!done) co_return done;
    block += part.block_count;
    blocks -= part.block_count;
  }
  co_return Result<void>{};
}

}  // namespace tt::image
