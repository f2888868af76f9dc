// SPDX-License-Identifier: Apache-2.0
#include "media/rank.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "media/rank_header.h"

namespace tt::media {

namespace {

constexpr std::uint64_t kAreaAlignment = 1_MiB;
constexpr std::uint64_t kGroupDataBytes = kChecksumGroupTracks * kTrackBytes;

/// Memory that any disk can read into and write from.
struct alignas(rt::kDiskAlignment) HeaderArea {
  std::array<std::byte, kHeaderAreaBytes> bytes{};

  [[nodiscard]] std::span<std::byte, kHeaderBlockBytes> copy(std::size_t i) noexcept {
    return std::span(bytes).subspan(kHeaderOffsets[i]).first<kHeaderBlockBytes>();
  }
};

struct alignas(rt::kDiskAlignment) HeaderCopy {
  HeaderBlock bytes{};
};
using HeaderCopies = std::array<HeaderCopy, kHeaderCopies>;

Result<RankLayout> expect(const RankHeader& header, const ImageUuid& image, std::uint16_t rank) {
  if (header.image != image) return {Errc::images_differ, header.rank};
  if (header.rank != rank) return {Errc::invalid_argument, header.rank};
  return RankLayout{.checksum_offset = header.checksum_offset,
                    .checksum_bytes = header.checksum_bytes,
                    .data_offset = header.data_offset,
                    .data_bytes = header.data_bytes};
}

/// Of what the two copies say, the more telling: a good header, then a newer version or a disk error, then damage.
int rank_of_answer(const Result<RankHeader>& answer) {
  if (answer) return 4;
  switch (answer.error().code) {
    case Errc::object_not_found:
      return 0;
    case Errc::corrupt:
      return 1;
    case Errc::version_not_supported:
      return 3;
    default:
      return 2;
  }
}

rt::Task<Result<RankHeader>> read_header(rt::Disk& disk) {
  auto copies = std::make_unique<HeaderCopies>();
  std::optional<Result<RankHeader>> best;
  for (std::uint16_t i = 0; i < kHeaderCopies; ++i) {
    auto read = co_await disk.read(kHeaderOffsets[i], (*copies)[i].bytes);
    const Result<RankHeader> answer = read ? decode_header((*copies)[i].bytes, i) : Result<RankHeader>(read.error());
    if (!best || rank_of_answer(answer) > rank_of_answer(*best)) best = answer;
  }
  co_return *best;
}

/// Fails unless a rank with this identity may be written here.
rt::Task<Result<void>> check_empty(rt::Disk& disk, ImageUuid image, std::uint16_t rank, RankLayout wanted) {
  auto area = std::make_unique<HeaderArea>();
  auto read = co_await disk.read(0, area->bytes);
  if (!read) co_return read.error();
  for (std::uint16_t i = 0; i < kHeaderCopies; ++i) {
    const auto header = decode_header(area->copy(i), i);
    if (!header) {
      if (header.error().code == Errc::version_not_supported) co_return Error{Errc::id_taken, 0};
      continue;
    }
    const auto layout = expect(*header, image, rank);
    if (!layout || *layout != wanted) co_return Error{Errc::id_taken, header->rank};
    std::ranges::fill(area->copy(i), std::byte{0});  // our own, from a making that was cut short
  }
  const bool zeros = std::ranges::all_of(area->bytes, [](std::byte b) { return b == std::byte{0}; });
  if (!zeros) co_return Error{Errc::still_in_use};
  co_return Result<void>{};
}

rt::Task<Result<void>> write_header(rt::Disk& disk, ImageUuid image, std::uint16_t rank, RankLayout layout) {
  auto copies = std::make_unique<HeaderCopies>();
  for (std::uint16_t i = 0; i < kHeaderCopies; ++i) {
    (*copies)[i].bytes = encode_header(image, rank, i, layout);
    auto written = co_await disk.write(kHeaderOffsets[i], (*copies)[i].bytes);
    if (!written) co_return written;
  }
  auto flushed = co_await disk.flush();
  co_return flushed;
}

}  // namespace

RankLayout layout_for(std::uint64_t data_bytes) noexcept {
  TT_ASSERT(data_bytes != 0 && data_bytes % kTrackBytes == 0);
  RankLayout layout;
  layout.checksum_offset = kHeaderAreaBytes;
  layout.checksum_bytes = divide_up(data_bytes, kGroupDataBytes) * kChecksumGroupBytes;
  layout.data_offset = round_up(layout.checksum_offset + layout.checksum_bytes, kAreaAlignment);
  layout.data_bytes = data_bytes;
  return layout;
}

std::uint64_t data_bytes_that_fit(std::uint64_t device_bytes) noexcept {
  std::uint64_t groups = device_bytes / (kGroupDataBytes + kChecksumGroupBytes);
  while (groups != 0 && layout_for(groups * kGroupDataBytes).device_bytes() > device_bytes) --groups;
  return groups * kGroupDataBytes;
}

rt::Task<Result<void>> create_rank(rt::Storage& storage, std::string device, ImageUuid image, std::uint16_t rank,
                                   std::uint64_t data_bytes) {
  if (data_bytes == 0 || data_bytes % kTrackBytes != 0 || data_bytes > (std::uint64_t{1} << 60U)) {
    co_return Error{Errc::invalid_argument, data_bytes};
  }
  const RankLayout layout = layout_for(data_bytes);
  // What was there is looked at before it is made larger.
  if (storage.exists(device)) {
    TT_CO_TRY(auto present, storage.open(device, rt::OpenMode::must_exist, 0));
    if (present->size_bytes() >= kHeaderAreaBytes) {
      auto empty = co_await check_empty(*present, image, rank, layout);
      if (!empty) co_return empty;
    } else if (present->size_bytes() != 0) {
      co_return Error{Errc::still_in_use};
    }
  }
  TT_CO_TRY(auto disk, storage.open(device, rt::OpenMode::create, layout.device_bytes()));
  if (disk->size_bytes() < layout.device_bytes()) co_return Error{Errc::no_space, layout.device_bytes()};
  auto written = co_await write_header(*disk, image, rank, layout);
  co_return written;
}

rt::Task<Result<void>> erase_rank(rt::Storage& storage, std::string device, ImageUuid image) {
  if (!storage.exists(device)) co_return Result<void>{};
  TT_CO_TRY(auto disk, storage.open(device, rt::OpenMode::must_exist, 0));
  if (disk->size_bytes() < kHeaderAreaBytes) co_return Result<void>{};
  auto area = std::make_unique<HeaderArea>();
  bool ours = false;
  for (std::uint16_t i = 0; i < kHeaderCopies; ++i) {
    auto read = co_await disk->read(kHeaderOffsets[i], area->copy(i));
    if (!read) co_return read;
    const auto header = decode_header(area->copy(i), i);
    if (!header) continue;
    if (header->image != image) co_return Error{Errc::images_differ, header->rank};
    ours = true;
  }
  if (!ours) co_return Result<void>{};
  std::ranges::fill(area->bytes, std::byte{0});
  for (std::uint16_t i = 0; i < kHeaderCopies; ++i) {
    auto written = co_await disk->write(kHeaderOffsets[i], area->copy(i));
    if (!written) co_return written;
  }
  auto flushed = co_await disk->flush();
  co_return flushed;
}

rt::Task<Result<RankLayout>> open_rank(rt::Disk& disk, ImageUuid image, std::uint16_t rank) {
  auto header = co_await read_header(disk);
  if (!header) co_return header.error();
  auto layout = expect(*header, image, rank);
  if (!layout) co_return layout.error();
  if (disk.size_bytes() < layout->device_bytes()) co_return Error{Errc::out_of_range, layout->device_bytes()};
  co_return *layout;
}

}  // namespace tt::media
