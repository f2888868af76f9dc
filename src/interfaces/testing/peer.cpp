// SPDX-License-Identifier: Apache-2.0
#include "interfaces/testing/peer.h"

namespace tt::testing {

using host_testing::MemoryStream;

Result<std::unique_ptr<rt::Listener>> OneListenerNet::listen_tcp(const std::string&, std::uint16_t) {
  return Errc::not_in_this_release;
}

Result<std::unique_ptr<rt::Listener>> OneListenerNet::listen_unix(const std::string&) {
  return std::unique_ptr<rt::Listener>(std::move(owned_));
}

rt::Task<Result<std::unique_ptr<rt::ByteStream>>> OneListenerNet::connect_tcp(std::string, std::uint16_t,
                                                                              rt::ConnectOptions) {
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

}  // namespace tt::testing
