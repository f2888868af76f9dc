// SPDX-License-Identifier: Apache-2.0
#include "host/testing/ram_block_service.h"

#include <sys/mman.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <new>

#include "base/assert.h"
#include "runtime/reactor.h"

namespace tt::host_testing {

RamBlockService::~RamBlockService() {
  for (auto& [id, volume] : volumes_) munmap(volume.bytes, volume.info.size_bytes);
}

void RamBlockService::add_volume(std::uint16_t id, std::uint64_t size_bytes, bool read_only) {
  TT_ASSERT(size_bytes > 0 && size_bytes % kBlockBytes == 0 && !volumes_.contains(id));
  void* memory = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  char name[8];
  std::snprintf(name, sizeof(name), "%04X", static_cast<unsigned>(id));
  Volume& volume = volumes_[id];
  volume.info.handle = {VolumeId(id), Generation(++generations_)};
  volume.info.name = name;
  volume.info.description = "volume " + volume.info.name + " in memory";
  volume.info.size_bytes = size_bytes;
  volume.info.read_only = read_only;
  volume.bytes = static_cast<std::byte*>(memory);
  volume.allocated.resize(divide_up(size_bytes, kTrackBytes));
}

void RamBlockService::remove_volume(std::uint16_t id) {
  const auto found = volumes_.find(id);
  TT_ASSERT(found != volumes_.end());
  munmap(found->second.bytes, found->second.info.size_bytes);
  volumes_.erase(found);
}

std::span<std::byte> RamBlockService::content(std::uint16_t id) {
  Volume& volume = volumes_.at(id);
  return {volume.bytes, volume.info.size_bytes};
}

void RamBlockService::let_go(std::size_t index) {
  TT_ASSERT(index < held_.size());
  reactor_.post(held_[index]);
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
}

std::vector<image::ExportInfo> RamBlockService::exports() {
  std::vector<image::ExportInfo> list;
  for (const auto& [id, volume] : volumes_) list.push_back(volume.info);
  return list;
}

Result<image::ExportInfo> RamBlockService::find(std::string_view name) {
  std::uint16_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
  if (name.size() != 4 || error != std::errc() || end != name.data() + name.size()) return Errc::object_not_found;
  const auto found = volumes_.find(id);
  if (found == volumes_.end()) return Errc::object_not_found;
  return found->second.info;
}

Result<RamBlockService::Volume*> RamBlockService::admit(image::VolumeHandle handle, const Call& call) {
  if (recording) calls.push_back(call);
  if (failures_ > 0) {
    --failures_;
    return failure_;
  }
  const auto found = volumes_.find(handle.id.value);
  if (found == volumes_.end() || found->second.info.handle.generation != handle.generation) {
    return Errc::volume_not_found;
  }
  Volume& volume = found->second;
  const bool aligned = call.offset % kBlockBytes == 0 && call.length % kBlockBytes == 0;
  const std::uint64_t size = volume.info.size_bytes;
  if (!aligned || call.offset > size || call.length > size - call.offset) return Errc::out_of_range;
  return &volume;
}

rt::Task<Result<void>> RamBlockService::read(image::VolumeHandle handle, std::uint64_t offset,
                                             std::span<std::byte> into) {
  co_await Hold{*this};
  TT_CO_TRY(const Volume* volume, admit(handle, {Call::Kind::read, offset, into.size()}));
  std::memcpy(into.data(), volume->bytes + offset, into.size());
  co_return Result<void>();
}

rt::Task<Result<void>> RamBlockService::write(image::VolumeHandle handle, std::uint64_t offset,
                                              std::span<const std::byte> from, bool fua) {
  co_await Hold{*this};
  TT_CO_TRY(Volume * volume, admit(handle, {Call::Kind::write, offset, from.size(), fua}));
  std::memcpy(volume->bytes + offset, from.data(), from.size());
  const std::uint64_t end = divide_up(offset + from.size(), kTrackBytes);
  for (std::uint64_t track = offset / kTrackBytes; track < end; ++track) volume->allocated[track] = true;
  co_return Result<void>();
}

rt::Task<Result<void>> RamBlockService::flush(image::VolumeHandle handle) {
  co_await Hold{*this};
  TT_CO_TRY(const Volume* volume, admit(handle, {Call::Kind::flush, 0, 0}));
  (void)volume;
  co_return Result<void>();
}

/// Whole tracks lose their storage; pages give the memory back.
void RamBlockService::deallocate(Volume& volume, std::uint64_t offset, std::uint64_t length) {
  const std::uint64_t first = divide_up(offset, kTrackBytes);
  const std::uint64_t size = volume.info.size_bytes;
  const std::uint64_t end = offset + length == size ? volume.allocated.size() : (offset + length) / kTrackBytes;
  if (first >= end) return;
  const std::uint64_t begin_bytes = first * kTrackBytes;
  madvise(volume.bytes + begin_bytes, std::min(end * kTrackBytes, size) - begin_bytes, MADV_DONTNEED);
  std::fill(volume.allocated.begin() + static_cast<std::ptrdiff_t>(first),
            volume.allocated.begin() + static_cast<std::ptrdiff_t>(end), false);
}

rt::Task<Result<void>> RamBlockService::zero(image::VolumeHandle handle, std::uint64_t offset, std::uint64_t length,
                                             bool may_deallocate, bool fua) {
  co_await Hold{*this};
  TT_CO_TRY(Volume * volume, admit(handle, {Call::Kind::zero, offset, length, fua, may_deallocate}));
  if (may_deallocate) deallocate(*volume, offset, length);
  const std::uint64_t end = offset + length;
  for (std::uint64_t at = offset; at < end;) {
    const std::uint64_t track = at / kTrackBytes;
    const std::uint64_t stop = std::min(end, (track + 1) * kTrackBytes);
    if (!may_deallocate) volume->allocated[track] = true;
    if (volume->allocated[track]) std::memset(volume->bytes + at, 0, stop - at);
    at = stop;
  }
  co_return Result<void>();
}

rt::Task<Result<void>> RamBlockService::extents(image::VolumeHandle handle, std::uint64_t offset, std::uint64_t length,
                                                std::size_t max_runs, std::vector<image::ExtentStatus>& out) {
  co_await Hold{*this};
  out.clear();
  TT_CO_TRY(const Volume* volume, admit(handle, {Call::Kind::extents, offset, length}));
  const std::uint64_t end = offset + length;
  for (std::uint64_t at = offset; at < end && out.size() < max_runs;) {
    const bool hole = !volume->allocated[at / kTrackBytes];
    std::uint64_t stop = at;
    while (stop < end && volume->allocated[stop / kTrackBytes] != hole) {
      stop = std::min(end, (stop / kTrackBytes + 1) * kTrackBytes);
    }
    out.push_back({stop - at, hole, hole});
    at = stop;
  }
  co_return Result<void>();
}

}  // namespace tt::host_testing
