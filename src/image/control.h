// SPDX-License-Identifier: Apache-2.0
// The control plane: owns the configuration, runs commands one after the other, and tells the shards. Lives on shard
// 0's reactor; its records go to shard 0's ring.
//
// Every change is one mutation: planned (nothing changes), appended and applied to the configuration in the same turn,
// hardened, then told to the shards, then answered. Readers of the configuration may see a change that is not hardened
// yet; they never see one that could be undone, because a ring that fails to harden is fenced for good.
//
// Two locks, always in this order: `commands_` (a whole command) and `records_` (allocations and failures that the data
// path asks for). A command never waits for a batch while it holds `records_`, so a batch may ask for an extent while
// an establish waits for that batch.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "image/pacer.h"
#include "image/shard.h"
#include "image/verification.h"
#include "runtime/scope.h"
#include "runtime/sync.h"
#include "volume/plan.h"
#include "volume/plan_change.h"

namespace tt::image {

struct FlashStatus {
  volume::Relationship relationship;
  RelationshipCounts counts;
  bool active_copy = false;
};

struct RangeStatus {
  volume::RangeCopy copy;
  std::uint64_t pending_tracks = 0;
  std::uint64_t copied_tracks = 0;  ///< In background or because of a write to the source, since the start.
};

/// Range copies of these volumes, or the parts of them with these target tracks.
struct RangeSelection {
  VolumeId source;
  VolumeId target;
  std::vector<volume::TrackRun> runs;  ///< Only target and count; none = all.
  std::optional<std::uint32_t> sequence_number = std::nullopt;
};

struct RenewalRequest {
  VolumeId source;
  VolumeId target;
  volume::RelationshipOptions options;
  /// Copy or nocopy was not said: as it was.
  bool keeps_copy_kind = false;
  bool freeze = false;  ///< Of resync.
};

/// Room that any record of a single object needs at the most (a thick 16 TiB volume's extents are runs).
inline constexpr std::uint64_t kRecordRoom = 256_KiB;

enum class RemoveMode : std::uint8_t { normal, safe, force };

class HostDesk;
class ScrubPace;
struct DeskOfReactor {
  rt::Reactor* reactor = nullptr;
  HostDesk* desk = nullptr;
};

class ControlPlane final : public ControlLink {
 public:
  ControlPlane(rt::Reactor& home, std::vector<std::unique_ptr<Shard>>& shards, LsnSource& lsns, CommonPace& pace,
               ScrubPace& scrub_pace);
  ~ControlPlane() override;

  void load(volume::ImageConfig config);
  /// By shard, for ranks that are made while the image is open.
  void use_storages(std::vector<rt::Storage*> storages) { storages_ = std::move(storages); }
  /// Where hosts log in; they are told of every change of host access.
  void use_desks(std::vector<DeskOfReactor> desks) { desks_ = std::move(desks); }
  [[nodiscard]] const volume::ImageConfig& config() const noexcept { return config_; }
  [[nodiscard]] std::vector<std::byte> encode() const { return volume::encode_config(config_); }

  /// After the shards are open: ends that were under way when the image stopped.
  void start();
  /// No new command is accepted; ends when the running ones are done.
  rt::Task<void> stop();
  /// Only for a simulated crash.
  void kill() noexcept;

  // --- commands; on the home reactor ---
  rt::Task<Result<void>> make_volume(volume::MakeVolumeRequest request);
  rt::Task<Result<void>> remove_volume(VolumeId id, RemoveMode mode);
  rt::Task<Result<std::uint16_t>> make_pool(std::string name, std::uint8_t rank_group, std::uint64_t extent_bytes);
  rt::Task<Result<void>> remove_pool(std::uint16_t pool);

  // --- commands of control_configuration.cpp ---
  using Planner = std::function<Result<volume::Mutation>()>;
  /// Plans and makes durable in one piece; for changes that no shard needs to be told.
  rt::Task<Result<void>> record(Planner plan);
  rt::Task<Result<void>> change_volume(volume::ChangeVolumeRequest request);
  rt::Task<Result<void>> release_space(VolumeId id);
  rt::Task<Result<std::uint16_t>> make_array(std::uint16_t site, std::uint8_t raid_type);
  rt::Task<Result<std::uint16_t>> make_rank(std::uint16_t array, std::optional<std::uint16_t> pool);
  rt::Task<Result<void>> remove_rank(std::uint16_t rank);

  // --- host access (control_hosts.cpp) ---
  using HostPlanner = std::function<Result<volume::Mutation>(const volume::ImageConfig&)>;
  /// Any change of volume groups, host connections and ports. When it returns it is durable and in force.
  rt::Task<Result<void>> change_hosts(HostPlanner plan);
  /// At the end of opening: gives an image from before there were host connections its open one, and lets hosts in.
  rt::Task<Result<void>> begin_host_access();

  /// One T0 for all pairs that can be made; one verdict per pair.
  rt::Task<std::vector<Result<void>>> establish(std::vector<volume::PairRequest> pairs);
  /// New T0, same direction; the options given replace the old ones. Each pair for itself, one verdict per pair.
  rt::Task<std::vector<Result<void>>> resync(std::vector<RenewalRequest> pairs);
  /// Source and target change places. `fast` also while the copy is incomplete; the relationship ends when all is back.
  rt::Task<std::vector<Result<void>>> reverse(std::vector<RenewalRequest> pairs, bool fast);
  /// As resync; then hosts write neither volume and nothing is copied until commit_flash or revert_flash.
  rt::Task<std::vector<Result<void>>> set_revertible(std::vector<RenewalRequest> pairs);
  rt::Task<std::vector<Result<void>>> commit_flash(std::vector<VolumeId> sources,
                                                   std::optional<std::uint32_t> sequence);
  rt::Task<std::vector<Result<void>>> revert_flash(std::vector<VolumeId> sources,
                                                   std::optional<std::uint32_t> sequence);
  /// Relationships by source and target; `sequence_number` restricts.
  rt::Task<std::vector<Result<void>>> withdraw(std::vector<std::pair<VolumeId, VolumeId>> pairs,
                                               std::optional<std::uint32_t> sequence_number);
  // --- control_freeze.cpp ---
  /// Writes to all frozen sources of the LSSs go on. freeze_expired: they did already, because of the LSS's timer or a
  /// restart, so the group may be inconsistent; object_not_found: no such LSS.
  rt::Task<std::vector<Result<void>>> unfreeze(std::vector<std::uint8_t> lsses);
  /// Before hosts are sent away for good.
  rt::Task<void> refuse_held_writes();

  // --- control_remove.cpp ---
  /// Each ends when everything is copied, and is listed until then.
  rt::Task<std::vector<Result<void>>> copy_and_remove(std::vector<std::pair<VolumeId, VolumeId>> pairs,
                                                      std::optional<std::uint32_t> sequence_number);
  /// A relationship without background copy becomes one with it.
  rt::Task<std::vector<Result<void>>> copy_in_background(std::vector<std::pair<VolumeId, VolumeId>> pairs);
  /// As withdraw; then the (thin) targets are empty volumes without space.
  rt::Task<std::vector<Result<void>>> withdraw_and_release(std::vector<std::pair<VolumeId, VolumeId>> pairs,
                                                           std::optional<std::uint32_t> sequence_number);
  // --- control_pace.cpp ---
  /// What is not given stays. In force when it is durable.
  rt::Task<Result<void>> change_copy_rates(std::optional<std::uint64_t> limit, std::optional<std::uint64_t> floor);
  /// What is not given stays. In force when it is durable.
  rt::Task<Result<void>> change_scrub(std::optional<std::uint64_t> bytes_per_second,
                                      std::optional<std::uint32_t> interval_s);
  /// Bytes a second; 0 = no limit of their own.
  rt::Task<std::vector<Result<void>>> limit_copies(std::vector<std::pair<VolumeId, VolumeId>> pairs,
                                                   std::uint64_t bytes_per_second);
  /// Bytes a second that all background copies keep together, the limit of this process regarded; 0 = none.
  [[nodiscard]] std::uint64_t copy_limit_in_force() const noexcept { return pace_.limit().bytes_per_second(); }
  [[nodiscard]] const CopyRateTable& copy_rates() const noexcept { return copy_rates_; }

  // --- control_ranges.cpp ---
  /// One T0 for all that can be made; one verdict per request.
  rt::Task<std::vector<Result<void>>> establish_ranges(std::vector<volume::RangeRequest> requests);
  /// At once: tracks that were not copied show what the target has there. no_such_relationship; other_relationships:
  /// another range copy finds tracks through it.
  rt::Task<std::vector<Result<void>>> withdraw_ranges(std::vector<RangeSelection> selections);
  rt::Task<std::vector<RangeStatus>> range_status();

  // --- control_pairs.cpp; each is durable and in force in every shard when it returns ---
  [[nodiscard]] Generation draw_generation();
  /// The new pair, but for its marks and times; asked when its turn has come.
  using PairMaker = std::function<Result<volume::PairConfig>()>;
  /// Instead of `replaced`, if that is one: no host gets at the volume in between.
  rt::Task<Result<void>> install_pair(PairMaker make, Generation replaced = {});
  /// What becomes of the pair. Refused, it is as it was. no_such_pair.
  using PairPlanner = std::function<Result<volume::PairConfig>(const volume::PairConfig& now)>;
  rt::Task<Result<void>> change_pair(Generation pair, PairPlanner plan);
  rt::Task<Result<void>> remove_pair(Generation pair);
  rt::Task<PairCounts> pair_counts(Generation pair);
  /// A bit for each track from the first one on.
  rt::Task<Result<void>> add_marks(Generation pair, std::uint64_t first_track, std::vector<std::byte> bits);
  rt::Task<Result<void>> mark_all(Generation pair);
  rt::Task<std::vector<std::byte>> read_marks(Generation pair, std::uint64_t first_track, std::uint64_t track_count);
  /// As Shard::write_mirrored(), anywhere in the volume.
  rt::Task<Result<void>> write_mirrored(MirrorFrame frame, VolumeHandle volume, std::uint64_t block,
                                        std::uint64_t block_count, const std::byte* data);
  [[nodiscard]] std::vector<std::unique_ptr<Shard>>& shards() noexcept { return shards_; }
  [[nodiscard]] CommonPace& pace() noexcept { return pace_; }

  // --- control_verify.cpp ---
  /// Begins to compare targets with their images. relationship_failed; busy: it is being verified already.
  rt::Task<std::vector<Result<void>>> verify(std::vector<std::pair<VolumeId, VolumeId>> pairs);
  /// object_not_found: it is not being verified.
  std::vector<Result<void>> cancel_verifications(const std::vector<std::pair<VolumeId, VolumeId>>& pairs);
  /// The last one of each relationship, since the start.
  rt::Task<std::vector<VerifyStatus>> verify_status();

  /// Every relationship that is not closing, with its counts from all shards.
  rt::Task<std::vector<FlashStatus>> flash_status();

  // --- ControlLink; on the asking shard's reactor ---
  rt::Task<Result<void>> allocate_extent(Shard& from, VolumeHandle volume, std::uint32_t extent_number) override;
  rt::Task<Result<void>> fail_relationship(Shard& from, Generation relationship) override;
  rt::Task<Result<void>> inhibit_source(Shard& from, Generation relationship) override;
  rt::Task<Result<void>> read_track(Shard& from, VolumeHandle volume, std::uint64_t track,
                                    std::span<std::byte> into) override;
  rt::Task<Result<void>> read_medium(Shard& from, VolumeHandle volume, std::uint64_t track,
                                     std::span<std::byte> into) override;
  rt::Task<Result<void>> fill_track(Shard& from, Generation range_copy, std::uint64_t track) override;
  rt::Task<Result<void>> fail_rank(Shard& from, std::uint16_t rank) override;
  rt::Task<Result<void>> flush_rank(Shard& from, std::uint16_t rank) override;
  void share_drained(Shard& from, Generation relationship) noexcept override;
  void track_damaged(Shard& from, VolumeId volume, std::uint64_t track) noexcept override;
  void checkpoint_failed(Shard& from) noexcept override;

 private:
  rt::Task<Result<void>> harden_every_shard();
  rt::Task<void> tell_shards(std::function<void(Shard&)> tell);
  rt::Task<Result<void>> change_pair_locked(volume::PairConfig next);
  using TrackReader = rt::Task<Result<void>> (Shard::*)(VolumeHandle, std::uint64_t, std::span<std::byte>);
  /// In the shard that owns the track.
  rt::Task<Result<void>> read_where_it_is(Shard& from, TrackReader read, VolumeHandle volume, std::uint64_t track,
                                          std::span<std::byte> into);
  rt::Task<Result<void>> wait_for_room(std::uint64_t payload_bytes);
  journal::SlotSeq append(const volume::Mutation& mutation);
  rt::Task<Result<void>> harden(journal::SlotSeq slot);
  [[nodiscard]] bool closing_role_conflict(const volume::PairRequest& pair) const;
  rt::Task<void> settle_closing_roles(std::span<const volume::PairRequest> pairs);
  rt::Task<void> establish_group(const std::vector<volume::PairRequest>& pairs, std::vector<std::size_t> positions,
                                 std::vector<Result<void>>& verdicts);
  [[nodiscard]] bool is_source(VolumeId volume) const;
  rt::Task<void> settle_closing_targets(std::span<const std::pair<VolumeId, VolumeId>> pairs);
  rt::Task<Result<void>> needed_by_a_child(Generation relationship);
  rt::Task<Result<void>> record_logical_changes(const std::vector<Generation>& group);
  rt::Task<Result<void>> change_group(RelationshipChange change);
  void give_rates(RelationshipChange& change);
  std::shared_ptr<flashcopy::CopyRate> rate_of(Generation relationship);
  [[nodiscard]] bool is_verified(Generation relationship) const;
  void forget_verifications();
  rt::Task<void> begin_verification(Generation relationship);
  rt::Task<void> verify_share(Shard& shard, std::shared_ptr<Verification> verification);
  rt::Task<void> note_difference(std::shared_ptr<Verification> verification, std::uint64_t track);
  rt::Task<Result<void>> prepare_change(const RelationshipChange& change);
  rt::Task<void> stay_fenced();
  rt::Task<Result<void>> commit_change(RelationshipChange& change);
  rt::Task<Result<void>> commit_with_space(volume::Establish establish);
  rt::Task<Result<void>> renew(ChangeKind kind, Generation old, volume::RelationshipOptions options, bool revertible,
                               bool freeze = false);
  [[nodiscard]] bool in_cascade(Generation relationship) const;
  rt::Task<Result<void>> no_child_needs(Generation relationship);
  [[nodiscard]] Result<void> may_reverse(const RenewalRequest& pair, bool fast) const;
  rt::Task<Result<void>> settle_for_reverse(const RenewalRequest& pair, bool fast);
  rt::Task<Result<void>> bring_out_owed(const RenewalRequest& pair);
  rt::Task<Result<void>> copy_complete(Generation generation);
  rt::Task<std::vector<Result<void>>> settle_revertibles(std::vector<VolumeId> sources,
                                                         std::optional<std::uint32_t> sequence, bool commit);
  rt::Task<Result<void>> settle_revertible(std::vector<Generation> group, bool commit);
  rt::Task<Result<void>> withdraw_group(std::vector<Generation> generations);
  rt::Task<Result<void>> record_withdraw(std::vector<Generation> group, Lsn at);
  rt::Task<void> end_if_drained(Generation generation);
  // --- control_loans.cpp ---
  enum class LoanSide : std::uint8_t { lender, borrower };
  void make_loans(RelationshipChange& change);
  [[nodiscard]] std::vector<Generation> loans_of(VolumeId id, LoanSide side) const;
  rt::Task<std::vector<std::uint64_t>> close_loans(const std::vector<Generation>& loans);
  /// Until the borrowers hold their tracks themselves. Other commands may run meanwhile. timed_out when nothing moves.
  rt::Task<Result<void>> settle_loans(VolumeId id, LoanSide side);
  rt::Task<Result<void>> settle_both(const RenewalRequest& pair);
  rt::Task<std::vector<Result<void>>> settle_borrowed(const std::vector<volume::PairRequest>& pairs);
  rt::Task<void> end_closed_loans();
  // --- control_ranges.cpp ---
  rt::Task<void> hold_volumes(std::vector<VolumeId> volumes, bool on);
  rt::Task<Result<void>> record_ranges(std::vector<volume::RangeCopy> copies);
  rt::Task<Result<void>> withdraw_range(const RangeSelection& selection);
  rt::Task<Result<void>> withdraw_ranges_of(VolumeId id);
  [[nodiscard]] bool shows_through(const volume::RangeCopy& copy, const std::vector<volume::TrackRun>& left) const;
  rt::Task<Result<void>> change_range(volume::ChangeRanges change);
  rt::Task<void> end_if_filled(Generation generation);
  rt::Task<Result<void>> end_relationships(std::vector<Generation> ended);
  rt::Task<Result<void>> make_volume_locked(volume::MakeVolumeRequest request);
  rt::Task<Result<void>> reserve_space(std::vector<std::optional<volume::ExtentRef>> extents,
                                       std::uint64_t extent_bytes);
  rt::Task<Result<void>> change_volume_locked(volume::ChangeVolumeRequest request);
  rt::Task<Result<void>> release_unused(VolumeId id);
  rt::Task<Result<void>> release_space_locked(VolumeId id);
  rt::Task<std::vector<Result<Generation>>> choose_to_withdraw(std::span<const std::pair<VolumeId, VolumeId>> pairs,
                                                               std::optional<std::uint32_t> sequence_number);
  [[nodiscard]] std::vector<Result<Generation>> choose(std::span<const std::pair<VolumeId, VolumeId>> pairs,
                                                       std::optional<std::uint32_t> sequence_number) const;
  rt::Task<Result<void>> start_copies(std::vector<Generation> group, bool remove);
  [[nodiscard]] std::vector<VolumeId> frozen_sources(std::uint8_t lss) const;
  [[nodiscard]] std::vector<VolumeId> sources_to_hold(std::span<const volume::Relationship> group) const;
  rt::Task<void> hold_sources(std::vector<VolumeId> sources);
  rt::Task<void> let_go(std::vector<VolumeId> sources);
  rt::Task<void> settle_freezes(std::vector<VolumeId> sources);
  rt::Task<void> watch_freezes();
  rt::Task<void> end_by_timer(std::uint8_t lss);
  rt::Task<Result<void>> thaw(std::vector<std::uint8_t> lsses, bool expired);
  rt::Task<void> forget_freezes();
  rt::Task<Result<void>> format_rank(volume::RankConfig rank);
  rt::Task<void> forget_rank(std::uint16_t rank);
  void look_at_pools();
  void note_pool(std::uint16_t pool);
  void note_state(std::uint8_t& known, std::uint8_t state, std::uint16_t pool, volume::ProblemKind scarce,
                  volume::ProblemKind full);
  rt::Task<void> note_checkpoint(Shard& from);
  rt::Task<void> note_damage(Shard& from, VolumeId volume, std::uint64_t track);
  rt::Task<Result<void>> remove_volume_locked(VolumeId id, RemoveMode mode);
  rt::Task<void> publish_access();
  [[nodiscard]] bool names_volume(VolumeId id, bool closing) const;
  rt::Task<bool> recently_used(VolumeId id);
  rt::Task<Result<void>> wait_for_closing(VolumeId id);
  rt::Task<std::uint64_t> tracks_owed(VolumeId id);
  rt::Task<RelationshipCounts> counts_of(Generation relationship);
  rt::Task<void> request_drain(bool on);
  rt::Task<Result<void>> complete_tracks(const RenewalRequest& pair);
  rt::Task<void> let_tracks_be_partial(Generation relationship);
  rt::Task<Result<void>> allocate_here(VolumeHandle volume, std::uint32_t extent_number);
  rt::Task<Result<void>> record_failure(volume::Mutation mutation);
  rt::Task<Result<void>> record_and_tell(Shard& from, std::function<std::optional<volume::Mutation>()> change,
                                         std::function<void(Shard&)> tell);
  struct Choice {
    std::vector<Result<void>> verdicts;  ///< By pair.
    std::vector<Generation> group;       ///< Those with a good verdict.
    /// What has become of the group.
    std::vector<Result<void>> with(const Result<void>& done) &&;
  };
  using Rule = Result<void> (*)(const volume::ImageConfig& config, Generation relationship);
  [[nodiscard]] Choice choose_by(Rule rule, std::span<const std::pair<VolumeId, VolumeId>> pairs,
                                 std::optional<std::uint32_t> sequence_number) const;
  rt::Task<void> run_end_task(Shard& from, Generation generation);
  [[nodiscard]] Shard& control_shard() noexcept { return *shards_.front(); }

  rt::Reactor& home_;
  std::vector<std::unique_ptr<Shard>>& shards_;
  LsnSource& lsns_;
  CommonPace& pace_;
  ScrubPace& scrub_pace_;
  CopyRateTable copy_rates_;
  std::vector<rt::Storage*> storages_;
  volume::ImageConfig config_;
  std::map<std::uint16_t, std::uint8_t> pool_states_;  ///< As last seen, so that a problem is recorded once.
  std::map<std::uint16_t, std::uint8_t> repository_states_;
  std::vector<DeskOfReactor> desks_;
  rt::Mutex commands_;
  rt::Mutex records_;
  std::vector<std::unique_ptr<rt::Scope>> scopes_;  ///< One per shard: tasks that begin on its reactor.
  bool stopping_ = false;
  std::map<Generation, std::shared_ptr<Verification>> verifications_;
  std::vector<std::unique_ptr<rt::Mutex>> verify_turns_;  ///< By shard.

  std::uint64_t holds_ = 0;                     ///< Numbers of holds of sources.
  std::map<std::uint8_t, rt::TimeNs> thaw_at_;  ///< By LSS that is frozen.
  bool watching_freezes_ = false;
};

}  // namespace tt::image
