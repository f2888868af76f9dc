// SPDX-License-Identifier: Apache-2.0
// FlashCopy behaviours that a transcript cannot show: what the disks are asked for, power failures at each I/O, and how
// copies share the machine with hosts. The number is the behaviour's in docs/flashcopy-tests.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "conversation.h"

namespace tt::live {
namespace {

using simulation::Lab;

constexpr VolumeId kSource{0x0100};  // on rank.1
constexpr VolumeId kHostVolume{0x0101};
constexpr VolumeId kTarget{0x0200};  // on rank.0
constexpr std::size_t kActiveCopyColumn = 4;
constexpr std::size_t kBackgroundCopyColumn = 10;

/// A whole track of the target is written: its source is not read. A part of one: it is.
TEST(Fc, FC6_WholeTrackReadsNoSource) {
  Site site;
  Lab& lab = site.add_image("IBM.2107-75ABCD1").lab();
  Conversation cli(site);
  std::uint64_t reads = 0;
  site.world.observe_disks([&](const sim::DiskEvent& event) {
    const bool read = event.kind == rt::DiskOp::Kind::read && event.phase == sim::DiskEvent::Phase::submit;
    if (read && *event.file_name == "rank.1") ++reads;
  });
  lab.make(kSource.value, 16);
  lab.make(kTarget.value, 16);
  ASSERT_TRUE(lab.write(kSource, 0, 16 * kTrackBlocks, 'A'));
  ASSERT_TRUE(lab.drain());
  ASSERT_EQ(cli.say("mkflash -nocp 0100:0200").exit_code, 0);
  reads = 0;
  ASSERT_TRUE(lab.fill(kTarget, 8, 't'));
  ASSERT_TRUE(lab.drain());
  EXPECT_EQ(lab.track(kTarget, 8), "t*128");
  EXPECT_EQ(lab.uncopied(kSource, kTarget), 15U);
  EXPECT_EQ(reads, 0U);
  ASSERT_TRUE(lab.write(kTarget, 9 * kTrackBlocks, 1, 't'));
  ASSERT_TRUE(lab.drain());
  EXPECT_EQ(lab.track(kTarget, 9), "t*1 A*127");
  EXPECT_EQ(reads, 1U);
}

/// Destages what overwrites two tracks of a source and lets the power fail at the n-th change of a disk. False when
/// there are not so many.
bool power_fails_at(std::uint64_t n, sim::FaultKind kind, std::set<std::uint64_t>& left_uncopied) {
  Lab lab;
  lab.make(kSource.value, 4);
  lab.make(kTarget.value, 4);
  EXPECT_TRUE(lab.write(kSource, 0, 4 * kTrackBlocks, 'A'));
  EXPECT_TRUE(lab.write(kTarget, 0, 4 * kTrackBlocks, 'o'));
  EXPECT_TRUE(lab.drain());
  EXPECT_TRUE(lab.establish(kSource, kTarget));
  EXPECT_TRUE(lab.write(kSource, kTrackBlocks, 2 * kTrackBlocks, 'B'));
  sim::FaultRule rule;
  rule.kind = kind;
  rule.operations = sim::kChanges;
  rule.at = n;
  const std::size_t number = lab.world.faults().add(rule);
  static_cast<void>(lab.drain());
  const bool fired = lab.world.faults().fired(number) > 0;
  lab.crash();
  const std::string where = std::string(sim::name_of(kind)) + " " + std::to_string(n);
  const std::uint64_t uncopied = lab.uncopied(kSource, kTarget);
  if (fired) left_uncopied.insert(uncopied);
  for (const char* when : {"restarted", "destaged again"}) {
    EXPECT_EQ(lab.content(kTarget, 0, 4 * kTrackBlocks), "A*512") << where << ", " << when;
    EXPECT_EQ(lab.content(kSource, 0, 4 * kTrackBlocks), "A*128 B*256 A*128") << where << ", " << when;
    EXPECT_TRUE(lab.drain());
  }
  return fired;
}

/// The power fails at each change of a disk between the copy of the old tracks and the overwriting of the source.
TEST(Fc, FC68_CrashBetweenTheStepsOfACopy) {
  for (const sim::FaultKind kind :
       {sim::FaultKind::crash_before, sim::FaultKind::crash_after, sim::FaultKind::torn_crash}) {
    std::set<std::uint64_t> left_uncopied;
    std::uint64_t n = 1;
    while (power_fails_at(n, kind, left_uncopied)) ++n;
    EXPECT_GT(n, 4U) << "target, flush, bits, source";
    // Both sides of the step that makes the bits durable were reached.
    EXPECT_EQ(left_uncopied, (std::set<std::uint64_t>{2, 4})) << sim::name_of(kind);
  }
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

/// Six copies, four at a time.
TEST(Fc, FC71_NotAllCopiesAreActiveAtOnce) {
  constexpr std::uint64_t kTracks = 256;
  Site site;
  Lab& lab = site.add_image("IBM.2107-75ABCD1").lab();
  Conversation cli(site);
  for (std::uint16_t i = 0; i < 6; ++i) {
    const VolumeId source = lab.make(static_cast<std::uint16_t>(kSource.value + i), kTracks);
    lab.make(static_cast<std::uint16_t>(kTarget.value + i), kTracks);
    for (std::uint64_t track = 0; track < kTracks; track += 16) {
      ASSERT_TRUE(lab.write(source, track * kTrackBlocks, 16 * kTrackBlocks, static_cast<char>('A' + i)));
    }
  }
  ASSERT_EQ(cli.say("mkflash 0100-0105:0200-0205").exit_code, 0);
  std::size_t most_active = 0;
  std::size_t listings = 0;
  for (;; ++listings) {
    ASSERT_LT(listings, 10'000U);
    const Spoken spoken = cli.say("lsflash -fmt delim -hdr off 0100-0105");
    if (spoken.text() == "CMUC00234I lsflash: No Flash Copy found.\n") break;
    std::size_t active = 0;
    for (const std::string& line : spoken.lines) {
      const std::vector<std::string> cells = cells_of(line);
      active += cells.at(kActiveCopyColumn) == "Enabled" ? 1 : 0;
      EXPECT_EQ(cells.at(kBackgroundCopyColumn), "Enabled") << line;
    }
    EXPECT_LE(active, 4U) << spoken.text();
    most_active = std::max(most_active, active);
    lab.run_for(5 * rt::kMillisecond);
  }
  EXPECT_EQ(most_active, 4U);
  EXPECT_GT(listings, 3U);
  for (std::uint16_t i = 0; i < 6; ++i) {
    const VolumeId target{static_cast<std::uint16_t>(kTarget.value + i)};
    EXPECT_EQ(lab.content(target, 0, kTracks * kTrackBlocks), std::string(1, static_cast<char>('A' + i)) + "*32768");
  }
}

/// Hosts that write and read one after the other, some at a time, and remember how long each took.
struct Load {
  Lab* lab = nullptr;
  bool stopping = false;
  int running = 0;
  std::vector<rt::TimeNs> latencies;
};

rt::Task<Result<void>> one_host(std::shared_ptr<Load> load, std::uint64_t number) {
  image::BlockService& blocks = load->lab->life->image().blocks(0);
  const image::VolumeHandle volume = load->lab->handle(kHostVolume);
  std::vector<std::byte> data(8 * kBlockBytes, std::byte{'h'});
  ++load->running;
  for (std::uint64_t i = number; !load->stopping; i += 7) {
    const rt::TimeNs began = load->lab->world.now();
    const std::uint64_t offset = i % 512 * kTrackBytes;
    Result<void> done;
    if (i % 2 == 0) {
      done = co_await blocks.write(volume, offset, data, false);
    } else {
      done = co_await blocks.read(volume, offset, data);
    }
    if (!done) co_return done;
    load->latencies.push_back(load->lab->world.now() - began);
  }
  --load->running;
  co_return Result<void>{};
}

struct CopyUnderLoad {
  double mib_per_second = 0;
  rt::TimeNs p95 = 0;
  std::size_t operations = 0;
};

CopyUnderLoad copy_under_load(const simulation::LabOptions& options) {
  constexpr std::uint64_t kTracks = 512;
  Site site;
  Lab& lab = site.add_image(options).lab();
  Conversation cli(site);
  for (const VolumeId id : {kSource, kHostVolume, kTarget}) lab.make(id.value, kTracks);
  for (std::uint64_t track = 0; track < kTracks; track += 16) {
    for (const VolumeId id : {kSource, kHostVolume}) {
      EXPECT_TRUE(lab.write(id, track * kTrackBlocks, 16 * kTrackBlocks, 'A'));
    }
  }
  EXPECT_TRUE(lab.drain());
  const auto load = std::make_shared<Load>();
  load->lab = &lab;
  std::vector<simulation::Pending<Result<void>>> hosts;
  for (std::uint64_t i = 0; i < 8; ++i) hosts.push_back(lab.start(one_host(load, i)));
  EXPECT_EQ(cli.say("mkflash 0100:0200").exit_code, 0);
  const rt::TimeNs began = lab.world.now();
  EXPECT_TRUE(lab.run_until([&] { return !lab.copying(); }));
  CopyUnderLoad result;
  result.mib_per_second = static_cast<double>(kTracks * kTrackBytes) / static_cast<double>(1_MiB) /
                          (static_cast<double>(lab.world.now() - began) / static_cast<double>(rt::kSecond));
  EXPECT_EQ(load->running, 8) << "a host met an error";
  load->stopping = true;
  for (const auto& host : hosts) EXPECT_TRUE(lab.wait(host));
  result.operations = load->latencies.size();
  std::sort(load->latencies.begin(), load->latencies.end());
  result.p95 = load->latencies.at(result.operations * 95 / 100);
  EXPECT_EQ(lab.content(kTarget, 0, kTracks * kTrackBlocks), "A*65536");
  return result;
}

/// On disks that can serve hosts in time they are served in time. On slower ones nobody can, and the copy goes on at
/// its floor of 8 MiB a second, less the time between its last write and its end, which is not paced.
TEST(Fc, FC72_HostsAndCopiesShareTheMachine) {
  const image::PacerOptions promised;
  constexpr double kFloorMibPerSecond = 8.0 * 0.98;
  simulation::LabOptions options = usual_options("IBM.2107-75ABCD1");
  const CopyUnderLoad fast = copy_under_load(options);
  EXPECT_LE(fast.p95, promised.host_latency_target);
  EXPECT_GE(fast.mib_per_second, kFloorMibPerSecond);
  EXPECT_GT(fast.operations, 1000U);

  options.storage.read = {12 * rt::kMillisecond, 16 * rt::kMillisecond};
  options.storage.write = {12 * rt::kMillisecond, 16 * rt::kMillisecond};
  const CopyUnderLoad slow = copy_under_load(options);
  EXPECT_GT(slow.p95, promised.host_latency_target);
  EXPECT_GE(slow.mib_per_second, kFloorMibPerSecond);
  EXPECT_LT(slow.mib_per_second, fast.mib_per_second);
}

}  // namespace
}  // namespace tt::live
