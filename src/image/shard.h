// SPDX-License-Identifier: Apache-2.0
// One shard: a journal ring, a checkpoint store, the dirty index, and its share of every volume and relationship. All
// of it is touched only on the shard's reactor; others hop here.
//
// The parts work on the same state and are separate classes for reading's sake:
//   shard_write.cpp / shard_read.cpp   the host path (engine notes 3.1, L of section 4)
//   shard_control.cpp                  what the control plane asks of a shard (3.5, 3.7)
//   shard_loans.cpp                    tracks that targets of one source share (decision 0011)
//   shard_ranges.cpp                   runs of tracks that are copied to other places (decision 0012)
//   shard_pairs.cpp                    mirrored pairs (decision 0020)
//   shard_configuration.cpp            volumes and ranks that change while they are in use
//   batch.{h,cpp}, destager, copier    everything that writes to media (3.3)
//   keeper.{h,cpp}                     checkpoints and the journal's tail (3.11)
//   recovery.cpp                       opening (3.12)
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cache/dirty_index.h"
#include "cache/read_cache.h"
#include "flashcopy/column_plan.h"
#include "flashcopy/share.h"
#include "flashcopy/stripes.h"
#include "image/block_service.h"
#include "image/frames.h"
#include "image/host_load.h"
#include "image/lsn_source.h"
#include "image/media_sums.h"
#include "image/mender.h"
#include "image/read_ahead.h"
#include "image/recorded_tracks.h"
#include "image/relationship_change.h"
#include "image/volume_table.h"
#include "image/write_throttle.h"
#include "journal/map_delta.h"
#include "journal/meta_store.h"
#include "journal/ring.h"
#include "media/rank.h"
#include "mirror/message.h"
#include "runtime/disk.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"
#include "runtime/sync.h"
#include "volume/config.h"

namespace tt::image {

class Shard;

/// 256 TiB: bounds the index, not the personality's limit.
inline constexpr std::uint64_t kMaxVolumeTracks = 256_TiB / kTrackBytes;

/// What a shard asks of the control shard. Called on the shard's reactor; answered there.
class ControlLink {
 public:
  virtual ~ControlLink() = default;
  /// Gives the extent to the volume, durably, and tells all shards. no_space, volume_not_found.
  virtual rt::Task<Result<void>> allocate_extent(Shard& from, VolumeHandle volume, std::uint32_t extent_number) = 0;
  /// Durable before it returns: from then on the target is lost and the source may be overwritten (engine notes T21).
  virtual rt::Task<Result<void>> fail_relationship(Shard& from, Generation relationship) = 0;
  /// Durable before it returns: no shard takes a write to the source until the relationship is gone.
  virtual rt::Task<Result<void>> inhibit_source(Shard& from, Generation relationship) = 0;
  /// One whole track of the volume as hosts see it, from the shard that owns it.
  virtual rt::Task<Result<void>> read_track(Shard& from, VolumeHandle volume, std::uint64_t track,
                                            std::span<std::byte> into) = 0;
  /// What the rank has at that track, be it right or not. busy while the volume is held; object_not_found: it has
  /// nothing there.
  virtual rt::Task<Result<void>> read_medium(Shard& from, VolumeHandle volume, std::uint64_t track,
                                             std::span<std::byte> into) = 0;
  /// Afterwards the target of the range copy holds its track: in this shard's journal, or durable in another one's.
  virtual rt::Task<Result<void>> fill_track(Shard& from, Generation range_copy, std::uint64_t track) = 0;
  virtual rt::Task<Result<void>> fail_rank(Shard& from, std::uint16_t rank) = 0;
  /// What any shard had written to the rank before is durable, or rank_failed.
  virtual rt::Task<Result<void>> flush_rank(Shard& from, std::uint16_t rank) = 0;
  /// A share of the relationship has no uncopied track left; the relationship may have ended (3.7, T24).
  virtual void share_drained(Shard& from, Generation relationship) noexcept = 0;
  /// A medium has lost a grain of the track: what it holds is not what was written.
  virtual void track_damaged(Shard& from, VolumeId volume, std::uint64_t track) noexcept = 0;
  /// The shard's checkpoint file takes no more writes.
  virtual void checkpoint_failed(Shard& from) noexcept = 0;
};

enum class Acknowledge : std::uint8_t {
  hardened,   ///< Every write is answered after it is durable.
  as_cached,  ///< Only FUA writes and flushes wait: the protocol's volatile cache semantics.
};

/// Which writes of whole tracks go to their place at once (shard_place.cpp).
struct PlaceOptions {
  std::uint32_t long_run_tracks = 4;  ///< Shorter runs go through the journal, which answers sooner, ...
  std::uint32_t many_writes = 3;      ///< ... while fewer writes of whole tracks are in flight.
  /// With volatile answers the journal takes long runs, too, at the speed of memory, until this part of what hosts may
  /// fill is full; shorter ones always.
  std::uint32_t volatile_from_permille = 250;
};

struct ShardOptions {
  std::uint32_t id = 0;
  flashcopy::Stripes stripes;
  Acknowledge acknowledge = Acknowledge::hardened;
  std::size_t batch_frames = 256;   ///< Memory of a batch, in 64 KiB; at least ColumnPlan::kMostStepBytes.
  std::uint32_t active_copies = 4;  ///< Background copies that work at the same time (spec 1.8).
  /// Memory for partial tracks, 4 KiB each: a page speaks of 128 MiB of a volume.
  std::uint32_t most_preserved_pages = 16384;
  /// What the first map of a renewed relationship may take of the journal, one part in so many; a longer list of runs
  /// is made coarser where that is as right.
  std::uint32_t map_share = 64;
  PlaceOptions place;
  std::uint64_t read_cache_bytes = 0;  ///< 0: every read of clean data goes to its medium.
  MediaSumsOptions sums;
};

/// What the read cache did since the start; only for people.
struct ReadCacheCounters {
  std::uint64_t hit_bytes = 0;     ///< That no medium was asked for.
  std::uint64_t missed_bytes = 0;  ///< Read from a medium for hosts.
  std::uint64_t held_bytes = 0;    ///< Now.
  std::uint64_t capacity_bytes = 0;
  ReadAheadCounters ahead;
};

/// What happened to a rank in this shard since the start; only for people.
struct RankCounters {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t read_ns = 0;
  std::uint64_t write_ns = 0;
};

/// A shard's way to a rank.
struct RankShare {
  std::uint16_t id = 0;
  std::unique_ptr<rt::Disk> disk;
  media::RankLayout layout;
  bool failed = false;
  /// A failed flush damns every write since the last good one, also those of other batches and shards, and may be
  /// reported only once (engine notes T22). So only the control shard flushes, one flush of a rank after the other, and
  /// after a failure none succeeds. In the other shards these three are unused.
  std::unique_ptr<rt::Mutex> flush_lock;
  std::uint64_t flushes_begun = 0;
  bool suspect = false;
  RankCounters counters;
};

/// Where one track lies; `rank` null when no extent is allocated.
struct MediaAddress {
  RankShare* rank = nullptr;
  std::uint64_t offset = 0;
};

/// Who reads, and so which way.
enum class Reader : std::uint8_t {
  host,    ///< From the read cache and into it.
  stream,  ///< The same, and it may find what was read ahead.
  copy,    ///< From the read cache; what is read once for a copy is not worth keeping.
  medium,  ///< Past the read cache, for those who want to know what the medium holds.
};

struct RelationshipCounts {
  std::uint64_t uncopied = 0;  ///< Borrowed tracks included: the target does not hold them itself.
  std::uint64_t owed = 0;      ///< Of these; copied as far as anybody can see.
  std::uint64_t copied_in_background = 0;
  std::uint64_t copy_bytes_per_second = 0;
};

struct PairCounts {
  std::uint64_t marked = 0;     ///< Tracks that the other end may not have.
  std::uint64_t sent = 0;       ///< Since the start.
  bool pass_completed = false;  ///< Each that was marked at the beginning has arrived once.
};

/// What a write from the source of a pair carries: it passes only where both are those of the target.
struct MirrorFrame {
  Generation pair;
  std::uint64_t epoch = 0;
};

/// Of the relationships that exist or are saved: limits that shards keep together.
using CopyRateTable = std::map<Generation, std::shared_ptr<flashcopy::CopyRate>>;

class Shard {
 public:
  Shard(rt::Reactor& reactor, ShardOptions options, LsnSource& lsns, ControlLink& control);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  [[nodiscard]] rt::Reactor& reactor() noexcept { return reactor_; }
  [[nodiscard]] const ShardOptions& options() const noexcept { return options_; }

  // --- host path: ranges in 512-byte blocks that lie within one stripe of this shard ---
  rt::Task<Result<void>> read(VolumeHandle volume, std::uint64_t block, std::span<std::byte> into);
  rt::Task<Result<void>> write(VolumeHandle volume, std::uint64_t block, std::span<const std::byte> from, bool fua);
  rt::Task<Result<void>> zero(VolumeHandle volume, std::uint64_t block, std::uint64_t block_count, bool deallocate,
                              bool fua);
  /// Everything inserted in this shard so far is hardened.
  rt::Task<Result<void>> flush();
  struct TrackStatus {
    bool hole = false;
    bool zero = false;
  };
  [[nodiscard]] Result<TrackStatus> status(VolumeHandle volume, std::uint64_t track) const;

  // --- configuration, from the control plane ---
  void add_rank(RankShare rank);
  void mark_rank_failed(std::uint16_t rank) noexcept;
  void add_volume(const volume::VolumeConfig& config, std::uint64_t extent_bytes);
  void install_extent(VolumeHandle volume, std::uint32_t extent_number, volume::ExtentRef extent);
  /// Refuses hosts and ends when no batch and no read uses the volume any more. Its data is all still there.
  rt::Task<void> retire_volume(VolumeId id);
  /// After its removal is durable: dirty data and maps go.
  void forget_volume(Generation generation);
  /// Extents and maps of a volume that becomes larger; hosts see the new end with set_block_count(), when all shards
  /// have it.
  void grow_volume(const volume::VolumeConfig& config);
  void set_block_count(VolumeId id, std::uint64_t block_count) noexcept;
  /// Holds host I/O of the volume and ends when no batch and no read uses it; release_volume() ends that.
  rt::Task<void> hold_volume(VolumeId id);
  void release_volume(VolumeId id) noexcept;
  /// The volume is held and its release of space durable: it has no extents and reads as zeros.
  void empty_volume(const volume::VolumeConfig& config);
  /// Nobody uses the volume's space, which is about to change hands: what is known of it goes.
  rt::Task<void> forget_sums(VolumeId id);
  /// The rank holds no extents and its removal is durable.
  void remove_rank(std::uint16_t rank) noexcept;
  /// Makes sure that writes to the extent cannot fail for lack of space.
  rt::Task<Result<void>> reserve_extent(volume::ExtentRef extent, std::uint64_t extent_bytes);

  // --- FlashCopy, from the control plane (engine notes 3.5 and 3.7) ---
  /// Holds host I/O of `held` and brings all dirty data of `drained`, some of them, to the media. timed_out.
  rt::Task<Result<void>> hold(std::span<const VolumeId> held, std::span<const VolumeId> drained);
  /// Waits for what is in flight on held volumes, lets no batch touch them, and fences destage at the newest Lsn.
  rt::Task<void> fence(std::span<const VolumeId> held);
  /// What a target holds behind its source's end in the source's last, short track. Targets are held.
  rt::Task<Result<void>> read_own_ends(std::span<const volume::Relationship> relationships);
  /// After T0 is drawn: gives it to the targets as writes younger than T0. busy: no journal space just now.
  Result<void> write_own_ends();
  void install(std::span<const volume::Relationship> relationships);
  void install_saved(const volume::Relationship& relationship);
  // --- loans (shard_loans.cpp) ---
  void install_loans(std::span<const volume::Loan> loans);
  /// Nothing is lent by them any more; the number of tracks that are.
  [[nodiscard]] std::vector<std::uint64_t> close_loans(std::span<const Generation> loans);
  /// Their tracks are brought to the borrowers as fast as can be; also loans that are closed.
  void pay_loans(std::span<const Generation> loans);
  // --- range copies (shard_ranges.cpp); the volumes are held while one is installed ---
  void install_ranges(const volume::RangeCopy& copy);
  /// What is left of it; tracks that no run names any more show what T has there. Nothing left: it goes.
  void change_ranges(Generation range_copy, std::span<const volume::TrackRun> runs);
  /// The target's track, which this shard owns, is filled with the source's if it is pending. io_error: the copy has
  /// failed.
  rt::Task<Result<void>> fill_track(Generation range_copy, std::uint64_t track);
  // --- mirrored pairs (shard_pairs.cpp) ---
  /// From its start on a source marks what is written, and a target refuses hosts; nothing is sent or taken yet.
  rt::Task<void> install_pair(volume::PairConfig pair);
  void load_pair(const volume::PairConfig& pair);
  /// Nothing is sent or taken any more, until apply_pair().
  void stop_pair(Generation pair, bool becomes_target) noexcept;
  /// Its record is durable, or it is as it was.
  void apply_pair(const volume::PairConfig& pair);
  void drop_pair(Generation pair);
  [[nodiscard]] std::optional<PairCounts> pair_counts(Generation pair) const;
  /// As write(), hardened, for a frame of the pair; without data zeros, whose space is given back. wrong_pair_state:
  /// the detail is the mirror::AnswerCode.
  rt::Task<Result<void>> write_mirrored(MirrorFrame frame, VolumeHandle volume, std::uint64_t block,
                                        std::uint64_t block_count, const std::byte* data);
  /// Bits of these tracks that the shard owns are set in `into`, the first track in the lowest bit.
  void read_marks(Generation pair, std::uint64_t first_track, std::uint64_t track_count,
                  std::span<std::byte> into) const noexcept;
  /// The shard's of them become marks, durably.
  rt::Task<Result<void>> add_marks(Generation pair, std::uint64_t first_track, std::vector<std::byte> bits);
  rt::Task<Result<void>> mark_all(Generation pair);
  [[nodiscard]] const auto& pairs() const noexcept { return pairs_; }
  [[nodiscard]] flashcopy::PairShare* find_pair(Generation pair) const noexcept;
  /// Marks of tracks that have arrived fall. False if the journal has no room for that just now.
  bool note_arrivals();

  /// Without regard to holds of the volume.
  rt::Task<Result<void>> read_track(VolumeHandle volume, std::uint64_t track, std::span<std::byte> into);
  rt::Task<Result<void>> read_medium(VolumeHandle volume, std::uint64_t track, std::span<std::byte> into);
  struct RangeCounts {
    std::uint64_t pending = 0;
    std::uint64_t copied = 0;
  };
  [[nodiscard]] RangeCounts range_counts(Generation range_copy) const noexcept;
  /// What the volume shows is about to change without a write: its recordings as a source learn of all of it
  /// (spec 1.6). Too much is recorded if it does not happen after all. busy: no journal space just now.
  /// Nothing is recorded for relationships of `retired`.
  Result<void> record_logical_change(VolumeId volume, std::span<const Generation> retired);
  /// Whether a younger relationship onto a further volume still finds tracks through this one: they would be lost with
  /// it.
  [[nodiscard]] bool serves_a_child(Generation relationship) const;
  /// Beside the relationships that it will retire. busy, and nothing has changed: no journal space just now.
  Result<void> install_renewals(const RelationshipChange& change);
  rt::Task<Result<void>> harden_all();
  /// After the record of the change is durable (or, with false, will never be): entries of new targets below T0 are
  /// void and what was replaced goes; or the new shares go.
  void conclude_change(const RelationshipChange& change, bool committed);
  /// The fence that is up never ends; room in the journal is not expected any more.
  void stay_fenced() noexcept;
  /// Ends fence and hold.
  void release(std::span<const VolumeId> held);
  /// After CommitRevertible or RevertRelationships is durable.
  void commit_revertible(Generation relationship, Generation saved);
  void revert_relationship(Generation relationship, Generation saved);
  /// Fences destage at the newest Lsn and ends when every batch has ended that may copy a track which will not be owed.
  rt::Task<void> prepare_withdraw(std::span<const Generation> relationships);
  /// From now on no track of it becomes partial, and those that are become whole; how many are left. Again and again,
  /// and with request_drain(), until there are none.
  rt::Task<std::uint64_t> complete_tracks(Generation relationship);
  void let_tracks_be_partial(Generation relationship) noexcept;
  /// Relationships that were closed, or will not be.
  void finish_withdraw(std::span<const Generation> relationships);
  /// After WITHDRAW is durable: only tracks owed at `at` stay uncopied. True if nothing is owed here.
  bool close_relationship(Generation relationship, Lsn at);
  void remove_relationship(Generation relationship);
  void start_background_copy(Generation relationship) noexcept;
  /// After opening: without a rate nothing is copied in background.
  void follow_copy_rates(const CopyRateTable& rates);
  /// Host writes wait; numbers grow. thaw() ends holds up to that number.
  void freeze(VolumeId source, std::uint64_t number) noexcept;
  void thaw(VolumeId source, std::uint64_t number) noexcept;
  /// The image stops: they end with shutting_down, now and later.
  void refuse_held_writes() noexcept;
  [[nodiscard]] bool writes_wait(VolumeHandle volume) const noexcept;
  void mark_relationship_failed(Generation relationship) noexcept;
  void mark_source_inhibited(Generation relationship) noexcept;
  [[nodiscard]] std::optional<RelationshipCounts> counts(Generation relationship) const;
  /// No journal space can be expected any more: what needs some is refused.
  [[nodiscard]] bool no_more_room() const noexcept { return tail_stuck_ || ring_->failed(); }
  /// Destage these first; used when something waits for owed tracks or for an empty cache.
  void request_drain(bool on) noexcept;
  /// Relationships stay as they are for as long as a test looks at them.
  void hold_background_copy(bool on) noexcept { copy_held_ = on; }
  /// On the control shard, for all shards: those that ask during a flush share the next one.
  rt::Task<Result<void>> flush_rank(std::uint16_t rank);
  [[nodiscard]] RankCounters rank_counters(std::uint16_t rank) const noexcept {
    return rank < ranks_.size() ? ranks_[rank].counters : RankCounters{};
  }
  [[nodiscard]] ReadCacheCounters read_cache_counters() const noexcept;
  void start_read_ahead(rt::Scope& scope) {
    if (read_ahead_) read_ahead_->start(scope);
  }
  void stop_read_ahead() noexcept {
    if (read_ahead_) read_ahead_->stop();
  }
  [[nodiscard]] MediaSums& sums() noexcept { return *sums_; }
  [[nodiscard]] Mender& mender() noexcept { return *mender_; }
  /// The grains at that place of the rank, which belong to a volume with this map of written tracks: they are repaired,
  /// or people are told.
  void report_damage(Generation owner, const RankShare& rank, std::uint64_t offset, std::uint64_t bytes);
  [[nodiscard]] bool background_idle() const noexcept { return batches_in_flight_ == 0; }

  // --- shared with the parts below ---
  [[nodiscard]] flashcopy::VolumeShare* find(VolumeId id) const noexcept;
  [[nodiscard]] flashcopy::VolumeShare* find(VolumeHandle handle) const noexcept;
  /// Ascending by id.
  template <class Visit>
  void for_each_volume(Visit visit) const {
    volumes_.for_each(visit);
  }
  [[nodiscard]] MediaAddress address_of(const flashcopy::VolumeShare& volume, std::uint64_t local_track) noexcept;
  [[nodiscard]] std::uint64_t global_of(std::uint64_t local_track) const noexcept {
    return options_.stripes.to_global(options_.id, local_track);
  }
  /// Appends a BITS record and applies it to the maps in the same turn; the slot to harden.
  journal::SlotSeq append_bits(const std::vector<journal::MapDelta>& deltas);
  /// Whether there is memory for more partial tracks.
  [[nodiscard]] flashcopy::Preserve preserve() const noexcept;
  void collect_garbage();

  /// Entries above it may not be destaged (I10).
  [[nodiscard]] Lsn fence() const noexcept { return fence_; }
  journal::Ring& ring() noexcept { return *ring_; }
  journal::MetaStore& store() noexcept { return *store_; }
  cache::DirtyIndex& index() noexcept { return *index_; }
  LsnSource& lsns() noexcept { return lsns_; }
  ControlLink& control() noexcept { return control_; }

 private:
  friend class Batch;
  friend class Destager;
  friend class Copier;
  friend class Keeper;
  friend class Mender;
  friend class PairSender;
  friend class RangeCopier;
  friend class ReadAhead;
  friend class Recovery;
  friend class Scrubber;
  friend class Verifier;

  struct Piece {
    std::uint64_t local_track = 0;
    std::uint16_t first_block = 0;
    std::uint16_t block_count = 0;
  };
  [[nodiscard]] Piece piece_at(std::uint64_t block, std::uint64_t blocks_left) const noexcept;

  enum class Admission : std::uint8_t { go, again };
  /// `frame` of a write that comes from the source of a pair, else null.
  rt::Task<Result<Admission>> admit_write(VolumeHandle handle, Piece piece, std::uint64_t payload_bytes,
                                          const MirrorFrame* frame);
  [[nodiscard]] Result<void> may_write(const flashcopy::VolumeShare& volume, const MirrorFrame* frame) const noexcept;
  [[nodiscard]] bool no_room_for(std::uint64_t payload_bytes) const noexcept;
  [[nodiscard]] bool may_read(const flashcopy::VolumeShare& volume) const noexcept;
  rt::Task<Result<void>> set_marks(Generation pair, std::vector<journal::TrackRun> runs);
  void imply_marks(flashcopy::VolumeShare& volume, const journal::RecordHeader& record) noexcept;
  void note_marks(flashcopy::VolumeShare& volume, Piece piece, const MirrorFrame* frame) noexcept;
  [[nodiscard]] std::uint64_t fill_permille() const noexcept;
  [[nodiscard]] rt::TimeNs pause_before(VolumeHandle handle, std::uint64_t bytes) noexcept;
  rt::Task<Result<Admission>> admit_space(VolumeHandle handle, Piece piece, std::uint64_t payload_bytes);
  Result<journal::SlotSeq> insert_write(flashcopy::VolumeShare& volume, Piece piece, std::span<const std::byte> data,
                                        bool deallocate, const MirrorFrame* frame = nullptr);
  rt::Task<Result<void>> write_pieces(VolumeHandle handle, std::uint64_t block, std::uint64_t block_count,
                                      const std::byte* data, bool deallocate, bool fua,
                                      const MirrorFrame* frame = nullptr);
  // --- whole tracks to their place at once (shard_place.cpp) ---
  [[nodiscard]] bool may_place(std::uint64_t block, std::uint64_t block_count) const noexcept;
  std::uint64_t latch_placeable(flashcopy::VolumeShare& volume, std::uint64_t block, std::uint64_t block_count,
                                const std::byte* data, MediaAddress& start);
  /// In the turn in which may_place() was true. How many tracks from `block` on were written and made durable; 0: the
  /// write has to go through the journal.
  rt::Task<Result<std::uint64_t>> place(VolumeHandle handle, std::uint64_t block, std::uint64_t block_count,
                                        const std::byte* data);
  /// What a read of these blocks has seen may be on its way and not durable yet: ends when it is; an error if that
  /// failed.
  rt::Task<Result<void>> wait_for_placed(const flashcopy::VolumeShare& volume, std::uint64_t block,
                                         std::uint64_t block_count);
  [[nodiscard]] bool places_now() const noexcept;
  rt::Task<Result<void>> harden_answered();
  rt::Task<Result<void>> write_placed(flashcopy::VolumeShare& volume, MediaAddress at, std::uint64_t first_track,
                                      std::span<const std::byte> data, Lsn lsn);
  rt::Task<Result<void>> write_in_place(flashcopy::VolumeShare& volume, MediaAddress at,
                                        std::span<const std::byte> data);
  rt::Task<Result<void>> keep_unplaced(flashcopy::VolumeShare& volume, RankShare& rank, std::uint64_t first_track,
                                       std::span<const std::byte> data);
  [[nodiscard]] bool needs_record(const flashcopy::VolumeShare& volume, std::uint64_t first_track,
                                  std::uint64_t count) const noexcept;
  journal::SlotSeq append_placed(flashcopy::VolumeShare& volume, std::uint64_t first_track, std::uint64_t count,
                                 Lsn lsn);
  [[nodiscard]] bool is_fenced() const noexcept { return fence_.value != ~std::uint64_t{0}; }
  [[nodiscard]] bool is_noop_zero(const flashcopy::VolumeShare& volume, Piece piece) const noexcept;
  [[nodiscard]] const flashcopy::RelationshipShare* child_without_space(const flashcopy::VolumeShare& source,
                                                                        std::uint64_t local_track) const noexcept;
  rt::Task<Result<void>> give_space(Generation relationship, std::uint64_t global_track);

  [[nodiscard]] flashcopy::RangeShare* find_range(Generation range_copy) const noexcept;
  rt::Task<Result<void>> fill_from_source(Generation range_copy, std::uint64_t track);
  /// Before a write to the source: wherever the track is pending it is filled.
  rt::Task<Result<void>> serve_ranges(Generation range_copy, std::uint64_t local_track);
  rt::Task<Result<void>> fail_range(Generation range_copy);
  /// False if the track is not pending any more: it must be read anew.
  rt::Task<Result<bool>> read_pending(flashcopy::VolumeShare& volume, Piece piece, std::span<std::byte> into);
  /// A write with that Lsn is in the journal.
  void imply_filled(flashcopy::VolumeShare& volume, std::uint64_t local_track, std::uint16_t block_count, Lsn lsn);
  void report_if_filled(const flashcopy::VolumeShare& target);

  [[nodiscard]] bool is_plain(const flashcopy::VolumeShare& volume, std::uint64_t local_track) const noexcept;
  rt::Task<Result<void>> read_for_host(flashcopy::VolumeShare& volume, MediaAddress from, std::uint64_t first_block,
                                       std::span<std::byte> into, Reader reader, GrainMask laid_over = 0);
  /// What comes back has the checksum it should have; corrupt.
  /// `laid_over` as in MediaSums::read().
  rt::Task<Result<void>> read_media(const flashcopy::VolumeShare& volume, MediaAddress from, std::uint64_t first_block,
                                    std::span<std::byte> into, GrainMask* laid_over = nullptr);
  /// These two: true if a medium was read. The blocks of a piece come the same way.
  rt::Task<Result<bool>> read_mixed(flashcopy::VolumeShare& volume, Piece piece, std::span<std::byte> into,
                                    Reader reader);
  rt::Task<Result<bool>> read_span(flashcopy::VolumeShare& volume, std::uint64_t block, std::span<std::byte> into,
                                   Reader reader);
  [[nodiscard]] bool may_be_mended(const Error& error) const noexcept;
  /// After the mender has had its turn.
  rt::Task<Result<void>> read_again(VolumeHandle handle, std::uint64_t block, std::span<std::byte> into);
  [[nodiscard]] Reader reader_of(flashcopy::VolumeShare& volume, std::uint64_t block, std::uint64_t block_count);
  /// How many bytes from the front on the read cache had.
  std::size_t read_cached(cache::Place place, std::span<std::byte> into, Reader reader) noexcept;
  // --- around every write of a rank's data area (invariants of cache/read_cache.h) ---
  void begin_media_write(const RankShare& rank, std::uint64_t offset, std::uint64_t bytes) noexcept {
    if (read_cache_) read_cache_->begin_write({rank.id, offset}, bytes);
  }
  void end_media_write(const RankShare& rank, std::uint64_t offset, std::span<const std::byte> bytes,
                       bool good) noexcept {
    if (read_cache_) read_cache_->end_write({rank.id, offset}, bytes, good);
  }
  std::uint64_t plain_run(flashcopy::VolumeShare& volume, std::uint64_t block, std::uint64_t block_count,
                          MediaAddress& start);

  void apply_delta(const journal::MapDelta& delta) noexcept;
  void apply_preserved(flashcopy::RelationshipShare& share, const journal::MapDelta& delta) noexcept;
  void drop_preserved(flashcopy::RelationshipShare& share);
  [[nodiscard]] volume::TrackMap* find_map(const journal::MapKey& key) noexcept;
  /// Saved ones included; those have maps and no effect.
  [[nodiscard]] flashcopy::RelationshipShare* find_share(Generation generation) noexcept;
  /// Leaves out updates whose rank takes no writes any more; their entries stay in the journal.
  void drop_unwritable(flashcopy::ColumnPlan& plan);
  void raise_fence() noexcept;
  void lower_fence() noexcept;
  rt::Task<void> running_batches_end();
  std::uint64_t begin_batch();
  void end_batch(std::uint64_t number);
  void drop_share(flashcopy::RelationshipShare& share) noexcept;
  std::unique_ptr<flashcopy::RelationshipShare> make_share(const volume::Relationship& r);
  /// Everything this shard knows of it goes, its maps in the checkpoint included.
  void discard_share(std::unique_ptr<flashcopy::RelationshipShare> share);
  rt::Task<Result<void>> drain_held(std::span<const VolumeId> volumes);
  void record_younger(flashcopy::RelationshipShare& share) noexcept;
  void save_relationship(Generation generation);
  void link_share(flashcopy::RelationshipShare& share) noexcept;
  void remove_loans_onto(const flashcopy::VolumeShare& borrower, std::span<const volume::Loan> but);
  /// Nothing can come over a loan that has failed; when the borrower is in no relationship any more, what its own
  /// medium holds shows.
  void forget_failed_loan(flashcopy::RelationshipShare& loan) noexcept;
  void report_if_paid(flashcopy::RelationshipShare& loan) noexcept;
  /// A write with that Lsn is in the journal: what it means for the maps of recording relationships.
  void imply_changes(flashcopy::VolumeShare& volume, std::uint64_t local_track, Lsn lsn) noexcept;
  void report_if_drained(flashcopy::RelationshipShare& share) noexcept;

  rt::Reactor& reactor_;
  ShardOptions options_;
  LsnSource& lsns_;
  ControlLink& control_;
  std::unique_ptr<journal::Ring> ring_;
  std::unique_ptr<journal::MetaStore> store_;
  std::unique_ptr<cache::DirtyIndex> index_;
  std::unique_ptr<cache::ReadCache> read_cache_;  ///< Null if it is switched off.
  ReadCacheCounters read_cache_counters_;
  FramePool frames_;
  std::unique_ptr<MediaSums> sums_;
  std::unique_ptr<Mender> mender_;

  VolumeTable volumes_;
  std::map<Generation, flashcopy::VolumeShare*> volume_of_generation_;
  std::map<Generation, std::unique_ptr<flashcopy::RelationshipShare>> relationships_;
  std::map<Generation, std::unique_ptr<flashcopy::RangeShare>> ranges_;
  std::map<Generation, std::unique_ptr<flashcopy::PairShare>> pairs_;
  std::map<Generation, flashcopy::PairShare*> pair_of_marks_;  ///< By the key of its marks.
  rt::WaitQueue filled_;                                       ///< A track of a range copy, or it failed.
  std::deque<RankShare> ranks_;  ///< By rank id; those that a batch works with stay where they are.
  /// What revertible relationships were before; linked to no volume.
  std::map<Generation, std::unique_ptr<flashcopy::RelationshipShare>> saved_relationships_;
  std::vector<std::unique_ptr<flashcopy::VolumeShare>> removed_volumes_;
  std::vector<std::unique_ptr<flashcopy::RelationshipShare>> removed_relationships_;
  std::vector<journal::MapKey> removed_maps_;  ///< To be dropped from the checkpoint.

  std::vector<journal::StoredBlob> loaded_blobs_;  ///< Between open and load only.

  struct OwnEnd {
    VolumeId target;
    Piece piece;
    std::vector<std::byte> bytes;
  };
  std::vector<OwnEnd> own_ends_;  ///< Of the establish under way.

  bool refusing_held_writes_ = false;
  Lsn fence_{~std::uint64_t{0}};
  bool stays_fenced_ = false;  ///< It does not move any more.
  std::uint32_t batches_in_flight_ = 0;
  std::uint32_t preserved_pages_ = 0;
  RecordedTracks recorded_tracks_;
  /// A write that goes to its place at once, in flight.
  struct PlacedRun {
    std::uint64_t number = 0;
    Generation volume;
    std::uint64_t first_track = 0;
    std::uint64_t track_count = 0;
    std::optional<Error> failed;  ///< It was refused; until the next start it may be there or not.
  };
  std::vector<PlacedRun> placed_runs_;
  std::uint64_t last_placed_run_ = 0;
  rt::WaitQueue placed_run_ended_;
  std::uint32_t big_writes_ = 0;  ///< In flight, of whole tracks.
  /// Numbers of the batches under way; one that stopped for want of a journal is in flight for ever, but not in here.
  std::vector<std::uint64_t> running_batches_;
  std::uint64_t last_batch_ = 0;
  rt::WaitQueue batch_ended_;
  std::uint32_t drain_requests_ = 0;
  bool copy_held_ = false;
  rt::WaitQueue room_;       ///< Writers that wait for journal space or a smaller index.
  bool tail_stuck_ = false;  ///< The checkpoint store failed: journal space will never come back.
  rt::WaitQueue image_read_done_;
  std::vector<std::byte> bits_payload_;
  HostLoad host_load_;
  WriteThrottle throttle_;
  std::unique_ptr<ReadAhead> read_ahead_;  ///< Null without a read cache. Refers to volumes: goes before them.
};

}  // namespace tt::image
