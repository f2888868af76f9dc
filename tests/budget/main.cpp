// SPDX-License-Identifier: Apache-2.0
// request_costs KIND: makes requests of one kind, once for warming up and then under callgrind's eyes; prints how many.
// request_costs --list: the kinds.
#include <cstdio>
#include <numeric>
#include <string_view>
#include <vector>

#include "rig.h"

namespace tt::budget {
namespace {

constexpr std::uint16_t kSource = 0x0000;
constexpr std::uint16_t kTarget = 0x0100;
constexpr std::uint64_t kTracks = 4096;
constexpr std::size_t kDepth = 16;
constexpr std::size_t kWarm = 128;
constexpr std::size_t kSmall = 512;  ///< Requests of 4 KiB that are counted.
constexpr std::size_t kLarge = 64;   ///< Requests or tracks of 64 KiB.
constexpr std::size_t kMostSessions = 64;

/// Different tracks, in random order.
std::vector<std::uint64_t> some_tracks(Random& random, std::size_t count) {
  std::vector<std::uint64_t> all(kTracks);
  std::iota(all.begin(), all.end(), 0);
  for (std::size_t i = 0; i < count; ++i) std::swap(all[i], all[i + random.below(kTracks - i)]);
  all.resize(count);
  return all;
}

std::uint64_t random_offset(Random& random) {
  const std::uint64_t page = random.below(kTracks * kTrackBytes / 4_KiB);
  return page * 4_KiB;
}

std::size_t write_4k(std::size_t depth, image::Acknowledge acknowledge) {
  RigOptions options;
  options.acknowledge = acknowledge;
  Rig rig(options);
  Host& host = rig.attach(rig.make(kSource, kTracks));
  for (std::size_t i = 0; i < kWarm; ++i) host.write(random_offset(rig.random), 4_KiB);
  rig.run(depth);
  for (std::size_t i = 0; i < kSmall; ++i) host.write(random_offset(rig.random), 4_KiB);
  Rig::count();
  rig.run(depth);
  Rig::done();
  return kSmall;
}

std::size_t write_hardened() {
  return write_4k(kDepth, image::Acknowledge::hardened);
}
std::size_t write_alone() {
  return write_4k(1, image::Acknowledge::hardened);
}
std::size_t write_volatile() {
  return write_4k(kDepth, image::Acknowledge::as_cached);
}

std::size_t write_64k() {
  Rig rig;
  Host& host = rig.attach(rig.make(kSource, kTracks));
  const auto tracks = some_tracks(rig.random, 2 * kLarge);
  for (std::size_t i = 0; i < kLarge; ++i) host.write(tracks[i] * kTrackBytes, 64_KiB);
  rig.run(kDepth);
  for (std::size_t i = kLarge; i < 2 * kLarge; ++i) host.write(tracks[i] * kTrackBytes, 64_KiB);
  Rig::count();
  rig.run(kDepth);
  Rig::done();
  return kLarge;
}

enum class Found : std::uint8_t { on_medium, in_journal, in_read_cache };

std::size_t read_4k(Found found) {
  RigOptions options;
  if (found == Found::in_read_cache) options.read_cache_bytes = 64_MiB;
  Rig rig(options);
  Host& host = rig.attach(rig.make(kSource, kTracks));
  std::vector<std::uint64_t> offsets;
  for (const std::uint64_t track : some_tracks(rig.random, kSmall)) {
    offsets.push_back(track * kTrackBytes + rig.random.below(16) * 4_KiB);
  }
  for (const std::uint64_t offset : offsets) host.write(offset, 4_KiB);
  rig.run(kDepth);
  if (found != Found::in_journal) rig.drain();
  const std::size_t before = found == Found::in_read_cache ? offsets.size() : kWarm;
  for (std::size_t i = 0; i < before; ++i) host.read(offsets[i], 4_KiB);
  rig.run(kDepth);
  for (const std::uint64_t offset : offsets) host.read(offset, 4_KiB);
  Rig::count();
  rig.run(kDepth);
  Rig::done();
  return kSmall;
}

std::size_t read_medium() {
  return read_4k(Found::on_medium);
}
std::size_t read_dirty() {
  return read_4k(Found::in_journal);
}
std::size_t read_again() {
  return read_4k(Found::in_read_cache);
}
/// One at a time.
std::size_t read_stream() {
  RigOptions options;
  options.read_cache_bytes = 16_MiB;
  Rig rig(options);
  Host& host = rig.attach(rig.make(kSource, kTracks));
  constexpr std::size_t kStreamTracks = 64;
  for (std::size_t track = 0; track < kStreamTracks; ++track) host.write(track * kTrackBytes, 64_KiB);
  rig.run(kDepth);
  rig.drain();
  constexpr std::size_t kReads = kStreamTracks * kTrackGrains;
  for (std::size_t i = 0; i < kReads / 2; ++i) host.read(i * 4_KiB, 4_KiB);
  rig.run(1);
  for (std::size_t i = kReads / 2; i < kReads; ++i) host.read(i * 4_KiB, 4_KiB);
  Rig::count();
  rig.run(1);
  Rig::done();
  return kReads / 2;
}

enum class Tracks : std::uint8_t { fresh, known };

/// One dirty entry of so many bytes in each of so many tracks, which the medium knows already or not.
std::size_t destage(std::size_t count, std::uint32_t bytes, Tracks tracks) {
  Rig rig;
  Host& host = rig.attach(rig.make(kSource, kTracks));
  const auto all = some_tracks(rig.random, 2 * count);
  for (std::size_t round = 0; round < 2; ++round) {
    const std::size_t first = tracks == Tracks::fresh ? round * count : 0;
    for (std::size_t i = 0; i < count; ++i) host.write(all[first + i] * kTrackBytes, bytes);
    rig.run(kDepth);
    if (round == 1) Rig::count();
    rig.drain();
  }
  Rig::done();
  return count;
}

std::size_t destage_4k() {
  return destage(kSmall, 4_KiB, Tracks::known);
}
std::size_t destage_fresh() {
  return destage(kSmall, 4_KiB, Tracks::fresh);
}
std::size_t destage_64k() {
  return destage(kLarge, 64_KiB, Tracks::known);
}

/// The source's tracks are on the medium; what a host writes must bring them to the target first.
std::size_t first_touch() {
  Rig rig;
  const VolumeId source = rig.make(kSource, kTracks);
  const VolumeId target = rig.make(kTarget, kTracks);
  Host& host = rig.attach(source);
  const auto tracks = some_tracks(rig.random, 2 * kLarge);
  for (const std::uint64_t track : tracks) host.write(track * kTrackBytes, 64_KiB);
  rig.run(kDepth);
  rig.drain();
  const bool made = rig.lab().establish(source, target).has_value();
  TT_ASSERT(made);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    host.write(tracks[i] * kTrackBytes, 4_KiB);
    if (i + 1 == kLarge) {
      rig.run(kDepth);
      rig.drain();
    }
  }
  Rig::count();
  rig.run(kDepth);
  rig.drain();
  Rig::done();
  return kLarge;
}

std::size_t background_copy() {
  Rig rig;
  const VolumeId source = rig.make(kSource, kLarge);
  const VolumeId target = rig.make(kTarget, kLarge);
  Host& host = rig.attach(source);
  for (std::uint64_t track = 0; track < kLarge; ++track) host.write(track * kTrackBytes, 64_KiB);
  rig.run(kDepth);
  rig.drain();
  for (int round = 0; round < 2; ++round) {
    rig.lab().hold_copies(true);
    const bool made = rig.lab().establish(source, target, true).has_value();
    TT_ASSERT(made);
    if (round == 1) Rig::count();
    rig.copy_in_background();
  }
  Rig::done();
  return kLarge;
}

/// Every volume has dirty data. Hosts have at most 64 of them, spread over all.
std::size_t write_many(std::size_t volumes) {
  RigOptions options;
  options.ring_bytes = 256_MiB;
  Rig rig(options);
  std::vector<Host*> hosts;
  const std::size_t stride = std::max<std::size_t>(volumes / kMostSessions, 1);
  for (std::size_t i = 0; i < volumes; ++i) {
    const VolumeId volume = rig.make(static_cast<std::uint16_t>(i), kTracks);
    const bool written = rig.lab().write(volume, rig.random.below(kTracks) * kTrackBlocks, 8, 'x').has_value();
    TT_ASSERT(written);
    if (i % stride == 0) hosts.push_back(&rig.attach(volume));
  }
  for (std::size_t i = 0; i < kWarm; ++i) hosts[i % hosts.size()]->write(random_offset(rig.random), 4_KiB);
  rig.run(kDepth);
  for (std::size_t i = 0; i < kSmall; ++i) hosts[i % hosts.size()]->write(random_offset(rig.random), 4_KiB);
  Rig::count();
  rig.run(kDepth);
  Rig::done();
  return kSmall;
}

std::size_t volumes_64() {
  return write_many(64);
}
std::size_t volumes_4096() {
  return write_many(4096);
}

struct Kind {
  const char* name;
  std::size_t (*run)();
  const char* what;
};
constexpr Kind kKinds[] = {
    {"write-4k", write_hardened, "4 KiB random write, hardened, 16 at a time"},
    {"write-4k-alone", write_alone, "4 KiB random write, hardened, one at a time"},
    {"write-4k-volatile", write_volatile, "4 KiB random write, volatile acknowledgement"},
    {"write-4k-64-volumes", volumes_64, "4 KiB random write, hardened, 64 volumes"},
    {"write-4k-4096-volumes", volumes_4096, "4 KiB random write, hardened, 4096 volumes"},
    {"write-64k", write_64k, "64 KiB write of a whole track, hardened"},
    {"read-4k-medium", read_medium, "4 KiB random read, clean, from the medium"},
    {"read-4k-again", read_again, "4 KiB random read, clean, from the read cache"},
    {"read-4k-stream", read_stream, "4 KiB sequential read, one at a time"},
    {"read-4k-cache", read_dirty, "4 KiB random read of dirty data"},
    {"destage-4k", destage_4k, "destage of a track with one 4 KiB write"},
    {"destage-4k-fresh", destage_fresh, "destage of the first 4 KiB write to a track, zeros around it"},
    {"destage-64k", destage_64k, "destage of a track that was written as a whole"},
    {"first-touch", first_touch, "first 4 KiB write to a track after mkflash -nocp, and its destage"},
    {"background-copy", background_copy, "background copy of a track"},
};

int run(std::string_view name) {
  for (const Kind& kind : kKinds) {
    if (name == "--list") std::printf("%s\t%s\n", kind.name, kind.what);
    if (name != kind.name) continue;
    std::printf("%zu\n", kind.run());
    return 0;
  }
  return name == "--list" ? 0 : 2;
}

}  // namespace
}  // namespace tt::budget

int main(int argc, char** argv) {
  return argc == 2 ? tt::budget::run(argv[1]) : 2;
}
