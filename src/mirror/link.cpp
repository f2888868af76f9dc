// SPDX-License-Identifier: Apache-2.0
// Frames both ways once the greeting is over; that is in link_greeting.cpp.
#include "mirror/link.h"

#include <algorithm>
#include <utility>

#include "mirror/path_set.h"

namespace tt::mirror {

namespace {

/// Of the frames that wait to be written. A window of asks needs half of it; the rest are answers that are not read.
constexpr std::size_t kMostQueued = 65'536;
constexpr std::size_t kMostInOneWrite = 32;

/// What an ask takes of the window: its data, or those of its answer.
std::uint64_t cost_of(const Message& message) noexcept {
  const auto* get_marks = std::get_if<GetMarks>(&message);
  return kFrameCost + (get_marks != nullptr ? divide_up(get_marks->track_count, 8) : data_of(message).size());
}

/// Frames that say something instead of asking for it come as answers, or in the greeting.
bool asks(const Message& message) noexcept {
  return !std::holds_alternative<Answer>(message) && !std::holds_alternative<Marks>(message) &&
         !std::holds_alternative<Hello>(message) && !std::holds_alternative<Welcome>(message);
}

}  // namespace

Link::Link(rt::Reactor& reactor, std::unique_ptr<rt::ByteStream> stream, LinkIdentity self, LinkServices& services,
           LinkOptions options)
    : reactor_(reactor),
      stream_(std::move(stream)),
      self_(std::move(self)),
      services_(services),
      options_(options),
      to_write_(reactor),
      nap_(reactor),
      room_(reactor, kWindowBytes),
      scope_(reactor) {}

Link::~Link() {
  scope_.kill();
}

void Link::go_down(PathStatus status, std::string reason) {
  if (down_) return;
  down_ = true;
  status_ = status;
  reason_ = std::move(reason);
  stream_->shut_down();
  to_write_.wake_all();
  nap_.end();
}

void Link::close(PathStatus status, std::string reason) {
  if (down_ || closing_) return;
  if (!greeted_) return go_down(status, std::move(reason));
  Goodbye goodbye;
  goodbye.status = status;
  goodbye.text = reason;
  queue({}, Message(std::move(goodbye)), nullptr);
  reason_ = std::move(reason);
  closing_ = status;
}

rt::Task<void> Link::run() {
  TT_ASSERT(greeted_);
  scope_.spawn(write_until_down());
  scope_.spawn(beat_until_down());
  co_await read_until_down();
  co_await scope_.join();
}

// ---- asking ---------------------------------------------------------------------------------------------------------

rt::Task<Result<Reply>> Link::ask(Generation pair, std::uint64_t epoch, Message message) {
  const std::uint64_t cost = cost_of(message);
  co_await room_.acquire(cost);
  if (!up() || closing_) {
    room_.release(cost);
    co_return Errc::disconnected;
  }
  Waiting waiting(reactor_);
  FrameHead head;
  head.pair = pair;
  head.epoch = epoch;
  const std::uint64_t number = queue(head, message, nullptr);
  if (number == 0) {
    room_.release(cost);
    co_return Errc::disconnected;
  }
  waiting_.emplace(number, &waiting);
  // Also an answer that is here already: as long as the frame is being written, its data are read.
  while (!waiting.given_up && !(waiting.reply && number <= written_)) co_await waiting.over.wait();
  waiting_.erase(number);
  room_.release(cost);
  if (waiting.given_up) co_return Errc::disconnected;
  co_return std::move(*waiting.reply);
}

/// The number of the frame; 0 if none can go out any more.
std::uint64_t Link::queue(FrameHead head, const Message& message, std::shared_ptr<Reply> owner) {
  if (down_ || closing_) return 0;
  if (outgoing_.size() >= kMostQueued) {
    go_down(PathStatus::no_resources_there, "the other end does not read");
    return 0;
  }
  head.number = queued_.next();
  Outgoing out;
  out.bytes = encode_frame(head, message);
  out.data = data_of(message);
  out.owner = std::move(owner);
  outgoing_.push_back(std::move(out));
  to_write_.wake_one();
  return head.number;
}

rt::Task<void> Link::write_until_down() {
  std::vector<Outgoing> batch;
  std::vector<iovec> pieces;
  while (!down_) {
    if (outgoing_.empty()) {
      co_await to_write_.wait();
      continue;
    }
    while (!outgoing_.empty() && batch.size() < kMostInOneWrite) {
      batch.push_back(std::move(outgoing_.front()));
      outgoing_.pop_front();
    }
    for (Outgoing& out : batch) {
      pieces.push_back({out.bytes.data(), out.bytes.size()});
      if (!out.data.empty()) pieces.push_back({const_cast<std::byte*>(out.data.data()), out.data.size()});
    }
    auto written = co_await stream_->write_all(pieces);
    if (!written) go_down(PathStatus::link_down, "the connection was lost");
    sent_up_to(written_ + batch.size());
    batch.clear();
    pieces.clear();
    if (closing_ && outgoing_.empty()) go_down(*closing_, std::move(reason_));
  }
  // From here on nothing of what callers lent is read any more.
  outgoing_.clear();
  for (const auto& [number, waiting] : waiting_) {
    if (waiting == nullptr) continue;
    waiting->given_up = true;
    waiting->over.wake_all();
  }
}

void Link::sent_up_to(std::uint64_t number) {
  const auto first = waiting_.upper_bound(std::exchange(written_, number));
  for (auto i = first; i != waiting_.end() && i->first <= number; ++i) {
    if (i->second != nullptr && i->second->reply) i->second->over.wake_all();
  }
}

rt::Task<void> Link::beat_until_down() {
  while (!down_) {
    co_await nap_.until(reactor_.now() + options_.beat_interval);
    if (down_) break;
    if (closing_ && ++closing_beats_ >= options_.most_silent_beats) {
      go_down(*closing_, std::move(reason_));  // the goodbye does not go out: nobody reads
    } else if (silent_beats_ >= options_.most_silent_beats) {
      go_down(PathStatus::link_down, "nothing was heard from the other end");
    } else if (waits_too_long()) {
      go_down(PathStatus::timed_out, "the other end lives, and does not answer");
    } else if (const std::uint64_t number = queue({}, Beat{}, nullptr); number != 0) {
      waiting_.emplace(number, nullptr);
      ++silent_beats_;
    }
  }
}

bool Link::waits_too_long() noexcept {
  bool too_long = false;
  for (const auto& [number, waiting] : waiting_) {
    if (waiting != nullptr && ++waiting->beats > options_.most_beats_for_an_answer) too_long = true;
  }
  return too_long;
}

// ---- being asked ----------------------------------------------------------------------------------------------------

rt::Task<void> Link::read_until_down() {
  while (!down_) {
    auto incoming = co_await read_frame();
    if (down_) break;
    if (!incoming) {
      const bool lost = incoming.error().code == Errc::disconnected;
      go_down(PathStatus::link_down, lost ? "the connection was lost" : "what came could not be understood");
    } else if (!dispatch(std::move(*incoming))) {
      go_down(PathStatus::link_down, "the other end does not keep to the protocol");
    }
  }
}

bool Link::dispatch(Incoming incoming) {
  Reply& frame = incoming.frame;
  if (frame.head.answers != 0) return !incoming.damaged && take_answer(std::move(frame));
  if (incoming.damaged) {
    queue_answer(frame.head, AnswerCode::checksum);
    return true;
  }
  if (const auto* goodbye = std::get_if<Goodbye>(&frame.message)) {
    go_down(refusal_of(goodbye->status), goodbye->text);
    return true;
  }
  if (std::holds_alternative<Beat>(frame.message)) {
    queue_answer(frame.head, AnswerCode::done);
    return true;
  }
  const std::uint64_t cost = cost_of(frame.message);
  if (!asks(frame.message) || serving_bytes_ + cost > kWindowBytes) return false;
  serving_bytes_ += cost;
  scope_.spawn(serve_one(std::move(frame)));
  return true;
}

bool Link::take_answer(Reply reply) {
  const auto found = waiting_.find(reply.head.answers);
  if (found == waiting_.end()) return false;
  if (found->second == nullptr) {
    waiting_.erase(found);
    return true;
  }
  Waiting& waiting = *found->second;
  if (waiting.reply) return false;
  waiting.reply.emplace(std::move(reply));
  waiting.over.wake_all();
  return true;
}

void Link::queue_answer(const FrameHead& asked, AnswerCode code) {
  FrameHead head;
  head.answers = asked.number;
  head.pair = asked.pair;
  head.epoch = asked.epoch;
  Answer answer;
  answer.code = code;
  queue(head, Message(answer), nullptr);
}

rt::Task<void> Link::serve_one(Reply request) {
  const std::uint64_t cost = cost_of(request.message);
  auto reply = co_await services_.serve(*this, request);
  serving_bytes_ -= cost;
  const auto owner = std::make_shared<Reply>(std::move(reply));
  owner->head.answers = request.head.number;
  queue(owner->head, owner->message, owner);
}

}  // namespace tt::mirror
