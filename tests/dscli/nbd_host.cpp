// SPDX-License-Identifier: Apache-2.0
#include "nbd_host.h"

#include "host/nbd/errors.h"

namespace tt::live {

using host_testing::Bytes;

rt::Task<void> NbdHost::open(NbdHost& host, std::string address, std::shared_ptr<Wire> wire) {
  auto stream = co_await host.network_.connect_unix(host.reactor_, std::move(address));
  if (!stream) co_return;
  wire->stream = std::move(*stream);
  host.scope_.spawn(receive(wire));
}

rt::Task<void> NbdHost::receive(std::shared_ptr<Wire> wire) {
  Bytes buffer(64_KiB);
  for (;;) {
    auto count = co_await wire->stream->read_some(buffer);
    if (!count) co_return;
    wire->received.insert(wire->received.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
  }
}

rt::Task<void> NbdHost::send(std::shared_ptr<Wire> wire, Bytes words) {
  iovec piece{words.data(), words.size()};
  auto sent = co_await wire->stream->write_all({&piece, 1});
  static_cast<void>(sent);
}

Bytes NbdHost::say(Bytes words) {
  wire_->received.clear();
  scope_.spawn(send(wire_, std::move(words)));
  world_.run_for(rt::kSecond);
  return wire_->received;
}

bool NbdHost::attach(const std::string& address, const std::string& volume) {
  detach();
  wire_ = std::make_shared<Wire>();
  scope_.spawn(open(*this, address, wire_));
  world_.run_for(rt::kSecond);
  if (wire_->stream == nullptr) return false;
  const auto options = host_testing::parse_option_answers(say(host_testing::modern_handshake(volume)));
  return options && !options->empty() && options->back().type == nbd::OptionReply::ack;
}

std::uint32_t NbdHost::read() {
  constexpr auto nobody = static_cast<std::uint32_t>(nbd::NbdError::eshutdown);
  if (wire_ == nullptr || wire_->stream == nullptr) return nobody;
  const auto answers = host_testing::parse_answers(say(host_testing::request(nbd::Command::read, 1, 0, 512)));
  return answers && !answers->empty() ? answers->front().error : nobody;
}

void NbdHost::detach() {
  if (wire_ == nullptr) return;
  if (wire_->stream != nullptr) wire_->stream->shut_down();
  wire_.reset();
  world_.run_for(rt::kSecond);
}

}  // namespace tt::live
