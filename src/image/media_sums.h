// SPDX-License-Identifier: Apache-2.0
// Checksums of what the ranks hold: a shard's pages of the checksum areas in memory, and the only way in which it reads
// or writes media without being lied to (docs/formats.md, "Checksums of tracks").
//
// Invariant, of each grain of a medium: if a page says that its sum is known, the durable content of the grain has that
// sum, or the grain's track is *open* in the newest durable version of the page. An open track is one that may have
// been written since; whoever finds one after a crash takes what the page says of it as void. So no other part has to
// know what was under way when an image ended, and a crash can never make good data look damaged.
//
//   announce()  the tracks are open, durably; until the write has ended no version of the page closes them
//   begin()     the medium may change from now on: readers that find a mismatch wait for the end and read again
//   end()       the data is durable and its sums are known; or it is not, and nothing is known
//   writer      closes tracks that have rested: writes the page, with the sums, and flushes. Nobody waits for that
//
// A version of a page goes to the place of the older one, and the next one begins only when it is durable, so a whole
// one is there at every moment.
//
// Whose space it is: a page belongs to the map of written tracks of one volume. When space changes hands the pages of
// its former owner go, before somebody else can get it (forget()); on disk they are void by their owner.
//
// Memory: `most_pages`, and beyond them what batches in flight need. Destage, copies and placed writes do not begin
// while too many pages are changed. A rank that takes no more writes is verified as
// before: nothing of it changes, and what was under way when it failed is unknown, or open on the medium.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/crc32c.h"
#include "base/result.h"
#include "image/frames.h"
#include "media/sum_page.h"
#include "runtime/scope.h"
#include "runtime/task.h"

namespace tt::image {

class Shard;
struct RankShare;

struct MediaSumsOptions {
  static constexpr std::uint64_t kPageBytes = 2800;  ///< Of memory, about.

  bool keep = false;                  ///< An image that has kept them once keeps them for good.
  std::uint32_t most_pages = 4096;    ///< Of a shard; each speaks of 2 MiB.
  rt::TimeNs rest = 5 * rt::kSecond;  ///< So long a track stays open after its last write.
  bool verify = true;                 ///< Without, sums are kept and not compared.
};

inline std::uint32_t grain_sum(std::span<const std::byte> grain) noexcept {
  return crc32c(0, grain);
}

class MediaSums {
 public:
  class Page;

  /// A write of some grains of one track.
  struct Change {
    RankShare* rank = nullptr;
    Generation owner;
    std::uint64_t offset = 0;  ///< Of the track, on the rank's disk.
    GrainMask grains = 0;
    GrainMask lost = 0;     ///< Of these: what is not written of the grain is damaged.
    GrainMask unknown = 0;  ///< Of these: nobody could read what is not written of the grain.
    std::array<std::uint32_t, kTrackGrains> sums{};
    Page* page = nullptr;  ///< From announce() to end().
    bool begun = false;
  };

  MediaSums(Shard& shard, MediaSumsOptions options);
  ~MediaSums();
  MediaSums(const MediaSums&) = delete;
  MediaSums& operator=(const MediaSums&) = delete;

  /// Before the image is used; otherwise media are read and written as if there were no checksums.
  void keep() noexcept { options_.keep = true; }
  [[nodiscard]] bool keeps() const noexcept { return options_.keep; }
  void start(rt::Scope& scope) {
    if (options_.keep) scope.spawn(run());
  }
  void stop() noexcept { stopping_ = true; }
  /// Every track that rests is closed, so that the next start finds all sums. What fails stays open.
  rt::Task<void> close_all();

  /// Whole grains within one stripe; into memory that the disk can read into. `sums` gets those of what was read.
  /// Where none are kept it is a plain read, of any whole blocks. corrupt: some of it is damaged, and has been
  /// reported. `laid_over`, for reads within one track: grains of the track that the reader lays its own data over
  /// anyway. They may be anything; afterwards those of them that did not match, which may be because of a write under
  /// way.
  rt::Task<Result<void>> read(RankShare& rank, Generation owner, std::uint64_t offset, std::span<std::byte> into,
                              std::uint32_t* sums = nullptr, GrainMask* laid_over = nullptr);

  /// Tracks of a read.
  struct Learned {
    std::uint64_t verified = 0;  ///< The sums of all their grains were known.
    std::uint64_t learned = 0;   ///< Some were not, and are now.
    std::uint64_t written = 0;   ///< Some are not, because the track was written meanwhile.
  };
  /// Reads and verifies like read(). What the medium holds of grains of which nothing was known, and which nobody wrote
  /// meanwhile, is what they have to hold from now on. rank_failed.
  rt::Task<Result<Learned>> read_and_learn(RankShare& rank, Generation owner, std::uint64_t offset,
                                           std::span<std::byte> into);
  /// What a grain should be.
  struct Wanted {
    std::optional<std::uint32_t> sum;  ///< If anybody knows.
    bool lost = false;                 ///< A part of it was written when the rest was damaged.
  };
  rt::Task<Wanted> wanted_at(RankShare& rank, Generation owner, std::uint64_t offset);

  /// Afterwards the tracks may be written, but for those of `broken` ranks. Nobody else writes them meanwhile.
  rt::Task<void> announce(std::vector<Change>& changes, std::vector<RankShare*>& broken);
  static void begin(Change& change) noexcept;
  /// Also of changes that did not begin.
  void end(Change& change, bool good) noexcept;

  /// Nobody uses the owner's space any more, and nobody else has it yet.
  rt::Task<void> forget(Generation owner);
  void forget_rank(const RankShare& rank) noexcept;

  /// Writes of media wait until the writer has been there.
  [[nodiscard]] bool too_many_changed() const noexcept { return changed_ > options_.most_pages / 4 * 3; }
  [[nodiscard]] std::size_t page_count() const noexcept { return by_place_.size(); }
  [[nodiscard]] std::size_t changed_count() const noexcept { return changed_; }

#if defined(TWINTRACK_CANARY)
  /// Planted bugs, which the tests must find: data is written though its tracks are not open; every sum is right.
  static inline bool data_before_announcement = false;
  static inline bool matches_everything = false;
#endif

 private:
  class Range;
  struct Version;
  enum class Which : std::uint8_t { rested, any };

  Page& page_at(RankShare& rank, std::uint64_t number);
  std::unique_ptr<Page>& free_slot();
  void erase(Page& page) noexcept;
  rt::Task<void> load(Page& page, Generation owner);
  rt::Task<void> ready(Page& page, Generation owner);
  rt::Task<void> ready_in_turn(const std::vector<Change>& changes, std::size_t& next);
  rt::Task<void> read_places(Page& page, media::FoundSums& found);
  rt::Task<Result<void>> read_and_load(RankShare& rank, Range& range, std::uint64_t offset, std::span<std::byte> into);
  /// The grain, which did not match when it was read together with others, into the same memory.
  rt::Task<Result<void>> read_again(Page& page, std::uint64_t offset, std::span<std::byte> grain);
  [[nodiscard]] bool is_right(const Page& page, std::uint64_t offset, std::uint32_t sum) const noexcept;

  Version begin_version(Page& page, std::uint32_t open);
  rt::Task<void> write_version(Version& version, bool durable);
  rt::Task<void> write_in_turn(std::vector<Version>& versions, std::size_t& next, bool durable);
  /// Ranks that refused.
  rt::Task<std::vector<RankShare*>> write_versions(std::vector<Version>& versions);
  rt::Task<void> flush(RankShare& rank, Result<void>& status);
  rt::Task<std::vector<RankShare*>> write_changed(Which which);
  void note_change(Page& page) noexcept;
  rt::Task<void> run();

  Shard& shard_;
  MediaSumsOptions options_;
  std::vector<std::unique_ptr<Page>> slots_;
  std::vector<std::size_t> free_slots_;
  std::unordered_map<std::uint64_t, Page*> by_place_;
  std::deque<Page*> changed_pages_;  ///< Longest first; also some that are not changed any more.
  std::size_t changed_ = 0;
  std::size_t hand_ = 0;  ///< Where the search for a page that may go continues.
  std::vector<AlignedBytes> buffers_;
  bool stopping_ = false;
};

}  // namespace tt::image
