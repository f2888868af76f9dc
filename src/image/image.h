// SPDX-License-Identifier: Apache-2.0
// One storage image: its shards on the given reactors, the control plane, and the workers. Everything is driven through
// ports that are handed in, so the same code runs on io_uring and in the simulator.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "image/control.h"
#include "image/copier.h"
#include "image/destager.h"
#include "image/host_desk.h"
#include "image/keeper.h"
#include "image/router.h"
#include "image/scrub_status.h"
#include "image/scrubber.h"
#include "image/shard.h"
#include "runtime/scope.h"

namespace tt::image {

/// A reactor and its way to the image's files.
struct Port {
  rt::Reactor* reactor = nullptr;
  rt::Storage* storage = nullptr;
};

struct NewRank {
  std::string device;
  std::uint64_t data_bytes = 0;
};

struct CreateOptions {
  std::array<std::uint8_t, 16> uuid{};
  volume::Personality personality = volume::Personality::ds8000;
  std::string storage_image_id;
  std::string name;
  std::uint32_t shard_count = 1;
  std::uint64_t ring_bytes = 256_MiB;  ///< Per shard.
  /// Rank n goes to pool n for n = 0 and 1 (the pools P0 and P1 are made); further ranks stay unassigned.
  std::vector<NewRank> ranks;
  bool keeps_sums = false;  ///< Checksums of all data, from the first byte on.
};

struct OpenOptions {
  Acknowledge acknowledge = Acknowledge::hardened;
  DestagerOptions destage;
  PacerOptions pacing;
  std::uint32_t active_copies = 4;
  std::size_t batch_frames = 256;
  PlaceOptions place;
  std::uint32_t most_preserved_pages = ShardOptions{}.most_preserved_pages;
  std::uint32_t map_share = ShardOptions{}.map_share;
  std::uint64_t read_cache_bytes = 0;  ///< Of all shards together; 0: none.
  MediaSumsOptions sums;               ///< Of each shard.
  /// After the start the first scrub begins, if the image keeps checksums.
  rt::TimeNs scrub_after = 60 * rt::kSecond;
};

class Image {
 public:
  /// True when the directory holds an image whose making was finished.
  static bool exists(rt::Storage& storage);
  /// id_taken if there is one already, whole or half made.
  static rt::Task<Result<void>> create(std::span<const Port> ports, CreateOptions options);
  /// Runs on ports[0]'s reactor, like every call here that does not say otherwise. At most shard_count ports are used.
  static rt::Task<Result<std::unique_ptr<Image>>> open(std::span<const Port> ports, OpenOptions options);
  ~Image();

  [[nodiscard]] ControlPlane& control() noexcept { return *control_; }
  /// For hosts attached on that reactor.
  [[nodiscard]] BlockService& blocks(std::size_t port) noexcept { return *routers_[port]; }
  /// Where hosts that are attached on that reactor log in.
  [[nodiscard]] HostDesk& desk(std::size_t port) noexcept { return *desks_[port]; }
  [[nodiscard]] rt::Reactor& reactor(std::size_t port) noexcept { return *ports_[port].reactor; }
  [[nodiscard]] std::size_t port_count() const noexcept { return routers_.size(); }
  [[nodiscard]] std::vector<std::unique_ptr<Shard>>& shards() noexcept { return shards_; }
  /// Of each shard; on its reactor.
  [[nodiscard]] std::vector<std::unique_ptr<Scrubber>>& scrubbers() noexcept { return scrubbers_; }

  /// Hosts must be gone. Takes a checkpoint, so that the next start is quick.
  rt::Task<void> stop();
  /// After a simulated crash: destroys every task where it stands.
  void kill() noexcept;

 private:
  struct Workers;
  Image(std::span<const Port> ports, std::uint32_t shard_count, OpenOptions options);
  rt::Task<Result<void>> open_shards();
  rt::Task<Result<void>> start_shard(std::size_t i);
  rt::Task<void> stop_shard(std::size_t i);

  std::vector<Port> ports_;
  OpenOptions options_;
  LsnSource lsns_;
  CommonPace pace_;
  ScrubPace scrub_pace_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<ControlPlane> control_;
  std::vector<std::unique_ptr<Router>> routers_;
  std::vector<std::unique_ptr<HostDesk>> desks_;
  std::vector<std::unique_ptr<Scrubber>> scrubbers_;
  std::vector<std::unique_ptr<Workers>> workers_;
};

}  // namespace tt::image
