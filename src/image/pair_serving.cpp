// SPDX-License-Identifier: Apache-2.0
// What another image says of a pair with this one, and is answered. Nothing is taken from an image that the pair is not
// with; a step is durable here before it is answered.
#include <algorithm>
#include <utility>

#include "image/pair_desk.h"

namespace tt::image {

using mirror::AnswerCode;
using mirror::PairEvent;
using mirror::PairInput;
using volume::PairConfig;

namespace {

mirror::Reply reply_with(mirror::Message message) {
  mirror::Reply reply;
  reply.message = std::move(message);
  return reply;
}

mirror::Reply answer(AnswerCode code, std::uint64_t detail = 0) {
  mirror::Answer words;
  words.code = code;
  words.detail = detail;
  return reply_with(words);
}

mirror::Reply answer(const Error& error) {
  switch (error.code) {
    case Errc::no_such_pair:
      return answer(AnswerCode::no_pair);
    case Errc::no_space:
    case Errc::media_full:
    case Errc::repository_too_small:
      return answer(AnswerCode::space);
    case Errc::out_of_range:
      return answer(AnswerCode::range);
    case Errc::busy:
    case Errc::shutting_down:
    case Errc::cancelled:
    case Errc::write_inhibited:
      return answer(AnswerCode::busy);
    default:
      return answer(AnswerCode::media);
  }
}

mirror::Reply refusal(const Error& error) {
  return answer(AnswerCode::refused, static_cast<std::uint64_t>(error.code));
}

/// What the message is to this end, if it is a step.
std::optional<PairInput> input_of(const mirror::Message& message, const PairConfig& pair) {
  const bool itself = pair.attributes.resumes_itself;
  if (std::holds_alternative<mirror::Suspend>(message))
    return PairInput{PairEvent::told_pause, pair.phase.type, itself};
  if (const auto* resume = std::get_if<mirror::Resume>(&message)) {
    return PairInput{PairEvent::told_resume, resume->type, itself};
  }
  return std::nullopt;
}

bool is_within(const PairConfig& pair, const volume::VolumeConfig& volume, std::uint64_t first, std::uint64_t count) {
  const std::uint64_t end = std::min(volume.block_count, pair.track_count * kTrackBlocks);
  return first < end && count <= end - first;
}

}  // namespace

bool PairDesk::is_about_pairs(const mirror::Message& message) noexcept {
  return std::visit(
      []<class M>(const M&) {
        return M::kKind >= mirror::FrameKind::open_pair && M::kKind <= mirror::FrameKind::marks;
      },
      message);
}

rt::Task<mirror::Reply> PairDesk::serve(mirror::Link& link, const mirror::Reply& request) {
  if (stopping_ || request.head.epoch > mirror::kLastEpoch) co_return answer(AnswerCode::busy);
  if (const auto* words = std::get_if<mirror::OpenPair>(&request.message)) {
    auto reply = co_await accept(link, *words, request.head.epoch);
    co_return std::move(reply);
  }
  if (const auto* words = std::get_if<mirror::FailBack>(&request.message)) {
    auto reply = co_await accept_failback(link, *words, request.head.pair, request.head.epoch);
    co_return std::move(reply);
  }
  const PairConfig* pair = find(request.head.pair);
  if (pair == nullptr || pair->peer_wwnn != link.peer_wwnn()) co_return answer(AnswerCode::no_pair);
  auto reply = co_await serve_pair(*pair, request);
  co_return std::move(reply);
}

rt::Task<mirror::Reply> PairDesk::serve_pair(PairConfig pair, const mirror::Reply& request) {
  rt::Task<mirror::Reply> work;
  const mirror::Message& message = request.message;
  if (std::holds_alternative<mirror::Write>(message) || std::holds_alternative<mirror::Zero>(message)) {
    work = serve_data(std::move(pair), request);
  } else if (const auto* marks = std::get_if<mirror::GetMarks>(&message)) {
    work = serve_marks(std::move(pair), *marks);
  } else if (std::holds_alternative<mirror::PairReport>(message)) {
    mirror::PairReport report;
    report.source = pair.is_source() ? pair.volume : pair.other;
    report.target = pair.is_source() ? pair.other : pair.volume;
    report.own_pair = pair.generation;
    report.phase = pair.phase;
    report.lineage = pair.lineage;
    const PairCounts counts = co_await control_.pair_counts(pair.generation);
    report.out_of_sync_tracks = counts.marked;
    mirror::Reply reply = reply_with(report);
    reply.head.epoch = pair.epoch;
    co_return std::move(reply);
  } else {
    work = serve_step(std::move(pair), request);
  }
  auto reply = co_await work;
  co_return std::move(reply);
}

// ---- steps ----------------------------------------------------------------------------------------------------------

rt::Task<mirror::Reply> PairDesk::serve_step(PairConfig pair, const mirror::Reply& request) {
  if (std::holds_alternative<mirror::ClosePair>(request.message)) {
    const bool fits = mirror::step(pair.phase, {PairEvent::told_remove}).has_value();
    if (!fits) co_return answer(AnswerCode::state);
    auto removed = co_await control_.remove_pair(pair.generation);
    co_return removed || removed.error().code == Errc::no_such_pair ? answer(AnswerCode::done)
                                                                    : answer(removed.error());
  }
  const auto input = input_of(request.message, pair);
  if (!input) co_return answer(AnswerCode::state);
  const auto* resume = std::get_if<mirror::Resume>(&request.message);
  const std::uint64_t epoch = request.head.epoch;
  if (resume != nullptr && resume->lineage != pair.lineage) co_return answer(AnswerCode::lineage);
  if (resume != nullptr && epoch != pair.epoch) co_return answer(AnswerCode::epoch);
  const ControlPlane::PairPlanner plan = [this, input, resume, epoch](const PairConfig& now) -> Next {
    if (resume != nullptr && epoch != now.epoch) return Errc::wrong_pair_state;
    TT_TRY(PairConfig next, next_of(now, *input));
    if (resume != nullptr) next.attributes = resume->attributes;
    next.attributes.reset_reserve = false;
    return next;
  };
  auto done = co_await control_.change_pair(pair.generation, plan);
  if (done) co_return answer(AnswerCode::done);
  co_return done.error().code == Errc::wrong_pair_state ? answer(AnswerCode::state) : answer(done.error());
}

/// A pair of the same two volumes that the source knows no more makes room.
rt::Task<Result<PairConfig>> PairDesk::take_as_target(volume::AcceptPairRequest request) {
  auto planned = volume::plan_accept_pair(control_.config(), request);
  if (!planned) co_return planned.error();
  const PairConfig* former = volume::mirror_onto(control_.config(), request.target);
  const Generation replaced = former != nullptr ? former->generation : Generation{};
  PairConfig pair = std::move(*planned);
  pair.generation = control_.draw_generation();
  const ControlPlane::PairMaker make = [this, &request, &pair, replaced]() -> Next {
    TT_CHECK(volume::plan_accept_pair(control_.config(), request));
    const PairConfig* now = volume::mirror_onto(control_.config(), request.target);
    if (now != nullptr && now->generation != replaced) return Errc::already_a_pair;
    return pair;
  };
  auto done = co_await control_.install_pair(make, replaced);
  if (!done) co_return done.error();
  begin_work();
  co_return pair;
}

namespace {

volume::AcceptPairRequest accepted(const mirror::Link& link, const mirror::PairTerms& terms, std::uint64_t epoch) {
  volume::AcceptPairRequest request;
  request.source = terms.source;
  request.target = terms.target;
  request.peer_wwnn = link.peer_wwnn();
  request.partner = "IBM." + link.peer_serial();
  request.peer_generation = terms.source_pair;
  request.block_count = terms.block_count;
  request.type = terms.type;
  request.attributes = terms.attributes;
  request.epoch = epoch;
  request.lineage = terms.lineage;
  return request;
}

}  // namespace

/// Of a new pair; it may have been removed already.
mirror::Reply PairDesk::opened(const PairConfig& pair) const {
  const volume::VolumeConfig* volume = control_.config().find_volume(pair.volume);
  if (volume == nullptr) return answer(AnswerCode::no_pair);
  return reply_with(mirror::PairOpened{pair.generation, volume->block_count, true});
}

rt::Task<mirror::Reply> PairDesk::accept(const mirror::Link& link, mirror::OpenPair words, std::uint64_t epoch) {
  volume::AcceptPairRequest request = accepted(link, words.terms, std::max<std::uint64_t>(epoch, 1));
  request.copies = words.copies;
  auto pair = co_await take_as_target(std::move(request));
  if (!pair) co_return refusal(pair.error());
  co_return opened(*pair);
}

/// The caller keeps its data. An epoch that is not above ours comes from who does not know what happened since.
rt::Task<mirror::Reply> PairDesk::accept_failback(const mirror::Link& link, mirror::FailBack words, Generation name,
                                                  std::uint64_t epoch) {
  const PairConfig* known = find(name);
  if (known == nullptr || known->peer_wwnn != link.peer_wwnn()) {
    volume::AcceptPairRequest request = accepted(link, words.terms, std::max<std::uint64_t>(epoch, 1));
    auto pair = co_await take_as_target(std::move(request));
    if (!pair) co_return refusal(pair.error());
    co_return opened(*pair);
  }
  const Generation generation = known->generation;
  const VolumeId volume = known->volume;
  const std::uint64_t blocks = control_.config().volumes.at(volume).block_count;
  if (blocks < words.terms.block_count) co_return refusal({Errc::mirror_sizes, volume.value});
  const bool same_lineage = known->lineage == words.terms.lineage;
  const auto event = words.held ? PairEvent::told_failback_held : PairEvent::told_failback;
  const ControlPlane::PairPlanner plan = [this, event, epoch, &words](const PairConfig& now) -> Next {
    if (epoch <= now.epoch) return {Errc::wrong_pair_state, now.volume.value};
    if (!volume::may_be_target(control_.config(), now.volume, now.generation)) {
      return {Errc::target_not_eligible, now.volume.value};
    }
    TT_TRY(PairConfig next, next_of(now, {event, words.terms.type, true}));
    next.epoch = epoch;
    next.lineage = words.terms.lineage;
    next.peer_generation = words.terms.source_pair;
    next.attributes = words.terms.attributes;
    next.attributes.reset_reserve = false;
    return next;
  };
  auto done = co_await control_.change_pair(generation, plan);
  if (!done) co_return refusal(done.error());
  begin_work();
  co_return reply_with(mirror::PairOpened{generation, blocks, !same_lineage});
}

// ---- data -----------------------------------------------------------------------------------------------------------

rt::Task<mirror::Reply> PairDesk::serve_data(PairConfig pair, const mirror::Reply& request) {
  const volume::VolumeConfig& volume = control_.config().volumes.at(pair.volume);
  const VolumeHandle handle{volume.id, volume.generation};
  const MirrorFrame frame{pair.generation, request.head.epoch};
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  const std::byte* data = nullptr;
  if (const auto* write = std::get_if<mirror::Write>(&request.message)) {
    first = write->first_block;
    count = write->data.size() / kBlockBytes;
    data = write->data.data();
  } else {
    const auto& zero = std::get<mirror::Zero>(request.message);
    first = zero.first_block;
    count = zero.block_count;
  }
  if (!is_within(pair, volume, first, count)) co_return answer(AnswerCode::range);
  auto done = co_await control_.write_mirrored(frame, handle, first, count, data);
  if (done) co_return answer(AnswerCode::done);
  if (done.error().code == Errc::wrong_pair_state) co_return answer(static_cast<AnswerCode>(done.error().detail));
  co_return answer(done.error());
}

/// Bits beyond the pair's end are zeros.
rt::Task<mirror::Reply> PairDesk::serve_marks(PairConfig pair, mirror::GetMarks words) {
  const std::vector<std::byte> bits =
      co_await control_.read_marks(pair.generation, words.first_track, words.track_count);
  mirror::Reply reply;
  reply.bytes = std::make_unique<std::byte[]>(bits.size());
  std::ranges::copy(bits, reply.bytes.get());
  reply.message = mirror::Marks{words.first_track, words.track_count, {reply.bytes.get(), bits.size()}};
  co_return std::move(reply);
}

}  // namespace tt::image
