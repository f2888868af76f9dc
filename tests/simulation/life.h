// SPDX-License-Identifier: Apache-2.0
// One life of a simulated storage image: from power on to a crash or a clean stop. The storage outlives it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "image/image.h"
#include "sim/case.h"
#include "sim/disk.h"

namespace tt::simulation {

struct ImageShape {
  std::uint32_t shards = 1;
  std::size_t reactors = 1;
  std::uint64_t ring_bytes = 0;
  std::string storage_image_id = "IBM.2107-75SIM01";  ///< The machine type decides the personality.
  std::string name;
  std::uint8_t number = 7;  ///< Of the image, in its world.
  std::vector<std::uint64_t> rank_bytes = {256_MiB, 256_MiB};
  bool keeps_sums = false;  ///< From the first byte on.
  image::OpenOptions open;
};

class Life {
 public:
  Life(sim::World& world, sim::SimStorage& storage, const ImageShape& shape);
  /// The owner's half of a crash, or the end after stop().
  ~Life();
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  /// Makes the image's files; the faults should be quiet.
  bool create();
  /// The image opens while the world runs; `done` when is_open() tells whether it did.
  void begin_open(bool& done);
  [[nodiscard]] bool is_open() const noexcept { return image_ != nullptr; }
  /// Runs the world until the image is open; false if it does not open (a crash or an error).
  bool open();
  /// The image stops while the world runs; `done` when it has.
  void begin_stop(bool& done);
  /// Clean stop. False if the world crashed meanwhile.
  bool stop();

  [[nodiscard]] image::Image& image() { return *image_; }
  [[nodiscard]] sim::Machine& machine() { return machine_; }
  [[nodiscard]] std::size_t port_count() const { return ports_.size(); }
  [[nodiscard]] rt::Reactor& reactor(std::size_t port) { return *ports_[port].reactor; }
  /// Tasks of hosts and administrators that begin on that reactor.
  [[nodiscard]] rt::Scope& scope(std::size_t port) { return *scopes_[port]; }
  [[nodiscard]] sim::RunEnd last_end() const { return last_end_; }
  [[nodiscard]] Error open_error() const { return open_error_; }

 private:
  rt::Task<void> create_task(bool& done, bool& ok);
  rt::Task<void> open_task(bool& done);
  rt::Task<void> stop_task(bool& done);
  bool run(bool& done);

  sim::World& world_;
  sim::Machine& machine_;
  ImageShape shape_;
  std::vector<std::unique_ptr<rt::Storage>> mounts_;
  std::vector<image::Port> ports_;
  std::unique_ptr<image::Image> image_;
  std::vector<std::unique_ptr<rt::Scope>> scopes_;
  sim::RunEnd last_end_ = sim::RunEnd::reached;
  Error open_error_;
};

}  // namespace tt::simulation
