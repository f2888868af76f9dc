// SPDX-License-Identifier: Apache-2.0
// What the ranks hold, compared with the checksums that the image has kept of it. Only what the image itself would
// compare: pages of the volume that has the space now, and no track that was open when the image ended.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <optional>
#include <vector>

#include "apps/inspect/report.h"
#include "base/crc32c.h"
#include "journal/meta_codec.h"
#include "media/rank_header.h"
#include "media/sum_page.h"
#include "model/ids.h"
#include "volume/codec.h"
#include "volume/config_blob.h"
#include "volume/mutation.h"

namespace tt::inspect {
namespace {

namespace fs = std::filesystem;
using media::kSumPageBytes;
using media::kSumPageDataBytes;
using media::kSumPageTracks;

/// Beyond it damage is only counted.
constexpr std::size_t kMostListed = 256;

std::optional<volume::ImageConfig> config_of(ByteSource& checkpoint, const journal::Superblock& superblock) {
  const auto run = superblock.index;
  const auto index = journal::decode_index(checkpoint.read(journal::slot_offset(run.slot), run.bytes));
  if (!index) return std::nullopt;
  const auto blob = index->blobs.find(volume::kConfigBlob);
  if (blob == index->blobs.end()) return std::nullopt;
  const auto bytes = checkpoint.read(journal::slot_offset(blob->second.slot), blob->second.bytes);
  if (crc32c(0, bytes) != blob->second.crc) return std::nullopt;
  auto config = volume::decode_config(bytes);
  if (!config) return std::nullopt;
  return std::move(*config);
}

std::optional<media::RankLayout> layout_of(ByteSource& device, const media::ImageUuid& image, std::uint16_t rank) {
  for (std::uint16_t copy = 0; copy < media::kHeaderCopies; ++copy) {
    const auto block = device.read(media::kHeaderOffsets[copy], media::kHeaderBlockBytes);
    const auto header =
        media::decode_header(std::span<const std::byte, media::kHeaderBlockBytes>(block.data(), block.size()), copy);
    if (!header || header->image != image || header->rank != rank) continue;
    return media::RankLayout{header->checksum_offset, header->checksum_bytes, header->data_offset, header->data_bytes};
  }
  return std::nullopt;
}

/// One rank, extent by extent.
class RankCheck {
 public:
  RankCheck(ByteSource& device, media::ImageUuid image, std::uint16_t rank, media::RankLayout layout)
      : device_(device), image_(image), rank_(rank), layout_(layout) {}

  void check_extent(const volume::VolumeConfig& volume, std::uint64_t number, std::uint32_t index,
                    std::uint64_t extent_bytes) {
    const std::uint64_t first_track = number * (extent_bytes / kTrackBytes);
    for (std::uint64_t at = 0; at < extent_bytes; at += kSumPageDataBytes) {
      const std::uint64_t place = index * extent_bytes + at;
      const media::SumPage page = page_at(place / kSumPageDataBytes);
      for (std::uint32_t i = 0; i < kSumPageTracks; ++i) {
        const std::uint64_t track = first_track + at / kTrackBytes + i;
        if (page.owner != volume.map_generation() || page.tracks[i].known == 0) {
          ++unknown_;
        } else if (((page.open >> i) & 1U) != 0) {
          ++open_;
        } else {
          check_track(volume.id, track, layout_.data_offset + place + std::uint64_t{i} * kTrackBytes, page.tracks[i]);
        }
      }
    }
  }

  [[nodiscard]] Json report() && {
    return {{"file", device_.path()},
            {"type", "rank"},
            {"rank", fmt::format("R{}", rank_)},
            {"state", damaged_count_ == 0 ? "intact" : "damaged"},
            {"tracks_verified", verified_},
            {"tracks_open", open_},
            {"tracks_unknown", unknown_},
            {"tracks_damaged", damaged_count_},
            {"damaged", std::move(damaged_)}};
  }

 private:
  media::SumPage page_at(std::uint64_t number) {
    std::array<Result<media::SumPage>, media::kSumPagePlaces> places{Error{Errc::object_not_found},
                                                                     Error{Errc::object_not_found}};
    for (std::uint64_t place = 0; place < media::kSumPagePlaces; ++place) {
      const std::uint64_t offset = media::sum_page_offset(layout_, number, place);
      const auto bytes = device_.read(offset, kSumPageBytes);
      if (device_.unreadable().contains(offset)) {
        places[place] = Error{Errc::io_error};
      } else {
        places[place] = media::decode_sum_page(std::span<const std::byte, kSumPageBytes>(bytes.data(), bytes.size()),
                                               {image_, rank_, number}, place);
      }
    }
    return media::settle_sum_pages(places).page;
  }

  void check_track(VolumeId volume, std::uint64_t track, std::uint64_t offset, const media::TrackSums& sums) {
    const auto bytes = device_.read(offset, kTrackBytes);
    Json grains = Json::array();
    for (std::uint32_t grain = 0; grain < kTrackGrains; ++grain) {
      if (((sums.known >> grain) & 1U) == 0) continue;
      const auto part = std::span(bytes).subspan(std::size_t{grain} * kGrainBytes, kGrainBytes);
      const bool unreadable = device_.unreadable().contains(offset + std::uint64_t{grain} * kGrainBytes);
      const bool lost = ((sums.lost >> grain) & 1U) != 0;
      if (unreadable || lost || crc32c(0, part) != sums.sums[grain]) grains.push_back(grain);
    }
    if (grains.empty()) {
      ++verified_;
      return;
    }
    ++damaged_count_;
    if (damaged_.size() >= kMostListed) return;
    damaged_.push_back({{"volume", model::volume_id_text(volume)}, {"track", track}, {"grains", grains}});
  }

  ByteSource& device_;
  media::ImageUuid image_;
  std::uint16_t rank_;
  media::RankLayout layout_;
  std::uint64_t verified_ = 0;
  std::uint64_t open_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t damaged_count_ = 0;
  Json damaged_ = Json::array();
};

Json report_rank(const std::string& path, const volume::ImageConfig& config, const volume::RankConfig& rank,
                 const media::ImageUuid& image) {
  Json missing{{"file", path}, {"type", "rank"}, {"rank", fmt::format("R{}", rank.id)}, {"state", "not found"}};
  auto device = ByteSource::open(path);
  if (!device) return missing;
  const auto layout = layout_of(**device, image, rank.id);
  if (!layout) {
    missing["state"] = "not this rank of the image";
    return missing;
  }
  RankCheck check(**device, image, rank.id, *layout);
  for (const auto& [id, volume] : config.volumes) {
    const std::uint64_t extent_bytes = config.pools.at(volume.pool).extent_bytes;
    std::uint64_t number = 0;
    for (const auto& extent : volume.extents) {
      if (extent && extent->rank == rank.id) check.check_extent(volume, number, extent->index, extent_bytes);
      ++number;
    }
  }
  return std::move(check).report();
}

}  // namespace

void report_ranks(ByteSource& checkpoint, Json& files) {
  const auto superblock = elected_superblock(checkpoint);
  if (!superblock || superblock->fields.shard != 0) return;
  const auto config = config_of(checkpoint, *superblock);
  if (!config) return;  // the report of the checkpoint says what is wrong
  const fs::path folder = fs::path(checkpoint.path()).parent_path();
  for (const auto& [id, rank] : config->ranks) {
    const std::string path = (folder / rank.device).string();  // an absolute device stays what it is
    files.push_back(report_rank(path, *config, rank, superblock->fields.image_uuid));
  }
}

}  // namespace tt::inspect
