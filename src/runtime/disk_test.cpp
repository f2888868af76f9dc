// SPDX-License-Identifier: Apache-2.0
// Files as disks: the same expectations for both backends.
#include "runtime/disk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <set>

#include "base/units.h"
#include "runtime/scope.h"
#include "runtime/test_platform.h"

namespace tt::rt {
namespace {

struct AlignedDelete {
  void operator()(std::byte* p) const noexcept { std::free(p); }
};
using Buffer = std::unique_ptr<std::byte, AlignedDelete>;

Buffer make_buffer(std::size_t bytes, unsigned char fill) {
  Buffer buffer(static_cast<std::byte*>(std::aligned_alloc(kDiskAlignment, bytes)));
  std::memset(buffer.get(), fill, bytes);
  return buffer;
}

bool all_equal(const std::byte* p, std::size_t bytes, unsigned char value) {
  for (std::size_t i = 0; i < bytes; ++i) {
    if (std::to_integer<unsigned char>(p[i]) != value) return false;
  }
  return true;
}

class DiskTest : public BackendTest {
 protected:
  std::unique_ptr<Disk> open(const std::string& name, OpenMode mode, std::uint64_t size) {
    auto storage = platform_->storage(0, directory_.path());
    auto opened = storage->open(name, mode, size);
    EXPECT_TRUE(opened);
    return opened ? std::move(*opened) : nullptr;
  }
  std::uint64_t allocated_bytes(const std::string& name) {
    struct stat status{};
    EXPECT_EQ(::stat((directory_.path() + "/" + name).c_str(), &status), 0);
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  TemporaryDirectory directory_;
};
TT_EACH_BACKEND(DiskTest);

Task<void> write_then_read(Disk& disk) {
  auto out = make_buffer(64_KiB, 0xA5);
  auto in = make_buffer(64_KiB, 0);
  auto written = co_await disk.write(128_KiB, {out.get(), 64_KiB});
  EXPECT_TRUE(written);
  auto flushed = co_await disk.flush();
  EXPECT_TRUE(flushed);
  auto read = co_await disk.read(128_KiB, {in.get(), 64_KiB});
  EXPECT_TRUE(read);
  EXPECT_TRUE(all_equal(in.get(), 64_KiB, 0xA5));
  auto hole = co_await disk.read(0, {in.get(), 64_KiB});
  EXPECT_TRUE(hole);
  EXPECT_TRUE(all_equal(in.get(), 64_KiB, 0));
  auto durable = co_await disk.write(0, {out.get(), 4_KiB}, Durability::durable);
  EXPECT_TRUE(durable);
  auto again = co_await disk.read(0, {in.get(), 4_KiB});
  EXPECT_TRUE(again);
  EXPECT_TRUE(all_equal(in.get(), 4_KiB, 0xA5));
}

TEST_P(DiskTest, ReadsBackWhatWasWritten) {
  make();
  auto disk = open("ranks/r0", OpenMode::create, 1_MiB);
  EXPECT_EQ(disk->size_bytes(), 1_MiB);
  EXPECT_TRUE(disk->block_bytes() == 512 || disk->block_bytes() == 4096);
  platform_->run(write_then_read(*disk));
}

Task<void> read_past_end(Disk& disk) {
  auto in = make_buffer(64_KiB, 0xFF);
  auto read = co_await disk.read(0, {in.get(), 64_KiB});
  EXPECT_TRUE(read);
  EXPECT_TRUE(all_equal(in.get(), 10'000, 0x11));
  EXPECT_TRUE(all_equal(in.get() + 10'000, 64_KiB - 10'000, 0));
  std::memset(in.get(), 0xFF, 64_KiB);
  auto behind = co_await disk.read(32_KiB, {in.get(), 4_KiB});
  EXPECT_TRUE(behind);
  EXPECT_TRUE(all_equal(in.get(), 4_KiB, 0));
}

TEST_P(DiskTest, ReadsZerosPastTheEndOfATruncatedFile) {
  make();
  auto disk = open("short", OpenMode::create, 1_MiB);
  const std::string path = directory_.path() + "/short";
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_TRUNC));
  const std::string content(10'000, '\x11');
  ASSERT_EQ(::write(fd.get(), content.data(), content.size()), 10'000);
  platform_->run(read_past_end(*disk));
}

Task<void> refuse_outside(Disk& disk) {
  auto buffer = make_buffer(8_KiB, 0);
  auto beyond = co_await disk.write(disk.size_bytes() - 4_KiB, {buffer.get(), 8_KiB});
  EXPECT_FALSE(beyond);
  EXPECT_EQ(beyond.error(), (Error{Errc::io_error, EINVAL}));
  auto huge = co_await disk.read(~std::uint64_t{4095}, {buffer.get(), 8_KiB});
  EXPECT_FALSE(huge);
  auto nothing = co_await disk.write(0, {});
  EXPECT_TRUE(nothing);
}

TEST_P(DiskTest, RefusesOperationsOutsideTheDisk) {
  make();
  auto disk = open("small", OpenMode::create, 64_KiB);
  platform_->run(refuse_outside(*disk));
}

// Both backends ask this before anything else.
TEST(DiskOps, MisalignedOnesAreProgrammerErrors) {
  alignas(kDiskAlignment) static std::byte buffer[4096];
  DiskOp op;
  op.kind = DiskOp::Kind::read;
  op.offset = 512;
  op.length = 1024;
  op.buffer = buffer;
  EXPECT_EQ(check_disk_op(op, 64_KiB, 512), 0);
  EXPECT_EQ(check_disk_op(op, 1024, 512), EINVAL);
  EXPECT_DEATH(check_disk_op(op, 64_KiB, 4096), "invariant broken");
  op.buffer = buffer + 8;
  EXPECT_DEATH(check_disk_op(op, 64_KiB, 512), "invariant broken");
}

Task<void> allocate_and_discard(Disk& disk, std::uint64_t* after_allocate, const std::string* path) {
  auto out = make_buffer(64_KiB, 0x77);
  auto in = make_buffer(64_KiB, 0);
  auto written = co_await disk.write(0, {out.get(), 64_KiB});
  EXPECT_TRUE(written);
  auto allocated = co_await disk.allocate(0, 4_MiB);
  EXPECT_TRUE(allocated);
  struct stat status{};
  ::stat(path->c_str(), &status);
  *after_allocate = static_cast<std::uint64_t>(status.st_blocks) * 512;
  auto kept = co_await disk.read(0, {in.get(), 64_KiB});
  EXPECT_TRUE(kept);
  EXPECT_TRUE(all_equal(in.get(), 64_KiB, 0x77));
  auto discarded = co_await disk.discard(0, 4_MiB);
  EXPECT_TRUE(discarded);
}

TEST_P(DiskTest, AllocatesAndGivesBackSpace) {
  make();
  auto disk = open("space", OpenMode::create, 8_MiB);
  const std::string path = directory_.path() + "/space";
  std::uint64_t after_allocate = 0;
  platform_->run(allocate_and_discard(*disk, &after_allocate, &path));
  EXPECT_GE(after_allocate, 4_MiB);
  EXPECT_LT(allocated_bytes("space"), 1_MiB);
  EXPECT_EQ(std::filesystem::file_size(path), 8_MiB);
}

TEST_P(DiskTest, OpensAndCreates) {
  make();
  auto storage = platform_->storage(0, directory_.path());
  EXPECT_FALSE(storage->exists("a"));
  EXPECT_EQ(storage->open("a", OpenMode::must_exist, 0).error().code, Errc::object_not_found);
  EXPECT_TRUE(storage->open("a", OpenMode::create, 1_MiB));
  EXPECT_TRUE(storage->exists("a"));
  EXPECT_EQ((*storage->open("a", OpenMode::must_exist, 0))->size_bytes(), 1_MiB);
  EXPECT_EQ((*storage->open("a", OpenMode::create, 64_KiB))->size_bytes(), 1_MiB) << "never shrinks";
  EXPECT_EQ((*storage->open("a", OpenMode::create, 2_MiB))->size_bytes(), 2_MiB);
  EXPECT_EQ(storage->open("../a", OpenMode::create, 1_MiB).error().code, Errc::invalid_argument);
  EXPECT_EQ(storage->open("", OpenMode::create, 1_MiB).error().code, Errc::invalid_argument);
  EXPECT_EQ(storage->open("/dev/null", OpenMode::must_exist, 0).error().code, Errc::invalid_argument);
  struct stat status{};
  ASSERT_EQ(::stat((directory_.path() + "/a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_P(DiskTest, WorksWhereDirectIoIsRefused) {
  const TemporaryDirectory memory("/dev/shm");
  if (memory.path().empty()) GTEST_SKIP() << "/dev/shm cannot be used";
  make();
  // Since Linux 6.6 tmpfs accepts O_DIRECT; with it there is nothing to remark. Either way the disk has to work.
  const UniqueFd direct(::open((memory.path() + "/probe").c_str(), O_RDWR | O_CREAT | O_DIRECT, 0600));
  auto disk = std::move(*platform_->storage(0, memory.path())->open("d", OpenMode::create, 1_MiB));
  EXPECT_EQ(notices_.size(), direct ? 0U : 1U);
  platform_->run(write_then_read(*disk));
}

Task<void> full_error(Disk& disk) {
  auto out = make_buffer(1_MiB, 1);
  bool full = false;
  for (std::uint64_t offset = 0; offset < disk.size_bytes() && !full; offset += 1_MiB) {
    auto written = co_await disk.write(offset, {out.get(), 1_MiB});
    if (!written) {
      EXPECT_EQ(written.error().code, Errc::media_full);
      full = true;
    }
  }
  EXPECT_TRUE(full);
}

TEST_P(DiskTest, FullMediumIsNamed) {
  const TemporaryDirectory mount_point;
  const std::string mount = "mount -t tmpfs -o size=2m none " + mount_point.path() + " 2>/dev/null";
  if (std::system(mount.c_str()) != 0) GTEST_SKIP() << "mounting a small tmpfs needs root";
  {
    make();
    auto disk = std::move(*platform_->storage(0, mount_point.path())->open("d", OpenMode::create, 8_MiB));
    platform_->run(full_error(*disk));
  }
  EXPECT_EQ(std::system(("umount " + mount_point.path()).c_str()), 0);
}

Task<void> device_round_trip(Disk& disk) {
  co_await write_then_read(disk);
  auto allocated = co_await disk.allocate(0, 1_MiB);
  EXPECT_TRUE(allocated);
  auto discarded = co_await disk.discard(0, 1_MiB);
  EXPECT_TRUE(discarded);
}

TEST_P(DiskTest, BlockDevices) {
  const std::string file = directory_.path() + "/image";
  ASSERT_EQ(std::system(("truncate -s 8M " + file).c_str()), 0);
  const std::string attach =
      "losetup --direct-io=on -f --show " + file + " 2>/dev/null >" + directory_.path() + "/name";
  if (std::system(attach.c_str()) != 0) GTEST_SKIP() << "loop devices need root and the loop driver";
  char device[64] = "";
  std::FILE* name = std::fopen((directory_.path() + "/name").c_str(), "r");
  ASSERT_EQ(std::fscanf(name, "%63s", device), 1);
  std::fclose(name);
  {
    make();
    auto disk = std::move(*platform_->storage(0, directory_.path())->open(device, OpenMode::must_exist, 0));
    EXPECT_EQ(disk->size_bytes(), 8_MiB);
    platform_->run(device_round_trip(*disk));
  }
  EXPECT_EQ(std::system(("losetup -d " + std::string(device)).c_str()), 0);
}

struct Stamp {
  Disk& disk;
  unsigned operations;
  unsigned* failures;
};

Task<void> stamp_blocks(Stamp stamp, unsigned worker, unsigned workers) {
  auto out = make_buffer(4_KiB, static_cast<unsigned char>(worker + 1));
  auto in = make_buffer(4_KiB, 0);
  for (unsigned i = 0; i < stamp.operations; ++i) {
    const std::uint64_t offset = (std::uint64_t{i} * workers + worker) * 4_KiB;
    auto written = co_await stamp.disk.write(offset, {out.get(), 4_KiB});
    auto read = co_await stamp.disk.read(offset, {in.get(), 4_KiB});
    const bool right = written && read && all_equal(in.get(), 4_KiB, static_cast<unsigned char>(worker + 1));
    if (!right) ++*stamp.failures;
  }
}

Task<void> stamp_in_parallel(Reactor& reactor, Stamp stamp, unsigned workers) {
  Scope scope(reactor);
  for (unsigned w = 0; w < workers; ++w) scope.spawn(stamp_blocks(stamp, w, workers));
  co_await scope.join();
}

TEST_P(DiskTest, ManyWorkersOnOneDescriptor) {
  make();
  auto disk = open("busy", OpenMode::create, 16_MiB);
  unsigned failures = 0;
  platform_->run(stamp_in_parallel(platform_->reactor(0), {*disk, 20, &failures}, 200));
  EXPECT_EQ(failures, 0U);
}

}  // namespace
}  // namespace tt::rt
