// SPDX-License-Identifier: Apache-2.0
#include "image/pair_desk.h"

#include <algorithm>
#include <utility>

#include "image/pair_problems.h"

namespace tt::image {

using mirror::AnswerCode;
using mirror::PairEvent;
using mirror::PairInput;
using volume::PairConfig;

namespace {

constexpr std::uint8_t lss_number(VolumeId id) noexcept {
  return static_cast<std::uint8_t>(id.value >> 8U);
}

constexpr rt::TimeNs kLookEvery = 1 * rt::kSecond;
/// A Global Copy without a path is suspended after that.
constexpr rt::TimeNs kSilenceLimit = 60 * rt::kSecond;
/// Between two attempts to go on with a pair that an error has stopped.
constexpr rt::TimeNs kResumeEvery = 60 * rt::kSecond;
constexpr std::uint64_t kMarksOfAQuestion = mirror::kMostMarks;

/// What an image may say of a volume that is to be a target.
bool is_refusal(std::uint64_t number) noexcept {
  switch (static_cast<Errc>(number)) {
    case Errc::volume_not_found:
    case Errc::target_not_eligible:
    case Errc::mirror_sizes:
    case Errc::already_a_pair:
    case Errc::wrong_pair_state:
    case Errc::no_space:
    case Errc::busy:
    case Errc::shutting_down:
    case Errc::journal_failed:
      return number <= 0xFFFF;
    default:
      return false;
  }
}

/// What the other end has refused, as the administrator of this one is told.
Error error_of(const mirror::Reply& reply, const PairConfig& pair) {
  const auto* answer = std::get_if<mirror::Answer>(&reply.message);
  const std::uint64_t volume = pair.other.value;
  if (answer == nullptr) return {Errc::bad_message, volume};
  switch (answer->code) {
    case AnswerCode::refused:
      return {is_refusal(answer->detail) ? static_cast<Errc>(answer->detail) : Errc::wrong_pair_state, volume};
    case AnswerCode::space:
      return {Errc::media_full, volume};
    case AnswerCode::media:
      return {Errc::io_error, volume};
    case AnswerCode::busy:
      return {Errc::busy, volume};
    default:
      return {Errc::wrong_pair_state, volume};
  }
}

Error line_lost() {
  return {Errc::path_failed, static_cast<std::uint64_t>(mirror::PathStatus::link_down)};
}

/// What a refused frame says of the pair.
PairEvent event_of(AnswerCode code) noexcept {
  switch (code) {
    case AnswerCode::epoch:
    case AnswerCode::role:
      return PairEvent::refused_epoch;
    case AnswerCode::no_pair:
      return PairEvent::refused_simplex;
    case AnswerCode::state:
      return PairEvent::told_pause;
    case AnswerCode::lineage:
      return PairEvent::found_other_lineage;
    default:
      return PairEvent::refused_media;
  }
}

bool may_resume_itself(const PairConfig& pair) {
  const auto step = mirror::step(pair.phase, {PairEvent::path_up, pair.phase.type, pair.attributes.resumes_itself});
  return step && step->next && *step->next != pair.phase;
}

mirror::PairTerms terms_of(const PairConfig& pair, std::uint64_t block_count) {
  mirror::PairTerms terms;
  terms.source = pair.volume;
  terms.target = pair.other;
  terms.source_pair = pair.generation;
  terms.block_count = block_count;
  terms.type = pair.phase.type;
  terms.attributes = pair.attributes;
  terms.lineage = pair.lineage;
  return terms;
}

mirror::PairReport report_of(const PairConfig& pair) {
  mirror::PairReport report;
  report.source = pair.is_source() ? pair.volume : pair.other;
  report.target = pair.is_source() ? pair.other : pair.volume;
  report.own_pair = pair.generation;
  report.phase = pair.phase;
  report.lineage = pair.lineage;
  return report;
}

}  // namespace

struct PairDesk::ShardWork {
  ShardWork(Shard& its_shard, CommonPace& pace, PairLine& line)
      : shard(its_shard), sender(its_shard, pace, line), scope(its_shard.reactor()) {}
  ~ShardWork() { scope.kill(); }

  Shard& shard;
  PairSender sender;
  rt::Scope scope;  ///< On the shard's reactor.
};

PairDesk::PairDesk(ControlPlane& control, rt::Reactor& home, mirror::PathKeeper& keeper)
    : control_(control), home_(home), keeper_(keeper), released_(home), nap_(home), scope_(home) {}

PairDesk::~PairDesk() {
  work_.clear();
  scope_.kill();
}

void PairDesk::start() {
  if (!control_.config().mirror_pairs.empty()) begin_work();
}

void PairDesk::begin_stop() noexcept {
  stopping_ = true;
  nap_.end();
}

rt::Task<void> PairDesk::stop() {
  co_await scope_.join();
  for (const auto& work : work_) {
    co_await rt::hop(home_, work->shard.reactor());
    work->sender.stop();
    co_await work->scope.join();
    co_await rt::hop(work->shard.reactor(), home_);
  }
}

rt::Task<void> PairDesk::reserve(VolumeId volume) {
  while (!reserved_.insert(volume).second) co_await released_.wait();
}

void PairDesk::release(VolumeId volume) {
  reserved_.erase(volume);
  released_.wake_all();
}

// ---- what there is --------------------------------------------------------------------------------------------------

const PairConfig* PairDesk::find(Generation pair) const noexcept {
  const auto& pairs = control_.config().mirror_pairs;
  const auto found = pairs.find(pair);
  return found != pairs.end() ? &found->second : nullptr;
}

bool PairDesk::is_up(const PairConfig& pair) const noexcept {
  return keeper_.health(path_key(pair)) != mirror::PathSet::Health::down;
}

Result<PairConfig> PairDesk::named(const volume::PairName& name, End here) const {
  TT_TRY(const Generation generation, volume::find_pair(control_.config(), name));
  const PairConfig& pair = *find(generation);
  if (pair.is_source() != (here == End::source)) return {Errc::wrong_pair_state, name.volume.value};
  return pair;
}

/// The pair after the event; an event that changes nothing leaves it as it is. wrong_pair_state: it does not fit.
PairDesk::Next PairDesk::next_of(const PairConfig& now, PairInput input) const {
  const auto step = mirror::step(now.phase, input);
  if (!step || !step->next) return {Errc::wrong_pair_state, now.volume.value};
  PairConfig next = now;
  next.phase = *step->next;
  if (next.phase == now.phase) return next;
  next.suspended_at_s = next.is_active() ? 0 : home_.wall_seconds();
  // A failback draws its own, above both ends'.
  if (input.event == PairEvent::failover && has(step->actions, mirror::PairAction::raise_epoch)) ++next.epoch;
  return next;
}

rt::Task<Result<mirror::Reply>> PairDesk::ask(const PairConfig& pair, mirror::Message message) {
  const Generation there = pair.peer_generation;
  const std::uint64_t epoch = pair.epoch;
  auto reply = co_await keeper_.ask(path_key(pair), there, epoch, std::move(message));
  co_return std::move(reply);
}

rt::Task<Result<void>> PairDesk::step(Generation pair, PairInput input) {
  const ControlPlane::PairPlanner plan = [this, input](const PairConfig& now) { return next_of(now, input); };
  auto done = co_await control_.change_pair(pair, plan);
  co_return done;
}

/// What is no command: it is taken as it comes, and if it says nothing new the pair goes on.
rt::Task<void> PairDesk::happened(Generation pair, PairEvent event) {
  const ControlPlane::PairPlanner plan = [this, event](const PairConfig& now) -> Next {
    auto next = next_of(now, {event, now.phase.type, now.attributes.resumes_itself});
    return next ? std::move(*next) : now;
  };
  watched_[pair].resume_at = home_.now() + kResumeEvery;
  auto done = co_await control_.change_pair(pair, plan);
  static_cast<void>(done);  // without a journal nothing goes on, and who asks is told
}

// ---- commands -------------------------------------------------------------------------------------------------------

rt::Task<PairDesk::Outcome> PairDesk::make_reserved(volume::MakePairRequest request) {
  Outcome outcome;
  const volume::ImageConfig& config = control_.config();
  std::optional<std::string> partner;
  if (!request.partner.empty()) partner = request.partner;
  const auto key =
      volume::find_paths(config, lss_number(request.source), lss_number(request.target), std::nullopt, partner);
  if (key) {
    request.peer_wwnn = key->wwnn;
    request.partner = config.path_sets.at(*key).partner;
  }
  auto planned = volume::plan_make_pair(config, request);
  if (!planned || !key) {
    outcome.done = planned ? key.error() : planned.error();
    co_return outcome;
  }
  PairConfig pair = *planned;
  if (!is_up(pair)) {
    outcome.done = Errc::no_path;
    co_return outcome;
  }
  pair.generation = control_.draw_generation();
  for (std::uint8_t& byte : pair.lineage) byte = static_cast<std::uint8_t>(home_.random().next());
  const std::uint64_t blocks = config.volumes.at(pair.volume).block_count;
  mirror::Message words(mirror::OpenPair{terms_of(pair, blocks), request.copies});
  auto reply = co_await ask(pair, std::move(words));
  const auto* opened = reply ? std::get_if<mirror::PairOpened>(&reply->message) : nullptr;
  if (opened == nullptr) {
    outcome.done = reply ? error_of(*reply, pair) : line_lost();
    co_return outcome;
  }
  pair.peer_generation = opened->own_pair;
  if (opened->block_count > blocks) outcome.warning = Error{Errc::target_larger, pair.other.value};
  const ControlPlane::PairMaker make = [this, &request, &pair]() -> Next {
    TT_CHECK(volume::plan_make_pair(control_.config(), request));
    return pair;
  };
  outcome.done = co_await control_.install_pair(make);
  if (outcome.done) {
    begin_work();
  } else {
    mirror::Message close(mirror::ClosePair{});
    auto told = co_await ask(pair, std::move(close));
    static_cast<void>(told);  // the other end keeps a pair that nobody knows here; the next mkpprc replaces it
  }
  co_return outcome;
}

rt::Task<PairDesk::Outcome> PairDesk::pause_reserved(volume::PairName name, End here, bool alone) {
  Outcome outcome;
  const auto pair = named(name, here);
  if (!pair || (here == End::source && !alone && !is_up(*pair))) {
    outcome.done = pair ? Error{Errc::no_path} : pair.error();
    co_return outcome;
  }
  const PairInput input{PairEvent::pause};
  outcome.done = co_await step(pair->generation, input);
  if (!outcome.done || !is_up(*pair)) co_return outcome;
  const auto reason = here == End::source ? mirror::SuspendReason::update_target : mirror::SuspendReason::host_target;
  mirror::Message words(mirror::Suspend{reason});
  auto told = co_await ask(*pair, std::move(words));
  static_cast<void>(told);  // nothing can be sent or taken any more, whatever the other end calls its state
  co_return outcome;
}

/// The other end takes frames before this one sends any.
rt::Task<Result<void>> PairDesk::resume_with(PairConfig pair, PairInput input, mirror::PairAttributes attributes) {
  auto next = next_of(pair, input);
  if (!next) co_return next.error();
  TT_CO_CHECK(volume::check_attributes(next->phase.type, attributes, pair.volume));
  // A volume that is the target of another pair stays one.
  attributes.cascade = attributes.cascade || volume::mirror_onto(control_.config(), pair.volume) != nullptr;
  if (next->phase == pair.phase) co_return Error{Errc::wrong_pair_state, pair.volume.value};
  if (!is_up(pair)) co_return Errc::no_path;
  mirror::Message words(mirror::Resume{next->phase.type, attributes, pair.lineage});
  auto reply = co_await ask(pair, std::move(words));
  if (!reply) co_return line_lost();
  if (reply->code() == AnswerCode::epoch) co_await happened(pair.generation, PairEvent::found_higher_epoch);
  if (reply->code() != AnswerCode::done) co_return error_of(*reply, pair);
  attributes.reset_reserve = false;
  const ControlPlane::PairPlanner plan = [this, input, attributes](const PairConfig& now) -> Next {
    TT_TRY(PairConfig changed, next_of(now, input));
    changed.attributes = attributes;
    return changed;
  };
  auto done = co_await control_.change_pair(pair.generation, plan);
  co_return done;
}

/// Of a pair that could be resumed.
rt::Task<Result<void>> PairDesk::change_attributes(PairConfig pair, PairInput input,
                                                   mirror::PairAttributes attributes) {
  TT_CO_CHECK(volume::check_attributes(input.type, attributes, pair.volume));
  attributes.cascade = attributes.cascade || volume::mirror_onto(control_.config(), pair.volume) != nullptr;
  attributes.reset_reserve = false;
  const ControlPlane::PairPlanner plan = [this, input, attributes](const PairConfig& now) -> Next {
    TT_CHECK(next_of(now, input));
    PairConfig changed = now;
    changed.phase.type = input.type;
    changed.attributes = attributes;
    return changed;
  };
  auto done = co_await control_.change_pair(pair.generation, plan);
  co_return done;
}

rt::Task<PairDesk::Outcome> PairDesk::resume_reserved(volume::PairName name, mirror::PairType type,
                                                      mirror::PairAttributes attributes, bool held) {
  Outcome outcome;
  auto pair = named(name, End::source);
  if (pair && held) {
    const PairInput input{PairEvent::resume, type};
    outcome.done = co_await change_attributes(std::move(*pair), input, attributes);
  } else if (pair) {
    const PairInput input{PairEvent::resume, type};
    outcome.done = co_await resume_with(std::move(*pair), input, attributes);
  } else {
    outcome.done = pair.error();
  }
  co_return outcome;
}

rt::Task<PairDesk::Outcome> PairDesk::remove_reserved(volume::PairName name, End here, bool alone) {
  Outcome outcome;
  const auto pair = named(name, here);
  if (!pair || (!alone && !is_up(*pair))) {
    outcome.done = pair ? Error{Errc::no_path} : pair.error();
    co_return outcome;
  }
  if (!alone) {
    mirror::Message words(mirror::ClosePair{});
    auto reply = co_await ask(*pair, std::move(words));
    const bool gone = reply && (reply->code() == AnswerCode::done || reply->code() == AnswerCode::no_pair);
    if (!gone) {
      outcome.done = reply ? error_of(*reply, *pair) : line_lost();
      co_return outcome;
    }
  }
  outcome.done = co_await control_.remove_pair(pair->generation);
  co_return outcome;
}

rt::Task<PairDesk::Outcome> PairDesk::fail_over_reserved(volume::PairName name, mirror::PairType type, bool cascade) {
  Outcome outcome;
  auto generation = volume::find_pair(control_.config(), name);
  if (!generation) {
    outcome.done = generation.error();
    co_return outcome;
  }
  const PairConfig pair = *find(*generation);
  const PairInput input{PairEvent::failover, type};
  const ControlPlane::PairPlanner plan = [this, input, cascade](const PairConfig& now) -> Next {
    TT_TRY(PairConfig next, next_of(now, input));
    if (!now.is_source()) next.attributes.cascade = cascade;
    return next;
  };
  outcome.done = co_await control_.change_pair(pair.generation, plan);
  if (!outcome.done || pair.is_source()) co_return outcome;
  if (pair.phase.state == mirror::PairState::copy_pending) {
    outcome.warning = Error{Errc::target_not_consistent, pair.volume.value};
  }
  if (is_up(pair)) {
    mirror::Message words(mirror::Suspend{mirror::SuspendReason::host_target});
    const PairConfig now = *find(pair.generation);
    auto told = co_await ask(now, std::move(words));
    static_cast<void>(told);  // the former source finds out with its next frame
  }
  co_return outcome;
}

rt::Task<Result<PairDesk::Known>> PairDesk::ask_what_is_known(const PairConfig& pair) {
  mirror::Message report(report_of(pair));
  auto reply = co_await ask(pair, std::move(report));
  if (!reply) co_return line_lost();
  Known known;
  const auto* there = std::get_if<mirror::PairReport>(&reply->message);
  if (there == nullptr) co_return known;
  if (reply->head.epoch > mirror::kLastEpoch) co_return error_of(*reply, pair);
  known.same_history = there->lineage == pair.lineage;
  known.epoch = reply->head.epoch;
  known.changed_tracks = there->out_of_sync_tracks;
  co_return known;
}

/// The other end becomes the target, or is it still. `all`: its marks, or ours, say nothing of these data.
rt::Task<Result<void>> PairDesk::begin_failback(PairConfig& pair, mirror::FailBack words, bool& all) {
  mirror::Message message(std::move(words));
  auto reply = co_await ask(pair, std::move(message));
  if (!reply) co_return line_lost();
  const auto* opened = std::get_if<mirror::PairOpened>(&reply->message);
  if (opened == nullptr) co_return error_of(*reply, pair);
  all = all || opened->is_new;
  pair.peer_generation = opened->own_pair;
  co_return Result<void>{};
}

/// Until both are known to be marked here the other end keeps its marks: a command that ends half way is repeated.
rt::Task<Result<void>> PairDesk::union_of_marks(const PairConfig& pair, Generation there) {
  const PairConfig asked = pair;
  for (std::uint64_t first = 0; first < asked.track_count; first += kMarksOfAQuestion) {
    const auto count = static_cast<std::uint32_t>(std::min(kMarksOfAQuestion, asked.track_count - first));
    mirror::Message question(mirror::GetMarks{first, count});
    auto reply = co_await keeper_.ask(path_key(asked), there, asked.epoch, std::move(question));
    if (!reply) co_return line_lost();
    const auto* marks = std::get_if<mirror::Marks>(&reply->message);
    if (marks == nullptr || marks->first_track != first || marks->track_count != count)
      co_return error_of(*reply, asked);
    if (std::ranges::all_of(marks->data, [](std::byte b) { return b == std::byte{0}; })) continue;
    std::vector<std::byte> bits(marks->data.begin(), marks->data.end());
    auto added = co_await control_.add_marks(asked.generation, first, std::move(bits));
    if (!added) co_return added;
  }
  co_return Result<void>{};
}

rt::Task<PairDesk::Outcome> PairDesk::fail_back_reserved(volume::PairName name, mirror::PairType type,
                                                         mirror::PairAttributes attributes, Turn turn) {
  Outcome outcome;
  const bool held = turn == Turn::held;
  auto named_pair = named(name, End::source);
  if (!named_pair) {
    outcome.done = named_pair.error();
    co_return outcome;
  }
  PairConfig pair = std::move(*named_pair);
  const PairInput input{held ? PairEvent::failback_held : PairEvent::failback, type, true};
  if (auto fits = next_of(pair, input); !fits || !is_up(pair)) {
    outcome.done = fits ? Error{Errc::no_path} : fits.error();
    co_return outcome;
  }
  const volume::VolumeConfig& volume = control_.config().volumes.at(pair.volume);
  outcome.done = volume::check_attributes(type, attributes, pair.volume);
  if (outcome.done && volume.track_count() != pair.track_count) outcome.done = {Errc::mirror_sizes, pair.other.value};
  if (!outcome.done) co_return outcome;
  attributes.resumes_itself = pair.attributes.resumes_itself;
  mirror::FailBack words;
  words.terms = terms_of(pair, volume.block_count);
  const auto known = co_await ask_what_is_known(pair);
  if (!known || turn == Turn::preview) {
    if (!known) outcome.done = known.error();
    if (known && known->changed_tracks != 0) outcome.warning = Error{Errc::changes_lost, known->changed_tracks};
    co_return outcome;
  }
  pair.epoch = std::max(pair.epoch, known->epoch) + 1;
  words.terms.type = type;
  words.terms.attributes = attributes;
  words.held = held;
  bool all = !known->same_history;
  outcome.done = co_await begin_failback(pair, std::move(words), all);
  if (outcome.done && all) outcome.done = co_await control_.mark_all(pair.generation);
  if (outcome.done && !all) outcome.done = co_await union_of_marks(pair, pair.peer_generation);
  if (!outcome.done) co_return outcome;
  attributes.reset_reserve = false;
  const ControlPlane::PairPlanner plan = [this, input, attributes, &pair](const PairConfig& now) -> Next {
    TT_TRY(PairConfig next, next_of(now, input));
    next.attributes = attributes;
    next.epoch = pair.epoch;
    next.peer_generation = pair.peer_generation;
    next.first_pass = false;
    return next;
  };
  outcome.done = co_await control_.change_pair(pair.generation, plan);
  if (known->changed_tracks != 0) outcome.warning = Error{Errc::changes_lost, known->changed_tracks};
  begin_work();
  co_return outcome;
}

rt::Task<std::vector<PairStatus>> PairDesk::statuses() {
  std::vector<PairStatus> all;
  std::vector<Generation> generations;
  for (const auto& [generation, pair] : control_.config().mirror_pairs) generations.push_back(generation);
  for (const Generation generation : generations) {
    const PairCounts counts = co_await control_.pair_counts(generation);
    if (const PairConfig* pair = find(generation); pair != nullptr) all.push_back({*pair, counts});
  }
  co_return all;
}

// ---- one at a time
// ---------------------------------------------------------------------------------------------------

rt::Task<PairDesk::Outcome> PairDesk::make(volume::MakePairRequest request) {
  const VolumeId volume = request.source;
  co_await reserve(volume);
  auto outcome = co_await make_reserved(std::move(request));
  release(volume);
  co_return outcome;
}

rt::Task<PairDesk::Outcome> PairDesk::pause(volume::PairName name, End here, bool alone) {
  const VolumeId volume = name.volume;
  co_await reserve(volume);
  auto outcome = co_await pause_reserved(std::move(name), here, alone);
  release(volume);
  co_return outcome;
}

rt::Task<PairDesk::Outcome> PairDesk::resume(volume::PairName name, mirror::PairType type,
                                             mirror::PairAttributes attributes, bool held) {
  const VolumeId volume = name.volume;
  co_await reserve(volume);
  auto outcome = co_await resume_reserved(std::move(name), type, attributes, held);
  release(volume);
  co_return outcome;
}

rt::Task<PairDesk::Outcome> PairDesk::remove(volume::PairName name, End here, bool alone) {
  const VolumeId volume = name.volume;
  co_await reserve(volume);
  auto outcome = co_await remove_reserved(std::move(name), here, alone);
  release(volume);
  co_return outcome;
}

rt::Task<PairDesk::Outcome> PairDesk::fail_over(volume::PairName name, mirror::PairType type, bool cascade) {
  const VolumeId volume = name.volume;
  co_await reserve(volume);
  auto outcome = co_await fail_over_reserved(std::move(name), type, cascade);
  release(volume);
  co_return outcome;
}

rt::Task<PairDesk::Outcome> PairDesk::fail_back(volume::PairName name, mirror::PairType type,
                                                mirror::PairAttributes attributes, Turn turn) {
  const VolumeId volume = name.volume;
  co_await reserve(volume);
  auto outcome = co_await fail_back_reserved(std::move(name), type, attributes, turn);
  release(volume);
  co_return outcome;
}

// ---- senders --------------------------------------------------------------------------------------------------------

void PairDesk::begin_work() {
  if (working_ || stopping_) return;
  working_ = true;
  for (const auto& shard : control_.shards()) {
    work_.push_back(std::make_unique<ShardWork>(*shard, control_.pace(), *this));
  }
  scope_.spawn(open_configured());
  scope_.spawn(watch());
}

/// Pairs that were there at the start are closed until now.
rt::Task<void> PairDesk::open_configured() {
  std::vector<Generation> generations;
  for (const auto& [generation, pair] : control_.config().mirror_pairs) generations.push_back(generation);
  const ControlPlane::PairPlanner as_it_is = [](const PairConfig& now) -> Next { return now; };
  for (const Generation generation : generations) {
    if (stopping_) co_return;
    auto done = co_await control_.change_pair(generation, as_it_is);
    static_cast<void>(done);  // it was removed meanwhile
  }
  for (const auto& work : work_) {
    if (stopping_) co_return;
    co_await rt::hop(home_, work->shard.reactor());
    work->scope.spawn(work->sender.run());
    co_await rt::hop(work->shard.reactor(), home_);
  }
}

rt::Task<Result<AnswerCode>> PairDesk::carry(Shard& from, const PairConfig& pair, mirror::Message message) {
  const Generation generation = pair.generation;
  const std::uint64_t epoch = pair.epoch;
  co_await rt::hop(from.reactor(), home_);
  Result<AnswerCode> answer = Errc::cancelled;
  const PairConfig* now = find(generation);
  if (now != nullptr && now->epoch == epoch && now->is_source() && now->is_active() && !stopping_) {
    auto reply = co_await ask(*now, std::move(message));
    answer = reply ? Result<AnswerCode>(reply->code()) : Result<AnswerCode>(Errc::disconnected);
  }
  co_await rt::hop(home_, from.reactor());
  co_return answer;
}

void PairDesk::refused(Shard& from, Generation pair, AnswerCode code) noexcept {
  work_[from.options().id]->scope.spawn(happened_at(from, pair, event_of(code)));
}

void PairDesk::unreadable(Shard& from, Generation pair) noexcept {
  work_[from.options().id]->scope.spawn(happened_at(from, pair, PairEvent::error_here));
}

rt::Task<void> PairDesk::happened_at(Shard& from, Generation pair, PairEvent event) {
  co_await rt::hop(from.reactor(), home_);
  co_await happened(pair, event);
  co_await rt::hop(home_, from.reactor());
}

// ---- the watch ------------------------------------------------------------------------------------------------------

/// Each pair for itself: another image that does not answer holds up nobody else's.
rt::Task<void> PairDesk::watch() {
  while (!stopping_) {
    const auto& pairs = control_.config().mirror_pairs;
    for (const auto& [generation, pair] : pairs) {
      if (watched_[generation].is_looked_at) continue;
      watched_[generation].is_looked_at = true;
      scope_.spawn(look(generation));
    }
    std::erase_if(watched_,
                  [&pairs](const auto& entry) { return !entry.second.is_looked_at && !pairs.contains(entry.first); });
    if (!stopping_) co_await note_problems();
    if (!stopping_) co_await nap_.until(home_.now() + kLookEvery);
  }
}

rt::Task<void> PairDesk::note_problems() {
  const ControlPlane::Planner plan = [this]() -> Result<volume::Mutation> {
    auto next = next_pair_record(control_.config(), home_.wall_seconds());
    if (!next) return Errc::cancelled;
    return std::move(*next);
  };
  bool more = next_pair_record(control_.config(), 1).has_value();
  while (more && !stopping_) {
    auto done = co_await control_.record(plan);
    more = done.has_value();
  }
}

rt::Task<void> PairDesk::look(Generation generation) {
  if (const PairConfig* pair = find(generation); pair != nullptr && pair->is_source() && !stopping_) {
    const VolumeId volume = pair->volume;
    co_await reserve(volume);
    co_await look_at(generation);
    release(volume);
  }
  watched_[generation].is_looked_at = false;
}

rt::Task<void> PairDesk::look_at(Generation generation) {
  const PairConfig* found = find(generation);
  if (found == nullptr || !found->is_source() || stopping_) co_return;
  const PairConfig pair = *found;
  Watched& watched = watched_[generation];
  const rt::TimeNs now = home_.now();
  if (!is_up(pair)) {
    if (!watched.was_down) watched.resume_at = 0;
    if (!watched.was_down || watched.down_since == 0) watched.down_since = now;
    watched.was_down = true;
    if (pair.is_active() && now - watched.down_since >= kSilenceLimit) co_await happened(generation, PairEvent::silent);
    co_return;
  }
  const bool came_up = std::exchange(watched.was_down, false);
  if (came_up) co_await compare(pair);
  if (!pair.is_active() && may_resume_itself(pair) && now >= watched.resume_at) {
    watched.resume_at = now + kResumeEvery;
    const PairInput input{PairEvent::path_up, pair.phase.type, true};
    auto resumed = co_await resume_with(pair, input, pair.attributes);
    static_cast<void>(resumed);  // tried again
  }
  if (pair.is_active() && !pair.first_pass) co_await note_first_pass(pair);
}

/// In a cascade not before all of the volume has come here.
rt::Task<void> PairDesk::note_first_pass(PairConfig pair) {
  const PairConfig* upstream = volume::mirror_onto(control_.config(), pair.volume);
  const PairCounts counts = co_await control_.pair_counts(pair.generation);
  if (!counts.pass_completed || (upstream != nullptr && !upstream->first_pass)) co_return;
  const ControlPlane::PairPlanner plan = [](const PairConfig& now) -> Next {
    PairConfig next = now;
    next.first_pass = next.first_pass || next.is_active();
    return next;
  };
  auto done = co_await control_.change_pair(pair.generation, plan);
  static_cast<void>(done);  // seen again
}

/// A line that has come back: what the other end is by now.
rt::Task<void> PairDesk::compare(PairConfig pair) {
  mirror::Message report(report_of(pair));
  auto reply = co_await ask(pair, std::move(report));
  if (!reply) co_return;
  const auto* there = std::get_if<mirror::PairReport>(&reply->message);
  if (there == nullptr) {
    if (reply->code() == AnswerCode::no_pair) co_await happened(pair.generation, PairEvent::refused_simplex);
  } else if (there->lineage != pair.lineage) {
    co_await happened(pair.generation, PairEvent::found_other_lineage);
  } else if (there->phase.role == mirror::PairRole::source && reply->head.epoch > pair.epoch) {
    co_await happened(pair.generation, PairEvent::found_higher_epoch);
  }
}

}  // namespace tt::image
