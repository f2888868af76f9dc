// SPDX-License-Identifier: Apache-2.0
// A whole image in the simulator with hosts at its NBD sessions, and the two marks between which callgrind counts.
// Nothing is random but what the kinds of requests draw: disks and reactors always take the same time.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "host/nbd/session.h"
#include "host/testing/memory_stream.h"
#include "host/testing/nbd_client.h"
#include "lab.h"

namespace tt::budget {

struct RigOptions {
  image::Acknowledge acknowledge = image::Acknowledge::hardened;
  /// So small that it is full soon: reads of the medium pay for the door.
  std::uint64_t read_cache_bytes = 64_KiB;
  std::uint64_t ring_bytes = 40_MiB;  ///< A checkpoint comes after a quarter of it: later than what is counted.
};

class Rig;

/// One NBD connection with a volume.
class Host {
 public:
  Host(Rig& rig, VolumeId volume);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// Bytes of requests, in the order in which they are sent.
  void write(std::uint64_t offset, std::uint32_t bytes) { add(nbd::Command::write, offset, bytes); }
  void read(std::uint64_t offset, std::uint32_t bytes) { add(nbd::Command::read, offset, bytes); }
  [[nodiscard]] std::size_t waiting() const { return requests_.size(); }
  /// Sends so many of them at once; the answers are not waited for.
  std::size_t send(std::size_t count);
  void drop_answers() { down_->take_all(); }

 private:
  void add(nbd::Command command, std::uint64_t offset, std::uint32_t bytes);

  std::shared_ptr<host_testing::Pipe> up_;
  std::shared_ptr<host_testing::Pipe> down_;
  std::unique_ptr<nbd::Session> session_;
  std::deque<host_testing::Bytes> requests_;
  std::uint64_t cookie_ = 0;
};

class Rig {
 public:
  explicit Rig(const RigOptions& options = {});
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  VolumeId make(std::uint16_t id, std::uint64_t tracks) { return lab_.make(id, tracks); }
  Host& attach(VolumeId volume);
  /// All requests of all hosts, `depth` at a time, as evenly among them as can be; ends when all are answered well.
  void run(std::size_t depth);
  /// Brings all dirty data to the ranks.
  void drain();
  void copy_in_background();

  /// From here to done() callgrind counts.
  static void count();
  static void done();

  [[nodiscard]] simulation::Lab& lab() { return lab_; }
  Random random{17};

 private:
  friend class Host;
  sim::World world_;
  simulation::Lab lab_;
  nbd::ServerSettings settings_;
  nbd::ServerCounters counters_;
  nbd::BufferPool buffers_;
  nbd::SessionContext context_;
  rt::Scope scope_;
  std::deque<Host> hosts_;
  std::size_t turn_ = 0;
};

}  // namespace tt::budget
