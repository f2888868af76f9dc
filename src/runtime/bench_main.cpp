// SPDX-License-Identifier: Apache-2.0
// Prints what the runtime itself costs: 4 KiB random reads and writes of one file at depth 1 and 32, and the round trip
// of a coroutine between two reactors. usage: bench_runtime [DIRECTORY] [uring|posix [SPIN-MICROSECONDS]]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "runtime/platform.h"
#include "runtime/scope.h"

namespace tt::rt {
namespace {

constexpr std::uint64_t kFileBytes = 256_MiB;
constexpr TimeNs kSpan = 2 * kSecond;

struct Load {
  Disk& disk;
  Reactor& reactor;
  bool writes;
  Durability durability;
  TimeNs end;
  std::uint64_t operations = 0;
};

struct Free {
  void operator()(std::byte* p) const noexcept { std::free(p); }
};
using Buffer = std::unique_ptr<std::byte, Free>;

Buffer make_buffer(std::size_t bytes) {
  Buffer buffer(static_cast<std::byte*>(std::aligned_alloc(kDiskAlignment, bytes)));
  std::memset(buffer.get(), 0x5A, bytes);
  return buffer;
}

Task<void> work(Load& load) {
  const Buffer buffer = make_buffer(4_KiB);
  while (load.reactor.now() < load.end) {
    const std::uint64_t offset = load.reactor.random().below(kFileBytes / 4_KiB) * 4_KiB;
    auto done = load.writes ? co_await load.disk.write(offset, {buffer.get(), 4_KiB}, load.durability)
                            : co_await load.disk.read(offset, {buffer.get(), 4_KiB});
    TT_ASSERT(done);
    ++load.operations;
  }
}

Task<void> measure(Platform& platform, Disk& disk, const char* name, bool writes, Durability durability,
                   unsigned depth) {
  Reactor& reactor = platform.reactor(0);
  Load load{disk, reactor, writes, durability, reactor.now() + kSpan};
  const TimeNs begin = reactor.now();
  Scope scope(reactor);
  for (unsigned i = 0; i < depth; ++i) scope.spawn(work(load));
  co_await scope.join();
  const double seconds = static_cast<double>(reactor.now() - begin) / static_cast<double>(kSecond);
  std::printf("%-22s depth %2u  %8.0f op/s\n", name, depth, static_cast<double>(load.operations) / seconds);
}

Task<void> fill(Disk& disk) {
  const Buffer buffer = make_buffer(1_MiB);
  for (std::uint64_t offset = 0; offset < kFileBytes; offset += 1_MiB) {
    auto written = co_await disk.write(offset, {buffer.get(), 1_MiB});
    TT_ASSERT(written);
  }
  auto flushed = co_await disk.flush();
  TT_ASSERT(flushed);
}

Task<void> measure_hops(Platform& platform) {
  constexpr int kRounds = 100'000;
  Reactor& here = platform.reactor(0);
  Reactor& there = platform.reactor(1);
  const TimeNs begin = here.now();
  for (int i = 0; i < kRounds; ++i) {
    co_await hop(here, there);
    co_await hop(there, here);
  }
  co_await yield(here);
  std::printf("hop there and back     1 task    %8.0f ns\n", static_cast<double>(here.now() - begin) / kRounds);
}

Task<void> hop_often(Platform& platform, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    co_await hop(platform.reactor(0), platform.reactor(1));
    co_await hop(platform.reactor(1), platform.reactor(0));
  }
}

Task<void> measure_many_hops(Platform& platform) {
  constexpr int kTasks = 64;
  constexpr int kRounds = 5'000;
  Reactor& here = platform.reactor(0);
  const TimeNs begin = here.now();
  Scope scope(here);
  for (int i = 0; i < kTasks; ++i) scope.spawn(hop_often(platform, kRounds));
  co_await scope.join();
  std::printf("hop there and back     %d tasks  %8.0f ns each\n", kTasks,
              static_cast<double>(here.now() - begin) / (kTasks * kRounds));
}

Task<void> measure_all(Platform& platform, Disk& disk) {
  co_await fill(disk);
  for (unsigned depth : {1U, 32U}) {
    co_await measure(platform, disk, "read 4 KiB", false, Durability::cached, depth);
    co_await measure(platform, disk, "write 4 KiB", true, Durability::cached, depth);
    co_await measure(platform, disk, "write 4 KiB durable", true, Durability::durable, depth);
  }
  co_await measure_hops(platform);
  co_await measure_many_hops(platform);
}

int run(const std::string& directory, const std::string& backend, const char* spin_us) {
  PlatformOptions options;
  options.reactors = 2;
  options.backend = backend == "posix" ? IoBackend::posix : IoBackend::uring;
  if (spin_us != nullptr) options.spin_limit = std::atol(spin_us) * kMicrosecond;
  options.notice = [](const std::string& notice) { std::fprintf(stderr, "%s\n", notice.c_str()); };
  auto made = make_platform(options);
  if (!made) return 1;
  Platform& platform = **made;
  std::printf("%s\n", platform.description().c_str());
  auto disk = platform.storage(0, directory)->open("bench-runtime.tmp", OpenMode::create, kFileBytes);
  if (!disk) return 1;
  platform.run(measure_all(platform, **disk));
  disk->reset();
  std::remove((directory + "/bench-runtime.tmp").c_str());
  return 0;
}

}  // namespace
}  // namespace tt::rt

int main(int argc, char** argv) {
  return tt::rt::run(argc > 1 ? argv[1] : ".", argc > 2 ? argv[2] : "uring", argc > 3 ? argv[3] : nullptr);
}
