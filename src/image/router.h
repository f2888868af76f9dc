// SPDX-License-Identifier: Apache-2.0
// The BlockService of one reactor: checks ranges, cuts requests at stripe borders and takes each piece to the shard
// that owns it. On the shard's own reactor that is a plain call.
#pragma once

#include <memory>
#include <vector>

#include "image/block_service.h"
#include "image/shard.h"

namespace tt::image {

class Router final : public BlockService {
 public:
  /// `local` is a shard of this reactor: its table of volumes answers questions without a hop.
  Router(rt::Reactor& home, Shard& local, std::vector<std::unique_ptr<Shard>>& shards)
      : home_(home), local_(local), shards_(shards) {}

  [[nodiscard]] bool writes_wait(VolumeHandle volume) const noexcept override { return local_.writes_wait(volume); }
  std::vector<ExportInfo> exports() override;
  Result<ExportInfo> find(std::string_view name) override;
  rt::Task<Result<void>> read(VolumeHandle volume, std::uint64_t offset, std::span<std::byte> into) override;
  rt::Task<Result<void>> write(VolumeHandle volume, std::uint64_t offset, std::span<const std::byte> from,
                               bool fua) override;
  rt::Task<Result<void>> flush(VolumeHandle volume) override;
  rt::Task<Result<void>> zero(VolumeHandle volume, std::uint64_t offset, std::uint64_t length, bool may_deallocate,
                              bool fua) override;
  rt::Task<Result<void>> extents(VolumeHandle volume, std::uint64_t offset, std::uint64_t length, std::size_t max_runs,
                                 std::vector<ExtentStatus>& out) override;

 private:
  /// A part of a request within one stripe.
  struct Part {
    Shard* shard = nullptr;
    std::uint64_t block = 0;
    std::uint64_t block_count = 0;
  };
  [[nodiscard]] Result<void> check(VolumeHandle volume, std::uint64_t offset, std::uint64_t length) const;
  [[nodiscard]] Part part_at(std::uint64_t block, std::uint64_t blocks_left) const;
  [[nodiscard]] ExportInfo info_of(const flashcopy::VolumeShare& volume) const;

  rt::Reactor& home_;
  Shard& local_;
  std::vector<std::unique_ptr<Shard>>& shards_;
};

}  // namespace tt::image
