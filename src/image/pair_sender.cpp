// SPDX-License-Identifier: Apache-2.0
#include "image/pair_sender.h"

#include <algorithm>
#include <utility>

namespace tt::image {

using flashcopy::PairShare;
using mirror::AnswerCode;

namespace {

/// Of all shards together 8 MiB: half of what a link lets wait for answers, so that commands have room.
constexpr std::uint32_t kMostOfAll = 128;
constexpr rt::TimeNs kIdlePause = 20 * rt::kMillisecond;
constexpr rt::TimeNs kAdaptEvery = 100 * rt::kMillisecond;
/// A line that takes longer for an answer has too much on it.
constexpr rt::TimeNs kSlowAnswer = 2 * rt::kSecond;
constexpr rt::TimeNs kFirstRetry = 20 * rt::kMillisecond;
constexpr rt::TimeNs kLongestRetry = 2 * rt::kSecond;

std::uint32_t most_of(const Shard& shard) noexcept {
  return std::max(kMostOfAll / shard.options().stripes.shard_count, 4U);
}

}  // namespace

PairSender::PairSender(Shard& shard, CommonPace& pace, PairLine& line)
    : shard_(shard),
      pace_(pace),
      line_(line),
      most_(most_of(shard)),
      buffers_(shard.reactor(), most_),
      nap_(shard.reactor()),
      most_under_way_(most_),
      scope_(shard.reactor()) {}

void PairSender::stop() noexcept {
  stopping_ = true;
  nap_.end();
}

rt::Task<void> PairSender::run() {
  while (!stopping_ && !shard_.ring_->failed()) {
    const bool noted = shard_.note_arrivals();
    adapt();
    const rt::TimeNs now = shard_.reactor_.now();
    PairShare* share = noted && now >= next_ && under_way_ < most_under_way_ ? choose() : nullptr;
    if (share == nullptr) {
      co_await nap_.until(now + kIdlePause);
      continue;
    }
    const Run run = take_run(*share);
    ++under_way_;
    if (!run.zeros) next_ = pace_.limit().pay(kTrackBytes, now);
    scope_.spawn(send(share->config.generation, run));
  }
  co_await scope_.join();
  shard_.note_arrivals();
}

/// Fewer while hosts, or the line, are slower than they should be; back to all step by step.
void PairSender::adapt() noexcept {
  const rt::TimeNs now = shard_.reactor_.now();
  if (now < adapt_at_) return;
  adapt_at_ = now + kAdaptEvery;
  const HostLoad& load = shard_.host_load_;
  const bool hosts_wait = load.active_since(HostLoad::sender) &&
                          load.worst_latency_since(HostLoad::sender) > pace_.options().host_latency_target;
  const bool too_slow = hosts_wait || std::exchange(slowest_answer_, 0) > kSlowAnswer;
  most_under_way_ = too_slow ? std::max(most_under_way_ / 2, 1U) : std::min(most_under_way_ + 8, most_);
  shard_.host_load_.begin_piece(HostLoad::sender);
}

PairShare* PairSender::choose() {
  const std::size_t count = shard_.pairs_.size();
  if (count == 0) return nullptr;
  const rt::TimeNs now = shard_.reactor_.now();
  auto at = std::next(shard_.pairs_.begin(), static_cast<std::ptrdiff_t>(turn_++ % count));
  for (std::size_t tried = 0; tried < count; ++tried) {
    PairShare& share = *at->second;
    const bool probes = share.retry_pause != 0;  // the last one did not arrive: one at a time
    const bool may_send = share.open && share.config.is_source() && share.retry_at <= now;
    if (may_send && !(probes && !share.sending.empty()) && has_next(share)) return &share;
    if (++at == shard_.pairs_.end()) at = shard_.pairs_.begin();
  }
  return nullptr;
}

/// A pass ends when everything that it came to is over; the next one begins with the first track.
bool PairSender::has_next(PairShare& share) noexcept {
  if (share.cursor == 0 && !share.sending.empty()) return false;  // of before the pair was turned round
  auto next = share.marks.find(share.cursor, true);
  if (!next && share.sending.empty() && share.cursor != 0) {
    share.pass_completed = share.pass_completed || share.pass_is_good;
    share.pass_is_good = true;
    share.cursor = 0;
    next = share.marks.find(0, true);
  }
  if (next) share.cursor = *next;
  return next.has_value();
}

/// From the cursor: one track, or those behind it too while all read as zeros and the other end's are one stripe.
PairSender::Run PairSender::take_run(PairShare& share) {
  const std::uint64_t first = share.cursor;
  Run run{first, 1, is_zero(share, first)};
  const std::uint64_t stripe_end = (first / flashcopy::kStripeTracks + 1) * flashcopy::kStripeTracks;
  const std::uint64_t end = std::min(stripe_end, share.marks.track_count());
  while (run.zeros && first + run.count < end && share.marks.test(first + run.count) &&
         is_zero(share, first + run.count)) {
    ++run.count;
  }
  share.sending.push_back({run.first, run.count});
  share.cursor = first + run.count;
  return run;
}

bool PairSender::is_zero(const PairShare& share, std::uint64_t local_track) const {
  const VolumeHandle handle{share.volume->id, share.volume->generation};
  const auto status = shard_.status(handle, shard_.global_of(local_track));
  return status && status->zero;
}

rt::Task<void> PairSender::send(Generation pair, Run run) {
  const rt::TimeNs began = shard_.reactor_.now();
  Result<AnswerCode> answer = AnswerCode::done;
  if (run.zeros) {
    answer = co_await send_zeros(pair, run);
  } else {
    answer = co_await send_track(pair, run.first);
  }
  slowest_answer_ = std::max(slowest_answer_, shard_.reactor_.now() - began);
  ended(pair, run, answer);
}

rt::Task<Result<AnswerCode>> PairSender::send_zeros(Generation pair, Run run) {
  auto hardened = co_await shard_.harden_all();
  if (!hardened) co_return hardened.error();
  const PairShare* share = shard_.find_pair(pair);
  if (share == nullptr || !share->open) co_return Errc::cancelled;
  const std::uint64_t first_block = shard_.global_of(run.first) * kTrackBlocks;
  const std::uint64_t end = std::min(first_block + run.count * kTrackBlocks, share->volume->block_count);
  mirror::Message message(mirror::Zero{first_block, end - first_block});
  auto answer = co_await line_.carry(shard_, share->config, std::move(message));
  co_return answer;
}

/// What was read is durable here before it leaves: a power loss would else take the write and its mark with it, and
/// leave the other end with data that nobody has.
rt::Task<Result<AnswerCode>> PairSender::send_track(Generation pair, std::uint64_t local_track) {
  co_await buffers_.wait();
  const std::span<std::byte> buffer = buffers_.take();
  Result<AnswerCode> answer = Errc::cancelled;
  const PairShare* share = shard_.find_pair(pair);
  if (share != nullptr && share->open) {
    const std::uint64_t track = shard_.global_of(local_track);
    const VolumeHandle handle{share->volume->id, share->volume->generation};
    const std::span<std::byte> data = buffer.first(std::size_t{share->volume->blocks_of(track)} * kBlockBytes);
    auto done = co_await shard_.read_track(handle, track, data);
    const bool readable = done.has_value();
    if (done) done = co_await shard_.harden_all();
    share = shard_.find_pair(pair);
    if (share == nullptr || !share->open) {
      answer = Errc::cancelled;
    } else if (done) {
      mirror::Message message(mirror::Write{track * kTrackBlocks, data});
      answer = co_await line_.carry(shard_, share->config, std::move(message));
    } else {
      answer = readable ? done.error() : Error{Errc::io_error};
    }
  }
  buffers_.give(buffer);
  co_return answer;
}

void PairSender::ended(Generation pair, const Run& run, const Result<AnswerCode>& answer) {
  --under_way_;
  nap_.end();
  PairShare* share = shard_.find_pair(pair);
  if (share == nullptr) return;
  const auto sent = std::ranges::find_if(share->sending, [&run](const auto& s) { return s.first == run.first; });
  TT_ASSERT(sent != share->sending.end());
  if (answer && *answer == AnswerCode::done) {
    sent->arrived = true;
    share->retry_pause = 0;
    return;
  }
  share->sending.erase(sent);
  share->pass_is_good = false;
  const rt::TimeNs now = shard_.reactor_.now();
  if (!answer && answer.error().code == Errc::io_error) {
    share->open = false;
    line_.unreadable(shard_, pair);
  } else if (!answer || *answer == AnswerCode::checksum || *answer == AnswerCode::busy) {
    share->retry_pause = std::clamp(share->retry_pause * 2, kFirstRetry, kLongestRetry);
    share->retry_at = now + share->retry_pause;
  } else if (share->open) {
    share->open = false;
    line_.refused(shard_, pair, *answer);
  }
}

}  // namespace tt::image
