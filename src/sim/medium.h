// SPDX-License-Identifier: Apache-2.0
// The content of one simulated file: what is durable, and above it the layers that completed or landing writes have put
// into the device's volatile cache. Sparse: a chunk exists when something was written to it.
//
// A write is made of 512-byte sectors that *land* one by one (in groups of the atomic unit). A landed sector is what
// reads see. Per sector the layers keep the order of landing, and the durable bytes are their floor:
//   read    = topmost layer, else durable
//   flush   = the topmost layer that the flush covers becomes durable; what lies below is gone, what lies above stays
//   power   = each layer is kept or not; the topmost kept one becomes durable
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/units.h"

namespace tt::sim {

/// One write's bytes and history, shared by its layers. Whoever makes an image writes megabytes of zeros: these are
/// neither copied nor kept.
struct WriteRecord {
  std::uint64_t id = 0;
  std::uint64_t offset = 0;
  std::span<const std::byte> bytes;  ///< `own`, or of a range of zeros that all records share.
  std::vector<std::byte> own;        ///< Empty: `bytes` are zeros.
  std::uint64_t completed_at = 0;    ///< Clock of the file; 0 while in flight.
  bool damned = false;               ///< Never becomes durable (failed or lying device), though reads still see it.

  /// How a power failure treats it; drawn once.
  enum class Fate : std::uint8_t { undrawn, kept, dropped, each_unit, prefix };
  Fate fate = Fate::undrawn;
  std::uint64_t prefix_bytes = 0;

  WriteRecord() = default;
  WriteRecord(const WriteRecord&) = delete;
  WriteRecord& operator=(const WriteRecord&) = delete;

  [[nodiscard]] std::uint64_t end() const noexcept { return offset + bytes.size(); }
  [[nodiscard]] bool zeros() const noexcept { return own.empty(); }
  void take(std::span<const std::byte> content);
  /// The bytes, to be changed.
  std::span<std::byte> owned();
};
using WriteRef = std::shared_ptr<WriteRecord>;

/// Odds of a power failure, in percent.
struct CrashOdds {
  std::uint32_t keep_everything = 10;  ///< All un-flushed writes of the file survive ...
  std::uint32_t drop_everything = 15;  ///< ... or none; else each write has its own fate:
  std::uint32_t write_kept = 25;
  std::uint32_t write_dropped = 25;
  std::uint32_t write_prefix = 15;  ///< The rest: each unit by itself.
  std::uint32_t unit_garbage = 0;   ///< A unit that would be dropped or kept turns into noise (strong fault model).
};

class Medium {
 public:
  static constexpr std::uint32_t kChunkBytes = 4096;
  static constexpr std::uint32_t kSectorsPerChunk = kChunkBytes / kBlockBytes;
  using Mask = std::uint8_t;  ///< One bit per sector of a chunk.

  explicit Medium(std::uint32_t unit_bytes) : unit_bytes_(unit_bytes) {}

  [[nodiscard]] std::uint32_t unit_bytes() const noexcept { return unit_bytes_; }
  /// The sectors of chunk `chunk` that [offset, end) covers; the range must touch the chunk.
  static Mask sectors_of(std::uint64_t chunk, std::uint64_t offset, std::uint64_t end) noexcept;
  /// Nothing but zeros was ever there: reads have seen nothing else, and will not until something is written.
  [[nodiscard]] bool is_blank(std::uint64_t chunk) const noexcept {
    const Chunk* found = find(chunk);
    return found == nullptr || found->blank;
  }
  /// The content of a write that may have landed is changed.
  void note_change(const WriteRecord& write) noexcept;
  /// Any range of whole sectors.
  void read(std::uint64_t offset, std::span<std::byte> into) const;
  /// Puts the sectors `mask` of chunk `chunk` of a write on top. The write must cover them.
  void land(const WriteRef& write, std::uint64_t chunk, Mask mask);
  /// A successful flush submitted at clock `before`.
  void flush(std::uint64_t before);
  /// A failed flush: each write it covered may have lost its chance to become durable.
  void fail_flush(std::uint64_t before, Random& random);
  /// The landed sectors of one durable write become durable.
  void harden(const WriteRef& write);
  /// Drops superseded layers of chunks that have many; only while no flush is in flight.
  void compact(std::uint64_t chunk);

  /// A power failure; `fate` hears of every (write, offset, unit kept?).
  using FateObserver = std::function<void(const WriteRecord&, std::uint64_t offset, bool kept)>;
  void lose_power(const CrashOdds& odds, Random& random, const FateObserver& fate);

  /// Bytes as they would be if power failed now and no layer survived.
  void read_durable(std::uint64_t offset, std::span<std::byte> into) const;
  /// Replaces durable and visible content of whole sectors at once, behind everyone's back.
  void overwrite(std::uint64_t offset, std::span<const std::byte> from);
  /// The range reads as zeros (or noise) afterwards.
  void discard(std::uint64_t offset, std::uint64_t length, bool noise, Random& random);

  /// Layers that a power failure could still take away.
  [[nodiscard]] std::size_t volatile_layers() const;
  [[nodiscard]] std::size_t chunks() const noexcept { return chunk_count_; }

 private:
  struct Layer {
    WriteRef write;
    Mask mask = 0;
  };
  using Content = std::array<std::byte, kChunkBytes>;
  struct Chunk {
    std::unique_ptr<Content> durable;  ///< Null: zeros.
    std::vector<Layer> layers;
    bool listed = false;  ///< In dirty_.
    bool blank = true;    ///< Nothing but zeros has landed.
  };
  static constexpr std::uint64_t kChunksPerRegion = 256;
  struct Region {
    std::array<std::unique_ptr<Chunk>, kChunksPerRegion> chunks;
  };

  [[nodiscard]] Chunk* find(std::uint64_t chunk) const noexcept;
  Chunk& make(std::uint64_t chunk);
  static void copy_sectors(const Layer& layer, std::uint64_t chunk, Mask mask, std::byte* into);
  static Content& content_of(Chunk& chunk);
  static void make_durable(Chunk& chunk, const Layer& layer, std::uint64_t index, Mask mask);
  /// Makes the topmost layer that `covered` accepts durable, per sector, and drops all below.
  template <class Covered>
  void settle(std::uint64_t index, Chunk& chunk, Covered&& covered);
  template <class Visit>
  void for_each_dirty(Visit&& visit);
  void lose_power(std::uint64_t index, Chunk& chunk, const CrashOdds& odds, WriteRecord::Fate all, Random& random,
                  const FateObserver& fate);
  bool survives(WriteRecord& write, std::uint64_t offset, const CrashOdds& odds, WriteRecord::Fate all, Random& random);

  std::uint32_t unit_bytes_;
  std::map<std::uint64_t, Region> regions_;
  mutable std::pair<std::uint64_t, Region*> last_region_{~std::uint64_t{0}, nullptr};
  std::vector<std::uint64_t> dirty_;
  std::size_t chunk_count_ = 0;
};

/// Ranges of bytes that have space, merged where they touch.
class RangeSet {
 public:
  void add(std::uint64_t begin, std::uint64_t end);
  void remove(std::uint64_t begin, std::uint64_t end);
  /// Bytes of [begin, end) that are not in the set.
  [[nodiscard]] std::uint64_t missing(std::uint64_t begin, std::uint64_t end) const;
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // begin -> end
  std::uint64_t total_ = 0;
};

}  // namespace tt::sim
