// SPDX-License-Identifier: Apache-2.0
// A ring on a simulated disk with a model beside it, for tests: every record's payload follows from its lsn, lsns are
// appended in order, so what a restart must find is "all lsns from the tail up to some n, and n covers every answer".
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/ring.h"
#include "journal/slot_codec.h"
#include "sim/disk.h"
#include "sim/world.h"

namespace tt::journal::lab {

inline constexpr std::uint64_t kSmallRing = 17 * kMaxSlotBytes;
inline constexpr std::uint32_t kRingId = 0x51C6;

inline std::vector<std::byte> payload_of(std::uint64_t lsn, std::size_t bytes) {
  Random random(lsn * 0x9E3779B97F4A7C15U + 1);
  std::vector<std::byte> payload(bytes);
  for (std::byte& b : payload) b = static_cast<std::byte>(random.next());
  return payload;
}

class RingLab {
 public:
  explicit RingLab(std::uint64_t seed, sim::StorageOptions storage_options = {})
      : world(seed), storage(world, storage_options) {
    machine = &world.boot(1);
  }
  ~RingLab() {
    if (ring != nullptr) stop();
  }

  /// What the superblock would hold; the next life starts from it.
  RingTail tail;
  std::uint32_t epoch = 0;
  std::uint64_t tail_lsn = 1;  ///< First lsn of the slot at the tail.

  /// A new life. The model is compared with what replay finds when the ring opens well.
  Result<void> open(RingOptions options = {}) {
    ++epoch;
    scope = std::make_unique<rt::Scope>(reactor());
    opened.reset();
    auto mounted = storage.mount(reactor());
    auto disk = std::move(mounted->open("ring", rt::OpenMode::create, ring_bytes)).value();
    scope->spawn(open_ring(*this, std::move(disk), options));
    run_while([this] { return !opened.has_value(); });
    if (!opened.has_value()) return {Errc::cancelled};  // crashed meanwhile
    if (!*opened) return *opened;
    if (!check_replay()) return {Errc::bad_message};
    ring->start(*scope);
    return {};
  }
  void stop() {
    ring->stop();
    const bool ended = run_while([this] { return scope->count() != 0; });
    EXPECT_TRUE(ended) << "the writers do not end";
    if (!ended) return crash();
    drop();
  }
  void crash(sim::CrashKind kind = sim::CrashKind::power) {
    world.crash(kind);
    world.faults().clear();
    scope->kill();
    drop();
    machine = &world.boot(1);
  }
  /// False when a crash was asked for.
  bool run_while(const std::function<bool()>& condition) {
    const auto end = world.run_until([&] { return !condition(); });
    EXPECT_NE(end, sim::RunEnd::failed) << world.failure();
    return end == sim::RunEnd::reached;
  }
  [[nodiscard]] sim::SimReactor& reactor() const { return machine->reactor(); }
  [[nodiscard]] sim::SimFile& file() { return *storage.file("ring"); }

  /// Appends the next lsn and waits for its hardening in the background.
  SlotSeq put(std::size_t bytes, SpaceClass space_class = SpaceClass::host) {
    const std::uint64_t lsn = ++last_lsn;
    sizes[lsn] = bytes;
    RecordHeader header;
    header.lsn = lsn;
    header.volume = static_cast<std::uint16_t>(lsn % 7);
    const auto payload = payload_of(lsn, bytes);
    const Appended done = ring->append(header, payload, space_class);
    kept[lsn] = done;
    slot_of[lsn] = done.slot;
    scope->spawn(wait_for(*this, lsn, done.slot));
    return done.slot;
  }
  /// The record is clean: its pin goes.
  void clean(std::uint64_t lsn) {
    ring->unpin(kept.at(lsn).slot);
    kept.erase(lsn);
  }
  /// Everything up to now becomes checkpointed and the tail moves as far as pins allow.
  void checkpoint() {
    const SlotSeq cut = ring->cut();
    ring->set_checkpoint_cut(std::min(cut, ring->durable()));
    move_tail();
  }
  void move_tail() {
    tail = ring->needed_tail();
    while (tail_lsn <= last_lsn && slot_of.at(tail_lsn) < tail.sequence) ++tail_lsn;
    ring->release_until(tail);
  }
  /// Payload copies in ring memory are untouched.
  void check_memory() {
    for (const auto& [lsn, appended] : kept) {
      ASSERT_TRUE(std::ranges::equal(appended.payload, payload_of(lsn, sizes.at(lsn)))) << "lsn " << lsn;
    }
  }

  sim::World world;
  sim::SimStorage storage;
  sim::Machine* machine = nullptr;
  std::uint64_t ring_bytes = kSmallRing;
  std::unique_ptr<rt::Scope> scope;
  std::unique_ptr<Ring> ring;
  std::optional<Result<void>> opened;

  std::uint64_t last_lsn = 0;
  std::uint64_t answered_lsn = 0;  ///< Highest one answered well.
  std::uint64_t failed_answers = 0;
  std::map<std::uint64_t, std::size_t> sizes;
  std::map<std::uint64_t, SlotSeq> slot_of;
  std::map<std::uint64_t, Appended> kept;
  std::vector<std::uint64_t> answers;  ///< In the order in which they came.
  std::uint32_t highest_epoch_replayed = 0;

 private:
  static rt::Task<void> open_ring(RingLab& lab, std::unique_ptr<rt::Disk> disk, RingOptions options) {
    const RingGeometry geometry{kRingId, lab.ring_bytes};
    auto ring = co_await Ring::open(lab.reactor(), std::move(disk), geometry, lab.tail, lab.epoch, options);
    if (ring) {
      lab.ring = std::move(*ring);
      lab.opened = Result<void>{};
    } else {
      lab.opened = Result<void>{ring.error()};
    }
  }
  static rt::Task<void> wait_for(RingLab& lab, std::uint64_t lsn, SlotSeq slot) {
    auto done = co_await lab.ring->harden(slot);
    if (!done) {
      ++lab.failed_answers;
      co_return;
    }
    lab.answers.push_back(lsn);
    lab.answered_lsn = std::max(lab.answered_lsn, lsn);
  }

  void drop() {
    kept.clear();
    ring.reset();
    scope.reset();
  }

  bool check_replay() {
    std::uint64_t next = tail_lsn;
    bool good = true;
    ring->replay([&](const ReplayedRecord& record) {
      const std::uint64_t lsn = next++;
      good = good && record.header.lsn == lsn && record.slot == slot_of[lsn] &&
             std::ranges::equal(record.payload, payload_of(lsn, sizes[lsn]));
      if (record.boot_epoch < highest_epoch_replayed) good = false;
      ring->pin(record.slot);
      kept[lsn] = {record.slot, record.payload};
    });
    EXPECT_TRUE(good) << "replayed records are not the appended ones, seed " << world.seed();
    EXPECT_GT(next, answered_lsn) << "answered records are lost, seed " << world.seed();
    // What was never answered and not found does not exist: its lsns are used again by the model.
    for (std::uint64_t lsn = next; lsn <= last_lsn; ++lsn) {
      sizes.erase(lsn);
      slot_of.erase(lsn);
    }
    last_lsn = next - 1;
    return good && next > answered_lsn;
  }
};

}  // namespace tt::journal::lab
