// SPDX-License-Identifier: Apache-2.0
#include "interfaces/testing/loopback.h"

namespace tt::testing {

using host_testing::MemoryStream;

Result<std::unique_ptr<rt::Listener>> OneListenerNet::listen_tcp(const std::string&, std::uint16_t) {
  return Errc::not_in_this_release;
}

Result<std::unique_ptr<rt::Listener>> OneListenerNet::listen_unix(const std::string&) {
  return std::unique_ptr<rt::Listener>(std::move(owned_));
}

rt::Task<Result<std::unique_ptr<rt::ByteStream>>> OneListenerNet::connect_tcp(std::string, std::uint16_t) {
  co_return Errc::not_in_this_release;
}

void Peer::send_raw(const std::string& bytes) {
  to_server->push(std::as_bytes(std::span<const char>(bytes.data(), bytes.size())));
}

void Peer::send_call(std::uint64_t id, const std::string& operation, const nlohmann::json& arguments) {
  control::Call call;
  call.id = id;
  call.request.operation = operation;
  call.request.user = "tester";
  call.request.arguments = arguments;
  send(control::encode(call));
}

std::string Peer::receive() {
  reader.feed(from_server->take_all());
  auto frame = reader.next();
  return frame && frame->has_value() ? **frame : std::string();
}

Loopback::Loopback(model::Executor& executor, const std::string& image_id)
    : net_(reactor_), server_(reactor_, executor, {image_id, "loopback"}), peer_(reactor_) {
  TT_ASSERT(server_.start(net_, "").has_value());
  net_.listener().connect(std::make_unique<MemoryStream>(peer_.to_server, peer_.from_server));
  control::Hello hello;
  hello.program = "test";
  peer_.send(control::encode(hello));
  reactor_.run_ready();
  const auto greeting = control::decode_hello(peer_.receive());
  TT_ASSERT(greeting.has_value() && greeting->refused.empty() && greeting->image_id == image_id);
}

Loopback::~Loopback() {
  rt::Scope scope(reactor_);
  scope.spawn(server_.stop());
  reactor_.run_ready();
  TT_ASSERT(scope.count() == 0);
}

Result<model::Response> Loopback::call(const std::string& operation, const nlohmann::json& arguments) {
  const std::uint64_t id = next_id_++;
  peer_.send_call(id, operation, arguments);
  reactor_.run_ready();
  auto answer = control::decode_answer(peer_.receive());
  if (!answer || answer->id != id) return Errc::bad_message;
  return std::move(answer->response);
}

}  // namespace tt::testing
