// SPDX-License-Identifier: Apache-2.0
// The block oracle: what reads of volumes may return, under concurrent writes, flushes, crashes and point-in-time
// copies. Tell it when an operation is issued and when its answer arrives, in the order in which that happens; it
// answers whether what was read is possible. It knows nothing of how a server works; volumes are numbers.
//
// Rules:
//  - a read returns, for each sector, the latest acknowledged write or one concurrent with the read; reads that follow
//    one another never go back (per-sector linearizability);
//  - after a crash every write acknowledged as hardened is there, and so is every one acknowledged before a flush
//    that succeeded; other acknowledged ones and unanswered ones may be there or not, but what a read has shown stays;
//  - a target of a copy shows its source at one instant between the issue of the command and its answer, the same
//    instant for all pairs of the command: a write is in the image only if every write acknowledged before it was
//    issued is in it, too; what the image has once shown it shows for ever, under the target's own later writes;
//  - an establish makes what its sources hold durable, and is after a crash there fully or not at all;
//  - once a withdraw is acknowledged, what lies under the target's own writes is unknown where it was the image:
//  perhaps
//    the image, perhaps old bytes, perhaps older than any that a reader of the target saw before the copy. What a read
//    shows of it stays, over every crash. Nothing follows from it for the image, which later copies may still hold.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/register.h"
#include "sim/sector_map.h"

namespace tt::sim {

/// Within one volume the two must not overlap.
struct CopyPair {
  std::uint32_t source = 0;
  std::uint32_t target = 0;
  std::uint64_t source_sector = 0;
  std::uint64_t target_sector = 0;
  std::uint64_t sectors = 0;
};

struct HistoryOptions {
  /// A read shows only what can no longer be lost (true for servers that answer writes when hardened).
  bool seen_is_hardened = true;
  /// What a read has shown of unknown content may be something else after a crash: where media fail, the last thing
  /// written to a place may be in nobody's hands but a volatile cache's.
  bool unknown_may_change_in_crash = false;
  /// Content is tagged by the instant of its write: histories of one world begin far apart, so that what got from one
  /// server to another is seen.
  Instant begin = 0;
};

class History {
 public:
  using Operation = std::uint64_t;

  explicit History(HistoryOptions options = {}) : options_(options), now_(options.begin) {}

  /// Fills `into` with content that is this write's alone; whole sectors.
  Operation begin_write(std::uint32_t volume, std::uint64_t first_sector, std::span<std::byte> into);
  Operation begin_zero(std::uint32_t volume, std::uint64_t first_sector, std::uint64_t sectors);
  void acknowledge_write(Operation write, bool hardened);
  /// Answered with an error: it may have happened, and may come out after a crash, until it is overwritten.
  void refuse_write(Operation write);

  Operation begin_flush(std::uint32_t volume);
  void acknowledge_flush(Operation flush);
  void refuse_flush(Operation flush) { flushes_.erase(flush); }

  Operation begin_read(std::uint32_t volume, std::uint64_t first_sector, std::uint64_t sectors);
  /// Empty if `data` is legal, else which sector is not, and why.
  [[nodiscard]] std::string end_read(Operation read, std::span<const std::byte> data);
  void refuse_read(Operation read) { reads_.erase(read); }

  /// One command: all pairs share one instant. Copies that are under way at one time must not form a loop.
  Operation begin_copy(std::span<const CopyPair> pairs);
  void acknowledge_copy(Operation copy);
  /// The command failed: nothing happened.
  void refuse_copy(Operation copy);
  /// A withdraw is issued for the copy's pairs onto that volume. Until its end is told, nothing is concluded from reads
  /// of what was the image. May be issued again. Nothing to tell when a copy ends because it is complete.
  void begin_withdraw(Operation copy, std::uint32_t target);
  void acknowledge_withdraw(Operation copy, std::uint32_t target);
  /// There was nothing left to withdraw: the image stays as it was.
  void refuse_withdraw(Operation copy, std::uint32_t target);

  /// The volume was the target of a copy that failed, and is no target any more: all that it held is unknown.
  void lose(std::uint32_t volume);

  /// Everything in flight is cut off. Copies then wait in `undecided` until the restarted server says if they exist;
  /// withdraws go on until the restarted server says how they ended.
  void crash();
  [[nodiscard]] std::vector<Operation> undecided_copies() const;
  void decide_copy(Operation copy, bool exists);

  /// The volume is new: all zeros, in no copy.
  void reset_volume(std::uint32_t volume);
  /// Sectors with a history of their own, ascending.
  [[nodiscard]] std::vector<std::uint64_t> touched(std::uint32_t volume) const;
  [[nodiscard]] std::uint64_t sectors_checked() const noexcept { return sectors_checked_; }

 private:
  struct Write {
    std::uint32_t volume = 0;
    std::uint64_t first_sector = 0;
    std::vector<VersionRef> versions;  ///< One for each sector.
  };
  struct Flush {
    std::uint32_t volume = 0;
    Instant begin = 0;
  };
  struct Read {
    std::uint32_t volume = 0;
    std::uint64_t first_sector = 0;
    std::uint64_t sectors = 0;
  };
  struct Copy {
    enum class State : std::uint8_t { open, undecided, established };
    State state = State::open;
    Instant begin = 0;
    Instant end = kNever;
    std::vector<CopyPair> pairs;
    std::shared_ptr<CutWindow> cut;
    /// The image versions, by target and sector.
    std::map<std::pair<std::uint32_t, std::uint64_t>, VersionRef> images;
    std::map<std::uint32_t, Instant> withdrawing;  ///< Targets, and when that was issued.
    std::map<std::uint32_t, Instant> withdrawn;    ///< Targets, and when that was acknowledged.
  };
  struct Volume {
    SectorMap sectors;
    std::vector<VersionRef> volatile_writes;  ///< Acknowledged and not hardened, in the order of acknowledgement.
  };

  Instant tick() noexcept { return ++now_; }
  [[nodiscard]] Instant oldest_read() const noexcept { return reads_.empty() ? now_ : reads_.begin()->first; }
  Operation begin_versions(std::uint32_t volume, std::uint64_t first_sector, std::uint64_t sectors, bool tagged,
                           Instant now);
  Register& sector(std::uint32_t volume, std::uint64_t number);
  void add_version(std::uint32_t volume, std::uint64_t number, const VersionRef& version);
  void offer_to_images(std::uint32_t volume, std::uint64_t number, const VersionRef& version, Instant since);
  void add_image(Copy& copy, const CopyPair& pair, std::uint64_t target_sector);
  void settle_copy(Copy& copy, Instant now);
  void settle_image(Register& target, Version& image, Instant now);
  void drop_images(Copy& copy);
  void harden_sources(const Copy& copy);
  static VersionRef forget_image(Register& target, const Version& image, Instant now);
  static void harden(Volume& volume, Instant before);

  HistoryOptions options_;
  Instant now_ = 0;
  Instant last_crash_ = 0;
  std::uint64_t sectors_checked_ = 0;
  std::map<std::uint32_t, Volume> volumes_;
  std::map<Operation, Write> writes_;
  std::map<Operation, Flush> flushes_;
  std::map<Operation, Read> reads_;  ///< By the instant they began.
  std::map<Operation, Copy> copies_;
};

}  // namespace tt::sim
