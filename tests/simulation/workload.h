// SPDX-License-Identifier: Apache-2.0
// Hosts and an administrator at work on a simulated image: writers, readers and a commander that makes and withdraws
// FlashCopies, all told to the block oracle, which judges every byte that is read.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "life.h"
#include "sim/history.h"
#include "witness.h"

namespace tt::simulation {

struct VolumePlan {
  VolumeId id;
  std::uint64_t block_count = 0;
  bool thin = false;
};

/// A command of an administrator, between two volumes given by their index.
struct Step {
  enum class Verb : std::uint8_t {
    establish,
    resync,
    reverse,
    fast_reverse,
    set_revertible,
    commit,  ///< This and revert name the source only.
    revert,
    withdraw,
    copy_in_background,
    copy_and_remove
  };
  Verb verb = Verb::establish;
  std::size_t source = 0;
  std::size_t target = 0;
  volume::RelationshipOptions options;
};

struct WorkloadPlan {
  std::vector<VolumePlan> volumes;
  std::uint64_t writers = 2;
  std::uint64_t readers = 1;
  std::uint64_t operations = 40;  ///< Of each writer and reader.
  std::uint64_t commands = 6;
  std::uint64_t hot_tracks = 6;  ///< Most I/O goes to so many tracks of a volume.
  std::uint64_t large_percent = 20;
  /// What the administrator does before `commands`. A step that does not fit is given all the same, and refused.
  std::vector<Step> script;
  bool fua_only = false;         ///< Volatile acknowledgement: every write carries FUA or is followed by a flush.
  bool cascades = false;         ///< A volume may be source and target at the same time.
  bool range_copies = false;     ///< Runs of tracks are copied, too; not with failing media.
  sim::Instant begin = 0;        ///< Of its history.
  bool errors_expected = false;  ///< Media faults are planned: operations may fail, data may not be wrong.
};

class Workload {
 public:
  Workload(sim::Case& c, const WorkloadPlan& plan, bool hardened);

  /// Makes the volumes; in the first life only.
  bool make_volumes(Life& life);
  /// After a restart: tells the oracle which undecided copies exist. Runs no I/O.
  void settle_after_restart(Life& life);
  /// Starts everything; done() when it has ended.
  void start(Life& life);
  [[nodiscard]] bool done() const noexcept { return running_ == 0; }
  /// The oracle learns of the crash, before the life is destroyed.
  void crash();
  /// Reads every sector that has a history, on every volume. False if something is wrong or unreadable.
  bool check_everything(Life& life);
  /// The same while the world runs; what is wrong fails the case.
  void begin_check(Life& life, bool& done);
  /// Told of every answer that promises something; null = nobody.
  void set_witness(Witness* witness);
  /// Waits until every copy in background has ended and nothing is dirty.
  bool drain(Life& life);
  void begin_drain(Life& life, bool& done);

  sim::History& history() noexcept { return history_; }

 private:
  using Pair = std::pair<std::size_t, std::size_t>;  ///< Source and target, by index.
  struct Flash {
    sim::History::Operation copy = 0;
    std::vector<Pair> pairs;
    Generation newest_before;  ///< A relationship up to here is an older one between the same volumes.
    bool in_doubt = false;     ///< The journal failed: the next start tells.
    /// Set when the copy is a resync, reverse or revert of another one: what it follows, should it turn out not to have
    /// happened.
    std::optional<Generation> follows;
    sim::History::Operation followed_copy = 0;
    Pair followed_pair;
    bool loses_target = false;      ///< What the target of `follows` showed is not there any more.
    bool followed_may_end = false;  ///< By itself.
  };
  /// Issued, and not answered or answered with an error that leaves open what happened.
  struct Withdraw {
    sim::History::Operation copy = 0;
    std::uint32_t target = 0;
    Generation relationship;
    bool failed = false;  ///< Its target's content is lost.
  };
  struct Range {
    std::size_t volume = 0;
    std::uint64_t block = 0;
    std::uint64_t blocks = 0;
  };
  /// A range copy, from its command until it ends. Its number is its own, so that each can be named.
  struct RangeCopy {
    sim::History::Operation copy = 0;
    std::size_t source = 0;
    std::size_t target = 0;
    std::uint32_t number = 0;
    bool background = false;
    bool withdrawing = false;  ///< Issued, and not answered.
  };

  rt::Task<void> make_volumes_task(Life& life, bool& done);
  rt::Task<void> writer(Life& life, std::size_t port, std::uint64_t operations);
  rt::Task<void> reader(Life& life, std::size_t port, std::uint64_t operations);
  rt::Task<void> commander(Life& life);
  rt::Task<void> establish(Life& life);
  rt::Task<void> issue_establish(Life& life, std::vector<volume::PairRequest> requests, Flash flash);
  rt::Task<void> withdraw(Life& life);
  rt::Task<Result<void>> issue_withdraw(Life& life, Flash flash);
  rt::Task<void> renew(Life& life);
  rt::Task<Result<void>> issue_renewal(Life& life, Flash old, Pair pair, Step::Verb verb,
                                       volume::RelationshipOptions options);
  static rt::Task<Result<void>> send_renewal(Life& life, Step::Verb verb, image::RenewalRequest request);
  void judge_refused_renewal(const Flash& made, bool turn, bool removing, Error error);
  void follow(const Flash& old, const Flash& made);
  void take_back(const Flash& renewed);
  void lose_old_target(const Flash& reversed);
  std::uint32_t keep_for_revert(std::size_t target);
  rt::Task<Result<void>> issue_commit(Life& life, Pair pair);
  rt::Task<Result<void>> issue_revert(Life& life, Flash old, Pair pair);
  void settle_renewal(const volume::ImageConfig& config, const Flash& renewed);
  rt::Task<void> copy_and_remove(Life& life);
  rt::Task<Result<void>> issue_copy_and_remove(Life& life, Flash flash);
  rt::Task<void> run_script(Life& life);
  rt::Task<void> run_step(Life& life, Step step);
  rt::Task<Result<void>> run_step_on_pair(Life& life, Step step, Flash flash);
  rt::Task<void> run_step_on_nothing(Life& life, Step step);
  rt::Task<void> expect_no_write(Life& life, Range range);
  rt::Task<void> write_tracks_of_all(Life& life);
  rt::Task<void> write_range(Life& life, std::size_t port, Range range, bool fua);
  rt::Task<void> copy_ranges(Life& life);
  rt::Task<void> withdraw_ranges(Life& life);
  [[nodiscard]] std::vector<volume::TrackRun> pick_runs(std::size_t source, std::size_t target);
  rt::Task<void> hold_reads(Life& life, std::size_t target);
  void settle_ranges(const volume::ImageConfig& config);
  void forget_ended_ranges(const volume::ImageConfig& config);
  [[nodiscard]] bool is_range_source(std::size_t volume) const;
  [[nodiscard]] bool is_range_target(std::size_t volume) const;
  rt::Task<void> thaw_later(Life& life, Flash flash);
  void note_witnessed(Life& life, std::span<const volume::PairRequest> requests);
  /// A write that was issued to a frozen source was answered before anybody let it go.
  void check_frozen(std::size_t volume, std::uint64_t freeze_at_issue);
  [[nodiscard]] std::uint64_t freeze_of(std::size_t volume) const;
  rt::Task<void> write_once(Life& life, std::size_t port);
  rt::Task<bool> read_and_check(Life& life, std::size_t port, Range range);
  rt::Task<void> check_task(Life& life, bool& done);
  rt::Task<void> drain_task(Life& life, bool& done);
  Range pick_range();
  [[nodiscard]] image::VolumeHandle handle(Life& life, std::size_t volume) const;
  [[nodiscard]] bool is_source(std::size_t volume) const;
  [[nodiscard]] bool is_target(std::size_t volume) const;
  void forget_ended(const volume::ImageConfig& config);
  bool is_there(const volume::ImageConfig& config, const Flash& flash);
  void settle_withdraws(const volume::ImageConfig& config);
  void settle_withdraw(const Withdraw& withdraw, bool happened);
  void lose_image(Generation relationship);
  void begin_loss(std::uint32_t volume);
  bool is_being_lost(Life& life, std::uint32_t volume);
  void unexpected(const char* what, Error error);
  /// Of a command; a script has some that do not fit.
  void refused_command(const char* what, Error error);

  sim::Case& case_;
  WorkloadPlan plan_;
  bool hardened_;
  sim::History history_;
  std::vector<Flash> flashes_;
  /// By the copy that is revertible: the oracle's volume that holds what the target showed before.
  static constexpr std::uint32_t kFirstKept = 1000;
  std::map<sim::History::Operation, std::uint32_t> kept_;
  std::uint32_t last_kept_ = 0;
  std::map<Generation, std::uint32_t> withdrawn_;   ///< To target: it may still owe tracks.
  std::map<std::uint32_t, rt::TimeNs> being_lost_;  ///< Volume, and until when.
  std::vector<Withdraw> withdraws_;
  std::vector<RangeCopy> ranges_;
  std::uint32_t last_range_ = 0;
  /// Targets of a withdraw under way: a read beside it may show either content, which the oracle does not know.
  std::set<std::size_t> withdrawing_;
  std::map<std::size_t, std::uint64_t> reads_in_flight_;
  std::map<std::size_t, std::uint64_t> frozen_;  ///< Sources whose freeze was answered, and its number.
  std::uint64_t freezes_ = 0;
  std::uint64_t running_ = 0;
  Witness* witness_ = nullptr;
};

}  // namespace tt::simulation
