// SPDX-License-Identifier: Apache-2.0
#include "console/image_link.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <iterator>
#include <utility>

#include "model/catalogue.h"

namespace tt::console {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto kRetryPause = std::chrono::milliseconds(100);
/// How long a call waits for an image that is just being restarted.
constexpr auto kPatience = std::chrono::seconds(3);
constexpr std::size_t kMostWaiting = 256;
constexpr std::size_t kReadBytes = 256U << 10U;

model::Response failed(Errc code) {
  model::Response response;
  response.status = code;
  return response;
}

}  // namespace

ImageLink::ImageLink(asio::io_context& io, std::string image_id, std::string socket_path, std::string program,
                     LogFunction log)
    : socket_(io),
      retry_(io),
      image_id_(std::move(image_id)),
      path_(std::move(socket_path)),
      program_(std::move(program)),
      log_(std::move(log)),
      read_buffer_(kReadBytes) {}

void ImageLink::start() {
  connect();
}

void ImageLink::stop() {
  stopped_ = true;
  retry_.cancel();
  lose("the console stops");
  for (Waiting& one : std::exchange(waiting_, {})) one.answered(failed(Errc::shutting_down));
}

void ImageLink::connect() {
  state_ = State::connecting;
  const std::uint64_t epoch = ++epoch_;
  arm_greeting_deadline();
  if (path_.size() >= sizeof(sockaddr_un{}.sun_path)) {
    lose("the path of the socket is too long: " + path_);
    return;
  }
  socket_.async_connect(asio::local::stream_protocol::endpoint(path_), [this, epoch](error_code problem) {
    if (epoch != epoch_) return;
    if (problem) {
      lose(path_ + ": " + problem.message());
      return;
    }
    send_hello();
    read_some();
  });
}

void ImageLink::lose(const std::string& why) {
  ++epoch_;
  error_code ignored;
  socket_.close(ignored);
  state_ = State::idle;
  frames_ = control::FrameReader(control::kLargestAnswerBytes);
  outbox_.clear();
  writing_ = false;
  if (why != last_problem_ && !stopped_) log_("storage image " + image_id_ + ": not connected: " + why);
  last_problem_ = why;
  fail_under_way();
  if (!stopped_) arm_retry();
}

void ImageLink::fail_under_way() {
  for (auto& [id, call] : std::exchange(under_way_, {})) {
    const model::Operation* operation = model::find_operation(call.request.operation);
    const bool harmless = operation != nullptr && operation->shape != model::Shape::change;
    if (harmless && !stopped_ && call.deadline > Clock::now() && waiting_.size() < kMostWaiting) {
      waiting_.push_back(std::move(call));
    } else {
      call.answered(failed(Errc::cancelled));
    }
  }
}

void ImageLink::arm_retry() {
  retry_.expires_after(kRetryPause);
  retry_.async_wait([this](error_code problem) {
    if (problem || stopped_) return;
    expire_waiting();
    if (state_ == State::idle) connect();
  });
}

void ImageLink::arm_greeting_deadline() {
  const std::uint64_t epoch = epoch_;
  retry_.expires_after(kPatience);
  retry_.async_wait([this, epoch](error_code problem) {
    if (problem || stopped_ || epoch != epoch_ || state_ == State::ready) return;
    expire_waiting();
    lose("nobody answers at " + path_);
  });
}

void ImageLink::expire_waiting() {
  const auto now = Clock::now();
  const auto expired =
      std::partition(waiting_.begin(), waiting_.end(), [now](const Waiting& one) { return one.deadline > now; });
  std::vector<Waiting> late(std::make_move_iterator(expired), std::make_move_iterator(waiting_.end()));
  waiting_.erase(expired, waiting_.end());
  for (const Waiting& one : late) one.answered(failed(Errc::disconnected));
}

void ImageLink::send_hello() {
  state_ = State::greeting;
  control::Hello hello;
  hello.program = program_;
  outbox_.push_back(control::make_frame(control::encode(hello)));
  write_next();
}

void ImageLink::read_some() {
  const std::uint64_t epoch = epoch_;
  socket_.async_read_some(asio::buffer(read_buffer_), [this, epoch](error_code problem, std::size_t count) {
    if (epoch != epoch_) return;
    if (problem) {
      lose("the storage image ended the connection (" + problem.message() + ")");
      return;
    }
    frames_.feed(std::span<const std::byte>(read_buffer_).first(count));
    on_frames();
  });
}

void ImageLink::on_frames() {
  const std::uint64_t epoch = epoch_;
  while (epoch == epoch_) {
    auto frame = frames_.next();
    if (!frame) {
      lose("the storage image sent a frame of a wrong size");
      return;
    }
    if (!frame->has_value()) break;
    const bool good = state_ == State::greeting ? on_hello(**frame) : on_answer(**frame);
    if (!good) return;
  }
  if (epoch == epoch_) read_some();
}

bool ImageLink::on_hello(const std::string& payload) {
  const auto hello = control::decode_hello(payload);
  if (!hello || hello->version != control::kVersion) {
    lose(hello && !hello->refused.empty() ? hello->refused : "no storage image of this release listens at " + path_);
    return false;
  }
  if (!hello->refused.empty()) {
    lose(hello->refused);
    return false;
  }
  if (hello->image_id != image_id_) {
    lose("at " + path_ + " listens " + hello->image_id + " instead");
    return false;
  }
  state_ = State::ready;
  last_problem_.clear();
  log_("storage image " + image_id_ + ": connected to " + hello->program);
  for (Waiting& one : std::exchange(waiting_, {})) send_call(std::move(one));
  return true;
}

bool ImageLink::on_answer(const std::string& payload) {
  auto answer = control::decode_answer(payload);
  const auto call = answer ? under_way_.find(answer->id) : under_way_.end();
  if (call == under_way_.end()) {
    lose("the storage image sent an answer that makes no sense");
    return false;
  }
  const Answered answered = std::move(call->second.answered);
  under_way_.erase(call);
  const std::uint64_t epoch = epoch_;
  answered(std::move(answer->response));
  return epoch == epoch_;
}

void ImageLink::call(model::Request request, Answered answered) {
  Waiting one{std::move(request), std::move(answered), Clock::now() + kPatience};
  if (stopped_) {
    one.answered(failed(Errc::shutting_down));
  } else if (state_ == State::ready) {
    send_call(std::move(one));
  } else if (waiting_.size() >= kMostWaiting) {
    one.answered(failed(Errc::busy));
  } else {
    waiting_.push_back(std::move(one));
  }
}

void ImageLink::send_call(Waiting waiting) {
  control::Call call;
  call.id = next_id_++;
  call.request = waiting.request;
  const std::string payload = control::encode(call);
  if (payload.size() > control::kLargestCallBytes) {
    waiting.answered(failed(Errc::limit_reached));
    return;
  }
  under_way_.emplace(call.id, std::move(waiting));
  outbox_.push_back(control::make_frame(payload));
  write_next();
}

void ImageLink::write_next() {
  if (writing_ || outbox_.empty()) return;
  writing_ = true;
  const std::uint64_t epoch = epoch_;
  // The front of a deque stays where it is while others are added behind it.
  asio::async_write(socket_, asio::buffer(outbox_.front()), [this, epoch](error_code problem, std::size_t) {
    if (epoch != epoch_) return;
    writing_ = false;
    outbox_.pop_front();
    if (problem) {
      lose("writing failed (" + problem.message() + ")");
      return;
    }
    write_next();
  });
}

}  // namespace tt::console
