// SPDX-License-Identifier: Apache-2.0
#include "interfaces/control/server.h"

#include <array>

#include "model/catalogue.h"
#include "model/selection.h"
#include "model/validation.h"

namespace tt::control {

namespace {

constexpr std::size_t kReadBytes = 64U << 10U;
/// After a failed accept (out of descriptors), wait instead of spinning.
constexpr rt::TimeNs kAcceptPause = 100 * rt::kMillisecond;

}  // namespace

ControlServer::ControlServer(rt::Reactor& reactor, model::Executor& executor, ControlOptions options)
    : reactor_(reactor), executor_(executor), options_(std::move(options)), scope_(reactor) {}

Result<void> ControlServer::start(rt::Net& net, const std::string& path) {
  auto listener = net.listen_unix(path);
  if (!listener) return listener.error();
  listener_ = std::move(listener).value();
  scope_.spawn(accept_loop());
  return {};
}

rt::Task<void> ControlServer::stop() {
  stopping_ = true;
  if (listener_) listener_->close();
  for (Connection& connection : connections_) connection.stream->shut_down();
  co_await scope_.join();
  listener_.reset();
}

void ControlServer::kill() noexcept {
  scope_.kill();
  for (Connection& connection : connections_) connection.calls.kill();
}

rt::Task<void> ControlServer::accept_loop() {
  while (!stopping_) {
    auto accepted = co_await listener_->accept();
    if (!accepted) {
      if (accepted.error().code == Errc::cancelled) co_return;
      co_await rt::sleep_for(reactor_, kAcceptPause);
      continue;
    }
    connections_.emplace_back(reactor_, std::move(accepted).value(), options_.max_calls);
    scope_.spawn(serve(std::prev(connections_.end())));
  }
}

rt::Task<void> ControlServer::serve(Connections::iterator connection) {
  if (stopping_) connection->stream->shut_down();
  const bool welcome = co_await greet(connection);
  if (welcome) co_await read_calls(connection);
  connection->stream->shut_down();
  co_await connection->calls.join();
  connections_.erase(connection);
}

rt::Task<bool> ControlServer::greet(Connections::iterator connection) {
  auto payload = co_await read_frame(connection);
  if (!payload) co_return false;
  const auto theirs = decode_hello(*payload);
  Hello ours;
  ours.program = options_.program;
  ours.image_id = options_.image_id;
  if (!theirs) {
    ours.refused = "the first message must be a hello of twintrack-control";
  } else if (theirs->version != kVersion) {
    ours.refused = "this storage image speaks control version " + std::to_string(kVersion) + ", " + theirs->program +
                   " speaks version " + std::to_string(theirs->version) + ": install the same release of both";
  } else if (connections_.size() > options_.max_connections) {
    ours.refused = "this storage image already has " + std::to_string(options_.max_connections) +
                   " control connections: stop a console";
  }
  const bool welcome = ours.refused.empty();
  std::string reply = encode(ours);
  co_await write_frame(connection, std::move(reply));
  co_return welcome;
}

rt::Task<void> ControlServer::read_calls(Connections::iterator connection) {
  while (true) {
    auto payload = co_await read_frame(connection);
    if (!payload) co_return;
    auto call = decode_call(*payload);
    if (!call) co_return;
    co_await connection->credits.acquire();
    connection->calls.spawn(run_call(connection, std::move(call).value()));
  }
}

rt::Task<Result<std::string>> ControlServer::read_frame(Connections::iterator connection) {
  // On the heap: frames of coroutines are pooled by size and this is a slow path.
  std::vector<std::byte> bytes(kReadBytes);
  while (true) {
    auto frame = connection->frames.next();
    if (!frame) co_return frame.error();
    if (frame->has_value()) co_return std::move(**frame);
    auto count = co_await connection->stream->read_some(std::span<std::byte>(bytes));
    if (!count) co_return count.error();
    connection->frames.feed(std::span<const std::byte>(bytes).first(*count));
  }
}

rt::Task<void> ControlServer::run_call(Connections::iterator connection, Call call) {
  Answer answer;
  answer.id = call.id;
  const model::Operation* operation = model::find_operation(call.request.operation);
  if (operation == nullptr || operation->place != model::Place::image) {
    answer.response.status = Errc::not_in_this_release;
  } else if (!model::check_arguments(*operation, call.request.arguments).empty()) {
    // Whoever asks, nothing malformed gets near the image.
    answer.response.status = Errc::invalid_argument;
  } else {
    const nlohmann::json arguments = call.request.arguments;
    answer.response = co_await executor_.execute(std::move(call.request));
    model::select_rows(*operation, arguments, answer.response.rows);
  }
  std::string payload = encode(answer);
  if (payload.size() > kLargestAnswerBytes) {
    answer.response = {};
    answer.response.status = Errc::limit_reached;
    payload = encode(answer);
  }
  co_await write_frame(connection, std::move(payload));
  connection->credits.release();
}

rt::Task<void> ControlServer::write_frame(Connections::iterator connection, std::string payload) {
  std::string frame = make_frame(payload);
  std::array<iovec, 1> pieces = {iovec{frame.data(), frame.size()}};
  co_await connection->write_lock.lock();
  auto written = co_await connection->stream->write_all(std::span<iovec>(pieces));
  connection->write_lock.unlock();
  // The reader notices too; nothing more to do with this answer.
  if (!written) connection->stream->shut_down();
}

}  // namespace tt::control
