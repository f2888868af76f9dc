// SPDX-License-Identifier: Apache-2.0
// Mirrored pairs of one image: its commands, what other images say of theirs, and the senders of its shards. What
// becomes of a pair the machine says (mirror/pair_machine.h); both ends agree before either counts on it, the target
// first, and each end makes its own step durable. On the home reactor.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "image/control.h"
#include "image/pair_sender.h"
#include "mirror/pair_machine.h"
#include "mirror/path_keeper.h"

namespace tt::image {

struct PairStatus {
  volume::PairConfig pair;
  PairCounts counts;
};

class PairDesk final : public PairLine {
 public:
  /// All of it outlives the desk.
  PairDesk(ControlPlane& control, rt::Reactor& home, mirror::PathKeeper& keeper);
  PairDesk(const PairDesk&) = delete;
  PairDesk& operator=(const PairDesk&) = delete;
  ~PairDesk() override;

  /// Goes on with what is configured.
  void start();
  /// Nothing more is begun. What waits for other images ends when the keeper stops; then stop().
  void begin_stop() noexcept;
  rt::Task<void> stop();

  // --- commands. no_path: the other end has to be asked, and cannot be; path_failed: the line was lost meanwhile, and
  // nobody knows whether the other end did its part: the command may be repeated. Names as find_pair(). ---
  struct Outcome {
    Result<void> done;
    std::optional<Error> warning;  ///< Of what was done.
  };
  /// As plan_make_pair() here and plan_accept_pair() there; the other image is that of the paths between the LSSs.
  /// Warns: target_larger.
  rt::Task<Outcome> make(volume::MakePairRequest request);
  /// Which end of its pair a command means.
  enum class End : std::uint8_t { source, target };
  /// wrong_pair_state: this is not that end. `alone`: also without the other one.
  rt::Task<Outcome> pause(volume::PairName name, End here, bool alone);
  /// wrong_pair_state: it is not suspended, was failed over, or the other end does not fit. `held`: it only gets type
  /// and attributes, which the other end hears when the pair goes on.
  rt::Task<Outcome> resume(volume::PairName name, mirror::PairType type, mirror::PairAttributes attributes, bool held);
  rt::Task<Outcome> remove(volume::PairName name, End here, bool alone);
  /// At the target. Warns: target_not_consistent.
  rt::Task<Outcome> fail_over(volume::PairName name, mirror::PairType type, bool cascade);
  /// At the end whose data stay, a suspended source. mirror_sizes; target_not_eligible and already_a_pair of the other
  /// end. Warns: changes_lost. With Turn::preview nothing is done.
  enum class Turn : std::uint8_t { now, held, preview };
  rt::Task<Outcome> fail_back(volume::PairName name, mirror::PairType type, mirror::PairAttributes attributes,
                              Turn turn);
  /// Of all pairs.
  rt::Task<std::vector<PairStatus>> statuses();

  // --- other images ---
  static bool is_about_pairs(const mirror::Message& message) noexcept;
  rt::Task<mirror::Reply> serve(mirror::Link& link, const mirror::Reply& request);

  // --- PairLine ---
  rt::Task<Result<mirror::AnswerCode>> carry(Shard& from, const volume::PairConfig& pair,
                                             mirror::Message message) override;
  void refused(Shard& from, Generation pair, mirror::AnswerCode code) noexcept override;
  void unreadable(Shard& from, Generation pair) noexcept override;

 private:
  using Next = Result<volume::PairConfig>;
  [[nodiscard]] const volume::PairConfig* find(Generation pair) const noexcept;
  [[nodiscard]] bool is_up(const volume::PairConfig& pair) const noexcept;
  [[nodiscard]] Result<volume::PairConfig> named(const volume::PairName& name, End here) const;
  [[nodiscard]] Next next_of(const volume::PairConfig& now, mirror::PairInput input) const;
  rt::Task<Result<mirror::Reply>> ask(const volume::PairConfig& pair, mirror::Message message);
  rt::Task<Result<void>> step(Generation pair, mirror::PairInput input);
  rt::Task<void> happened(Generation pair, mirror::PairEvent event);
  rt::Task<Result<void>> resume_with(volume::PairConfig pair, mirror::PairInput input,
                                     mirror::PairAttributes attributes);
  rt::Task<Result<void>> union_of_marks(const volume::PairConfig& pair, Generation there);
  /// One command at a time for the pairs of a volume, the watch's included.
  rt::Task<void> reserve(VolumeId volume);
  void release(VolumeId volume);
  rt::Task<Outcome> make_reserved(volume::MakePairRequest request);
  rt::Task<Outcome> pause_reserved(volume::PairName name, End here, bool alone);
  rt::Task<Outcome> resume_reserved(volume::PairName name, mirror::PairType type, mirror::PairAttributes attributes,
                                    bool held);
  rt::Task<Result<void>> change_attributes(volume::PairConfig pair, mirror::PairInput input,
                                           mirror::PairAttributes attributes);
  rt::Task<Outcome> remove_reserved(volume::PairName name, End here, bool alone);
  rt::Task<Outcome> fail_over_reserved(volume::PairName name, mirror::PairType type, bool cascade);
  rt::Task<Outcome> fail_back_reserved(volume::PairName name, mirror::PairType type, mirror::PairAttributes attributes,
                                       Turn turn);
  /// What is known at the other end, if it has the pair.
  struct Known {
    bool same_history = false;
    std::uint64_t epoch = 0;
    std::uint64_t changed_tracks = 0;
  };
  rt::Task<Result<Known>> ask_what_is_known(const volume::PairConfig& pair);
  rt::Task<Result<void>> begin_failback(volume::PairConfig& pair, mirror::FailBack words, bool& all);

  // --- senders and the watch: begun with the first pair ---
  struct ShardWork;
  void begin_work();
  rt::Task<void> happened_at(Shard& from, Generation pair, mirror::PairEvent event);
  rt::Task<void> open_configured();
  rt::Task<void> watch();
  rt::Task<void> look(Generation pair);
  rt::Task<void> look_at(Generation pair);
  rt::Task<void> note_problems();
  rt::Task<void> note_first_pass(volume::PairConfig pair);
  rt::Task<void> compare(volume::PairConfig pair);

  // --- pair_serving.cpp ---
  [[nodiscard]] mirror::Reply opened(const volume::PairConfig& pair) const;
  rt::Task<mirror::Reply> accept(const mirror::Link& link, mirror::OpenPair words, std::uint64_t epoch);
  rt::Task<mirror::Reply> accept_failback(const mirror::Link& link, mirror::FailBack words, Generation named,
                                          std::uint64_t epoch);
  rt::Task<mirror::Reply> serve_pair(volume::PairConfig pair, const mirror::Reply& request);
  rt::Task<mirror::Reply> serve_step(volume::PairConfig pair, const mirror::Reply& request);
  rt::Task<mirror::Reply> serve_data(volume::PairConfig pair, const mirror::Reply& request);
  rt::Task<mirror::Reply> serve_marks(volume::PairConfig pair, mirror::GetMarks words);
  rt::Task<Result<volume::PairConfig>> take_as_target(volume::AcceptPairRequest request);

  ControlPlane& control_;
  rt::Reactor& home_;
  mirror::PathKeeper& keeper_;
  bool stopping_ = false;
  bool working_ = false;
  std::vector<std::unique_ptr<ShardWork>> work_;  ///< By shard.
  struct Watched {
    bool was_down = true;  ///< Compare when it is up.
    rt::TimeNs down_since = 0;
    rt::TimeNs resume_at = 0;
    bool is_looked_at = false;
  };
  std::map<Generation, Watched> watched_;
  std::set<VolumeId> reserved_;
  rt::WaitQueue released_;
  rt::Nap nap_;
  rt::Scope scope_;  ///< Last: its tasks use everything above.
};

}  // namespace tt::image
