// SPDX-License-Identifier: Apache-2.0
// What only the io_uring backend promises: depth on one descriptor, no lost operation however small the queues are, no
// allocation once it is warm.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "base/units.h"
#include "runtime/frame_pool.h"
#include "runtime/scope.h"
#include "runtime/test_platform.h"
#include "runtime/uring_storage.h"

namespace {
thread_local std::uint64_t allocations = 0;
}  // namespace

// The thread sanitizer brings an operator new that cannot be replaced.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TT_HEAP_NOT_COUNTED
#endif
#endif

#if !defined(TT_HEAP_NOT_COUNTED)
// Counts what the calling thread takes from the heap; the pair is complete, so sanitizers agree with it.
void* operator new(std::size_t bytes) {
  ++allocations;
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
#endif

namespace tt::rt {
namespace {

class UringTest : public testing::Test {
 protected:
  void SetUp() override {
    if (UringReactor::probe() != 0) GTEST_SKIP() << explain_uring_refusal(UringReactor::probe());
  }
  UringReactor& make(unsigned submissions = 256, unsigned completions = 8192, unsigned skip_modes = 0) {
    UringOptions options;
    options.skip_modes = skip_modes;
    options.submission_entries = submissions;
    options.completion_entries = completions;
    reactor_ = std::move(*UringReactor::create(options));
    return *reactor_;
  }
  std::unique_ptr<Disk> make_disk(std::uint64_t size) {
    UringStorage storage(*reactor_, *pool_, directory_.path(), {});
    return std::move(*storage.open("disk", OpenMode::create, size));
  }

  TemporaryDirectory directory_;
  std::unique_ptr<UringReactor> reactor_;
  std::optional<BlockingPool> pool_{std::in_place, 1};
};

struct Block {
  alignas(kDiskAlignment) std::byte bytes[4096];
};

Task<void> read_block(Disk& disk, Block* block, unsigned* done) {
  auto read = co_await disk.read(0, block->bytes);
  EXPECT_TRUE(read);
  ++*done;
}

Task<void> write_block(Disk& disk, Block* block) {
  auto written = co_await disk.write(0, block->bytes);
  EXPECT_TRUE(written);
}

Task<void> read_many_then_write(UringReactor& reactor, Disk& disk, std::vector<Block>* blocks, unsigned* done) {
  Scope scope(reactor);
  for (std::size_t i = 1; i < blocks->size(); ++i) scope.spawn(read_block(disk, &(*blocks)[i], done));
  co_await sleep_for(reactor, 10 * kMillisecond);
  EXPECT_EQ(*done, 0U);
  EXPECT_EQ(reactor.in_flight(), blocks->size() - 1);
  scope.spawn(write_block(disk, &(*blocks)[0]));
  co_await scope.join();
  reactor.stop();
}

// The "disk" is one end of a socket pair. Its reads cannot end before the other end has seen the write that is
// submitted last on the same descriptor: a backend that holds operations back behind earlier ones would never end.
TEST_F(UringTest, ThirtyTwoOperationsInFlightOnOneDescriptor) {
  constexpr unsigned kReads = 32;
  auto& reactor = make();
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  DiskFile file;
  file.fd = UniqueFd(ends[0]);
  file.size_bytes = 1_MiB;
  UringDisk disk(reactor, *pool_, std::move(file));
  std::thread other_end([fd = UniqueFd(ends[1])] {
    std::vector<char> page(4096);
    ASSERT_EQ(::recv(fd.get(), page.data(), page.size(), MSG_WAITALL), 4096);
    for (unsigned i = 0; i < kReads; ++i) ASSERT_EQ(::send(fd.get(), page.data(), page.size(), 0), 4096);
  });
  std::vector<Block> blocks(kReads + 1);
  unsigned done = 0;
  Scope scope(reactor);
  scope.spawn(read_many_then_write(reactor, disk, &blocks, &done));
  reactor.run();
  other_end.join();
  EXPECT_EQ(done, kReads);
}

Task<void> write_and_check(Disk& disk, std::uint64_t index, unsigned* right) {
  // Not locals: a coroutine frame does not honour their alignment.
  const auto out_block = std::make_unique<Block>();
  const auto in_block = std::make_unique<Block>();
  Block& out = *out_block;
  Block& in = *in_block;
  std::memset(out.bytes, static_cast<int>(index % 251) + 1, sizeof out.bytes);
  auto written = co_await disk.write(index * 4096, out.bytes);
  auto read = co_await disk.read(index * 4096, in.bytes);
  if (written && read && std::memcmp(in.bytes, out.bytes, sizeof in.bytes) == 0) ++*right;
}

Task<void> write_and_check_all(UringReactor& reactor, Disk& disk, unsigned operations, unsigned* right) {
  Scope scope(reactor);
  for (unsigned i = 0; i < operations; ++i) scope.spawn(write_and_check(disk, i, right));
  co_await scope.join();
  reactor.stop();
}

TEST_F(UringTest, FullQueuesLoseNothingInAnyRingMode) {
  std::set<std::string> modes;
  for (unsigned skip = 0; skip < 3; ++skip) {
    auto& reactor = make(2, 4, skip);
    modes.insert(reactor.mode());
    auto disk = make_disk(8_MiB);
    unsigned right = 0;
    Scope scope(reactor);
    scope.spawn(write_and_check_all(reactor, *disk, 1000, &right));
    reactor.run();
    EXPECT_EQ(right, 1000U) << reactor.mode();
    EXPECT_EQ(reactor.in_flight(), 0U);
  }
  EXPECT_GT(modes.size(), 1U);
}

Task<void> ping(UringReactor& here, UringReactor& there, unsigned rounds) {
  for (unsigned i = 0; i < rounds; ++i) {
    co_await hop(here, there);
    co_await sleep_for(there, 10 * kMicrosecond);
    co_await hop(there, here);
  }
  there.stop();
  here.stop();
}

TEST_F(UringTest, OlderRingModesSleepAndWakeToo) {
  for (unsigned skip = 1; skip < 3; ++skip) {
    UringOptions options;
    options.skip_modes = skip;
    options.loop.spin_limit = 0;
    auto here = std::move(*UringReactor::create(options));
    auto there = std::move(*UringReactor::create(options));
    Scope scope(*here);
    scope.spawn(ping(*here, *there, 300));
    std::thread other([&there] { there->run(); });
    here->run();
    other.join();
    EXPECT_EQ(scope.count(), 0U);
  }
}

TEST_F(UringTest, OperationsStartedBeforeTheLoopRunsAreNotLost) {
  auto& reactor = make(2, 4);
  auto disk = make_disk(1_MiB);
  std::vector<Block> blocks(20);
  std::vector<DiskOp> operations(20);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    operations[i].kind = DiskOp::Kind::read;
    operations[i].length = 4096;
    operations[i].buffer = blocks[i].bytes;
    operations[i].waiter = std::noop_coroutine();
    operations[i].result = -1;
    disk->submit(operations[i]);
  }
  std::thread stopper([&reactor] {
    ::usleep(100'000);
    reactor.stop();
  });
  reactor.run();
  stopper.join();
  for (const DiskOp& op : operations) EXPECT_EQ(op.result, 0);
  EXPECT_EQ(reactor.reads_in_flight(), 0U);
}

Task<void> read_all(UringReactor& reactor, Disk& disk, std::vector<Block>& blocks, std::size_t* most) {
  std::vector<DiskOp> operations(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    operations[i].kind = DiskOp::Kind::read;
    operations[i].length = 4096;
    operations[i].buffer = blocks[i].bytes;
    operations[i].waiter = std::noop_coroutine();
    disk.submit(operations[i]);
  }
  *most = reactor.reads_in_flight();
  while (reactor.in_flight() > 0) co_await sleep_for(reactor, kMillisecond);
  reactor.stop();
}

/// What the idle policy goes by.
TEST_F(UringTest, CountsReadsThatTheDiskHas) {
  auto& reactor = make();
  auto disk = make_disk(1_MiB);
  std::vector<Block> blocks(20);
  std::size_t most = 0;
  Scope scope(reactor);
  scope.spawn(read_all(reactor, *disk, blocks, &most));
  reactor.run();
  EXPECT_EQ(most, blocks.size());
  EXPECT_EQ(reactor.reads_in_flight(), 0U);
}

Task<void> rewrite(Disk& disk, Block* block, unsigned times) {
  for (unsigned i = 0; i < times; ++i) {
    auto written = co_await disk.write(0, block->bytes);
    EXPECT_TRUE(written);
    auto read = co_await disk.read(0, block->bytes);
    EXPECT_TRUE(read);
  }
}

Task<void> rewrite_in_parallel(UringReactor& reactor, Disk& disk, std::vector<Block>* blocks) {
  Scope scope(reactor);
  for (Block& block : *blocks) scope.spawn(rewrite(disk, &block, 10));
  co_await scope.join();
}

Task<void> warm_up_then_count(UringReactor& reactor, Disk& disk, std::vector<Block>* blocks, std::uint64_t* heap,
                              std::size_t* misses) {
  co_await rewrite_in_parallel(reactor, disk, blocks);
  co_await sleep_for(reactor, kMillisecond);
  *heap = allocations;
  *misses = frame_pool_misses();
  co_await rewrite_in_parallel(reactor, disk, blocks);
  co_await sleep_for(reactor, kMillisecond);
  *heap = allocations - *heap;
  *misses = frame_pool_misses() - *misses;
  reactor.stop();
}

TEST_F(UringTest, SteadyStateAllocatesNothing) {
  auto& reactor = make(8, 16);
  auto disk = make_disk(1_MiB);
  std::vector<Block> blocks(64);
  std::uint64_t heap = 1;
  std::size_t misses = 1;
  Scope scope(reactor);
  scope.spawn(warm_up_then_count(reactor, *disk, &blocks, &heap, &misses));
  reactor.run();
#if !defined(TT_HEAP_NOT_COUNTED)
  EXPECT_GT(allocations, 0U) << "or else nothing is counted";
#endif
  EXPECT_EQ(heap, 0U);
  EXPECT_EQ(misses, 0U);
}

Task<void> stop_it(UringReactor& reactor) {
  reactor.stop();
  co_return;
}

TEST_F(UringTest, RunsAgainAfterAStop) {
  auto& reactor = make();
  for (int i = 0; i < 3; ++i) {
    Scope scope(reactor);
    scope.spawn(stop_it(reactor));
    reactor.run();
    EXPECT_EQ(scope.count(), 0U);
  }
  reactor.stop();
  reactor.run();  // a stop that came first is kept
}

}  // namespace
}  // namespace tt::rt
