// SPDX-License-Identifier: Apache-2.0
// A journal ring as a crash or a bad disk may leave it. The input says which slots there are, then which bytes are
// damaged; with odd first byte, the damage is in heads and their checksums are repaired, as an attacker would.
//
// Checked without repair: replay gives exactly the records before the first damaged slot, or the ring is refused; and
// it is refused if a slot that is still whole says that the damaged one was durable. Never is damage replayed.
#include <memory>
#include <optional>
#include <vector>

#include "base/crc32c.h"
#include "fuzz/input.h"
#include "fuzz/memory_disk.h"
#include "host/testing/manual_reactor.h"
#include "journal/ring.h"
#include "journal/slot_codec.h"
#include "runtime/scope.h"

namespace {

using namespace tt;
using namespace tt::journal;

constexpr std::uint64_t kRingBytes = 17 * kMaxSlotBytes;
constexpr std::uint32_t kRingId = 0xF022;
constexpr std::uint32_t kBootEpoch = 1000;

struct Slot {
  std::uint64_t offset = 0;
  std::vector<std::byte> bytes;
  std::vector<RecordHeader> records;
  std::uint64_t sequence = 0;
  std::uint64_t known_durable = 0;
  bool damaged = false;
};

class Chain {
 public:
  explicit Chain(fuzz::Input& input) {
    tail_.offset = input.below(kRingBytes / kSlotHeadBytes) * kSlotHeadBytes;
    tail_.sequence = SlotSeq{1 + input.below(1000)};
    tail_.previous_crc = input.number<std::uint32_t>();
    ChainPoint point{slot_start(tail_.offset, kRingBytes), tail_.sequence, tail_.previous_crc, 1};
    for (std::uint64_t count = input.below(12); count > 0; --count) point = add(input, point);
  }

  void damage(fuzz::Input& input, bool repair) {
    while (!input.empty() && !slots_.empty()) {
      Slot& slot = slots_[input.below(slots_.size())];
      const std::size_t at = input.below(repair ? kSlotHeadBytes : slot.bytes.size());
      const auto change = static_cast<std::byte>(input.byte());
      slot.bytes[at] ^= change;
      touched_ = touched_ || change != std::byte{0};
      if (repair) write_header(slot.bytes, read_header(slot.bytes));
    }
    for (Slot& slot : slots_) slot.damaged = slot.bytes != pristine_[static_cast<std::size_t>(&slot - slots_.data())];
  }

  void store(fuzz::Pages& pages) const {
    for (const Slot& slot : slots_) pages.write(slot.offset, slot.bytes);
  }
  [[nodiscard]] const RingTail& tail() const { return tail_; }
  [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }

  /// The number of slots before the first damaged one.
  [[nodiscard]] std::size_t whole() const {
    std::size_t count = 0;
    while (count < slots_.size() && !slots_[count].damaged) ++count;
    return count;
  }
  /// A whole slot says that the first damaged one was durable.
  [[nodiscard]] bool proved() const {
    const std::size_t broken = whole();
    for (std::size_t i = broken + 1; i < slots_.size(); ++i) {
      // The proof is in the head: damage behind it does not take it away.
      const bool head_whole =
          std::equal(slots_[i].bytes.begin(), slots_[i].bytes.begin() + kSlotHeadBytes, pristine_[i].begin());
      if (head_whole && slots_[i].known_durable >= slots_[broken].sequence) return true;
    }
    return false;
  }

 private:
  ChainPoint add(fuzz::Input& input, const ChainPoint& point) {
    Slot slot;
    slot.offset = point.offset;
    slot.sequence = point.sequence.value;
    const std::uint64_t lag = input.below(kMaxWriters);
    slot.known_durable = slot.sequence - std::min(slot.sequence, lag + 1);
    slot.bytes.resize(kSlotHeadBytes);
    const std::uint64_t count = 1 + input.below(4);
    for (std::uint64_t i = 0; i < count; ++i) {
      RecordHeader record;
      record.lsn = input.number<std::uint16_t>();
      record.kind = static_cast<RecordKind>(1 + input.below(3));
      record.payload_bytes = static_cast<std::uint32_t>(input.below(3000));
      record.payload_offset = static_cast<std::uint32_t>(slot.bytes.size());
      write_record(slot.bytes, i, record);
      slot.records.push_back(record);
      slot.bytes.resize(slot.bytes.size() + round_up(record.payload_bytes, kPayloadUnit),
                        static_cast<std::byte>(record.lsn));
    }
    slot.bytes.resize(round_up(slot.bytes.size(), kSlotHeadBytes));
    SlotHeader header;
    header.record_count = static_cast<std::uint16_t>(count);
    header.ring_id = kRingId;
    header.boot_epoch = point.boot_epoch + static_cast<std::uint32_t>(input.below(2));
    header.sequence = slot.sequence;
    header.ring_offset = slot.offset;
    header.known_durable = slot.known_durable;
    header.slot_bytes = static_cast<std::uint32_t>(slot.bytes.size());
    header.payload_crc = crc32c(0, std::span(slot.bytes).subspan(kSlotHeadBytes));
    header.previous_crc = point.previous_crc;
    header.head_crc = write_header(slot.bytes, header);
    pristine_.push_back(slot.bytes);
    slots_.push_back(std::move(slot));
    return after(header, kRingBytes);
  }

  RingTail tail_;
  std::vector<Slot> slots_;
  std::vector<std::vector<std::byte>> pristine_;
  bool touched_ = false;
};

rt::Task<void> open_ring(rt::Reactor& reactor, fuzz::Pages& pages, const RingTail& tail,
                         std::optional<Result<std::unique_ptr<Ring>>>& opened) {
  auto disk = std::make_unique<fuzz::MemoryDisk>(reactor, pages, kRingBytes);
  const RingGeometry geometry{kRingId, kRingBytes};
  auto ring = co_await Ring::open(reactor, std::move(disk), geometry, tail, kBootEpoch, RingOptions{});
  opened.emplace(std::move(ring));
}

/// Every payload lies in the ring's memory; a sanitizer sees it if not.
void read_everything(const Ring& ring) {
  std::uint32_t sum = 0;
  ring.replay([&](const ReplayedRecord& record) { sum = crc32c(sum, record.payload); });
}

void compare(const Ring& ring, const Chain& chain, std::size_t slots) {
  std::vector<std::pair<const Slot*, RecordHeader>> expected;
  for (std::size_t i = 0; i < slots; ++i) {
    for (const RecordHeader& record : chain.slots()[i].records) expected.emplace_back(&chain.slots()[i], record);
  }
  std::size_t next = 0;
  ring.replay([&](const ReplayedRecord& record) {
    TT_ASSERT(next < expected.size());
    const auto& [slot, header] = expected[next++];
    TT_ASSERT(record.slot.value == slot->sequence && record.header.lsn == header.lsn);
    const auto payload = std::span(slot->bytes).subspan(header.payload_offset, header.payload_bytes);
    TT_ASSERT(std::ranges::equal(record.payload, payload));
  });
  TT_ASSERT(next == expected.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  fuzz::Input input(data, size);
  const bool repair = (input.byte() & 1U) != 0;
  Chain chain(input);
  chain.damage(input, repair);

  host_testing::ManualReactor reactor;
  rt::Scope scope(reactor);
  fuzz::Pages pages;
  chain.store(pages);
  std::optional<Result<std::unique_ptr<Ring>>> opened;
  scope.spawn(open_ring(reactor, pages, chain.tail(), opened));
  reactor.run_ready();
  TT_ASSERT(opened.has_value() && scope.count() == 0);
  if (*opened) read_everything(***opened);
  if (repair) return 0;

  const std::size_t whole = chain.whole();
  if (whole < chain.slots().size() && chain.proved()) {
    TT_ASSERT(!*opened && opened->error().code == Errc::corrupt);
  } else {
    TT_ASSERT(opened->has_value());
    compare(***opened, chain, whole);
  }
  return 0;
}
