// SPDX-License-Identifier: Apache-2.0
// How a link begins, and how bytes become frames.
#include <algorithm>
#include <utility>

#include "mirror/link.h"
#include "mirror/path_set.h"

namespace tt::mirror {

rt::Task<Result<void>> Link::read_exactly(std::span<std::byte> into) {
  while (!into.empty()) {
    auto read = co_await stream_->read_some(into);
    if (!read) co_return read.error();
    silent_beats_ = 0;
    into = into.subspan(*read);
  }
  co_return Result<void>{};
}

rt::Task<Result<Link::Incoming>> Link::read_frame() {
  std::array<std::byte, kFrameHeadBytes> first{};
  TT_CO_CHECK(co_await read_exactly(first));
  const auto head = decode_head(first);
  if (!head) co_return head.error();
  TT_CO_CHECK(received_.accept(*head, queued_.last()));
  Incoming incoming;
  incoming.frame.head = *head;
  incoming.frame.bytes = std::make_unique_for_overwrite<std::byte[]>(head->payload_bytes);
  const std::span<std::byte> payload(incoming.frame.bytes.get(), head->payload_bytes);
  TT_CO_CHECK(co_await read_exactly(payload));
  auto message = decode_message(*head, payload);
  if (message) {
    incoming.frame.message = std::move(*message);
  } else if (message.error().code == Errc::corrupt) {
    incoming.damaged = true;
  } else {
    co_return message.error();
  }
  co_return std::move(incoming);
}

rt::Task<Result<Reply>> Link::read_greeting() {
  auto incoming = co_await read_frame();
  if (!incoming) co_return incoming.error();
  if (incoming->damaged) co_return Errc::corrupt;
  co_return std::move(incoming->frame);
}

/// Past the queue: nothing else is on the way yet.
rt::Task<Result<void>> Link::send_now(Message message, std::uint64_t answers) {
  FrameHead head;
  head.answers = answers;
  head.number = queued_.next();
  std::vector<std::byte> bytes = encode_frame(head, message);
  iovec piece{bytes.data(), bytes.size()};
  auto sent = co_await stream_->write_all({&piece, 1});
  if (sent) written_ = head.number;
  co_return sent;
}

rt::Task<void> Link::watch_greeting() {
  if (greeted_ || down_) co_return;
  co_await nap_.until(reactor_.now() + options_.greeting_limit);
  if (!greeted_) go_down(PathStatus::timed_out, "the other end did not answer the greeting");
}

rt::Task<void> Link::refuse(PathStatus status, std::string text) {
  Goodbye goodbye;
  goodbye.status = status;
  goodbye.text = text;
  Message message(std::move(goodbye));
  auto sent = co_await send_now(std::move(message), received_.last());
  if (!sent) text += " (the other end does not know)";
  go_down(status, std::move(text));
}

/// The watch has ended when this has.
rt::Task<Result<void>> Link::finish_greeting(bool agreed) {
  if (agreed && !down_) {
    greeted_ = true;
    status_ = PathStatus::established;
    nap_.end();
  } else {
    go_down(PathStatus::link_down, "the connection was lost during the greeting");
  }
  co_await scope_.join();
  if (greeted_) co_return Result<void>{};
  co_return status_ == PathStatus::timed_out ? Errc::timed_out : Errc::disconnected;
}

rt::Task<Result<void>> Link::call(std::uint64_t wanted_wwnn, std::uint16_t wanted_port) {
  scope_.spawn(watch_greeting());
  id_ = reactor_.random().next();
  Hello hello;
  hello.wwnn = self_.wwnn;
  hello.wanted_wwnn = wanted_wwnn;
  hello.port = self_.port;
  hello.wanted_port = wanted_port;
  hello.link = id_;
  hello.life = self_.life;
  hello.serial = self_.serial;
  Message greeting(std::move(hello));
  auto sent = co_await send_now(std::move(greeting), 0);
  bool agreed = false;
  if (sent) {
    auto answer = co_await read_greeting();
    if (!answer && answer.error().code != Errc::disconnected) {
      // With TLS 1.3 also that our certificate was not taken comes to light here.
      go_down(PathStatus::initialization_failed, "the other end does not take our certificate, or speaks otherwise");
    }
    if (answer && answer->head.answers == queued_.last()) {
      if (const auto* goodbye = std::get_if<Goodbye>(&answer->message)) {
        go_down(refusal_of(goodbye->status), goodbye->text);
      } else if (const auto* welcome = std::get_if<Welcome>(&answer->message)) {
        peer_wwnn_ = welcome->wwnn;
        peer_life_ = welcome->life;
        peer_serial_ = welcome->serial;
        agreed = welcome->version == kProtocolVersion && welcome->features == kFeatures;
        if (!agreed) go_down(PathStatus::initialization_failed, "the other end chose what we do not know");
        if (peer_wwnn_ != wanted_wwnn) {
          agreed = false;
          go_down(PathStatus::other_image, "another image answered");
        }
      }
    }
  }
  auto result = co_await finish_greeting(agreed);
  co_return result;
}

rt::Task<Result<void>> Link::receive_call(std::vector<std::uint64_t> proven) {
  scope_.spawn(watch_greeting());
  auto first = co_await read_greeting();
  const Hello* hello = first ? std::get_if<Hello>(&first->message) : nullptr;
  if (hello == nullptr) {
    auto result = co_await finish_greeting(false);
    co_return result;
  }
  bool agreed = false;
  peer_wwnn_ = hello->wwnn;
  peer_serial_ = hello->serial;
  id_ = hello->link;
  peer_life_ = hello->life;
  if (hello->oldest_version > kProtocolVersion || hello->newest_version < kProtocolVersion) {
    co_await refuse(PathStatus::initialization_failed, "no version of the protocol that both images know");
  } else if (!proven.empty() && std::ranges::find(proven, hello->wwnn) == proven.end()) {
    co_await refuse(PathStatus::initialization_failed, "the certificate is that of another image");
  } else if (hello->wanted_wwnn != self_.wwnn) {
    co_await refuse(PathStatus::other_image, "this is another image");
  } else if (hello->wanted_port != self_.port) {
    co_await refuse(PathStatus::configuration_error, "this is another port");
  } else if (const PathStatus status = services_.admit(*hello); status != PathStatus::established) {
    co_await refuse(status, "the image does not take this link");
  } else {
    Welcome welcome;
    welcome.wwnn = self_.wwnn;
    welcome.life = self_.life;
    welcome.serial = self_.serial;
    welcome.features = hello->features & kFeatures;
    Message greeting(std::move(welcome));
    auto sent = co_await send_now(std::move(greeting), received_.last());
    agreed = sent.has_value();
  }
  auto result = co_await finish_greeting(agreed);
  co_return result;
}

}  // namespace tt::mirror
