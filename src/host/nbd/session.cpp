// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/session.h"

#include <algorithm>

namespace tt::nbd {

Session::Session(const SessionContext& context, std::unique_ptr<rt::ByteStream> stream, Entrance entrance)
    : context_(context),
      stream_(std::move(stream)),
      entrance_(entrance),
      started_(context.reactor.now()),
      slot_credits_(context.reactor, context.settings.requests_per_connection),
      byte_credits_(context.reactor, context.settings.bytes_per_connection),
      buffer_freed_(context.reactor),
      slab_freed_(context.reactor),
      reply_ready_(context.reactor),
      scope_(context.reactor) {
  TT_ASSERT(context.settings.bytes_per_connection >= kMaximumPayloadBytes);
  set_deadline(context.settings.handshake_timeout);
}

Session::~Session() {
  scope_.kill();
}

rt::Task<void> Session::run() {
  const bool agreed = co_await negotiate();
  if (agreed) co_await serve();
  if (tls_ != nullptr && !broken_) {
    set_deadline(context_.settings.drain_timeout);
    co_await tls_->send_goodbye();
  }
  deadline_ = 0;
  stream_->shut_down();
}

rt::Task<void> Session::serve() {
  const std::uint32_t count = context_.settings.requests_per_connection;
  slots_ = std::make_unique<Slot[]>(count);
  for (std::uint32_t i = count; i-- > 0;) {
    slots_[i].next = free_slots_;
    free_slots_ = &slots_[i];
  }
  pieces_.reserve(std::size_t{count} * 2 * kMaxReadChunks);
  ++context_.counters.handshakes;
  phase_ = Phase::serving;
  deadline_ = 0;
  last_request_ = context_.reactor.now();
  receiving_ = true;
  scope_.spawn(send_loop());
  co_await receive_loop();
  receiving_ = false;
  phase_ = Phase::finishing;
  set_deadline(context_.settings.drain_timeout);
  reply_ready_.wake_all();
  co_await scope_.join();
}

rt::Task<void> Session::receive_loop() {
  if (draining_) co_return;
  for (;;) {
    Request request;
    const Intake::Next next = intake_.next(request);
    if (next == Intake::Next::malformed) co_return;
    if (next == Intake::Next::need_bytes) {
      auto filled = co_await fill();
      if (!filled) co_return;
      continue;
    }
    last_request_ = context_.reactor.now();
    const Verdict verdict = judge(request, rules_);
    if (verdict.action == Verdict::Action::disconnect) co_return;
    co_await slot_credits_.acquire();
    Slot& slot = take_slot(request);
    if (verdict.action == Verdict::Action::refuse || draining_ || revoked()) {
      intake_.skip(request.payload_bytes());
      if (verdict.action == Verdict::Action::refuse) {
        refuse(slot, verdict.error, verdict.reason);
      } else if (draining_) {
        refuse(slot, NbdError::eshutdown, "server is shutting down");
      } else {
        refuse_unmapped(slot);
      }
      continue;
    }
    if (buffer_bytes(request) > 0 || request.payload_bytes() > 0) {
      auto prepared = co_await prepare(slot);
      if (!prepared) {
        release(slot);
        co_return;
      }
      // A payload may take its time, and room may: the mapping counts when the request is complete.
      if (revoked()) {
        refuse_unmapped(slot);
        continue;
      }
    }
    scope_.spawn(execute(slot));
  }
}

/// Bytes of pool buffer a request needs: what it reads, what it writes if that does not stay in a slab, what it
/// reports.
std::size_t Session::buffer_bytes(const Request& request) noexcept {
  switch (request.command) {
    case Command::read:
      return request.length;
    case Command::write:
      return request.length > Intake::kInlineBytes ? request.length : 0;
    case Command::block_status:
      return block_status_bytes(kMaxBlockStatusRuns);
    default:
      return 0;
  }
}

rt::Task<Result<void>> Session::prepare(Slot& slot) {
  const std::size_t pooled = buffer_bytes(slot.request);
  const std::uint64_t charge = std::max<std::uint64_t>(pooled, slot.request.payload_bytes());
  co_await byte_credits_.acquire(charge);
  slot.charged_bytes = charge;
  if (pooled > 0) {
    const std::size_t size_class = context_.buffers.class_for(pooled);
    while (has_its_share(size_class)) co_await buffer_freed_.wait();
    co_await context_.buffers.reserve(pooled);
    slot.buffer = context_.buffers.take(pooled);
    ++held_buffers_[size_class];
  }
  if (slot.request.payload_bytes() == 0) co_return Result<void>();
  auto received = co_await receive_payload(slot);
  co_return received;
}

/// Who has a buffer of this size leaves those that are set aside to others, and waits for one of its own to come back.
bool Session::has_its_share(std::size_t size_class) const noexcept {
  return held_buffers_[size_class] > 0 && context_.buffers.is_short(size_class);
}

void Session::free_buffer(Slot& slot) noexcept {
  if (slot.buffer.empty()) return;
  --held_buffers_[slot.buffer.size_class()];
  slot.buffer.reset();
  buffer_freed_.wake_one();
}

rt::Task<Result<void>> Session::receive_payload(Slot& slot) {
  const std::size_t bytes = slot.request.payload_bytes();
  if (bytes > Intake::kInlineBytes) {
    const std::span<std::byte> all = slot.buffer.first(bytes);
    const std::size_t prefix = intake_.take_prefix(all);
    slot.payload = all;
    auto received = co_await receive_rest(all.subspan(prefix));
    co_return received;
  }
  for (;;) {
    slot.payload = intake_.take_inline(bytes, slot.slab);
    if (!slot.payload.empty()) co_return Result<void>();
    auto filled = co_await fill();
    if (!filled) co_return filled;
  }
}

rt::Task<Result<void>> Session::receive_rest(std::span<std::byte> rest) {
  waiting_for_peer_ = context_.reactor.now();
  Result<void> result;
  while (!rest.empty() && result) {
    auto count = co_await stream_->read_some(rest);
    if (count) {
      rest = rest.subspan(*count);
    } else {
      result = count.error();
    }
  }
  waiting_for_peer_ = 0;
  co_return result;
}

/// Receives whatever comes next, as soon as there is room for it.
rt::Task<Result<void>> Session::fill() {
  std::span<std::byte> window = intake_.window();
  while (window.empty()) {
    co_await slab_freed_.wait();
    window = intake_.window();
  }
  auto count = co_await stream_->read_some(window);
  if (!count) co_return count.error();
  intake_.received(*count);
  co_return Result<void>();
}

Session::Slot& Session::take_slot(const Request& request) noexcept {
  Slot& slot = *free_slots_;
  free_slots_ = slot.next;
  slot.next = nullptr;
  slot.request = request;
  ++in_flight_;
  return slot;
}

void Session::release(Slot& slot) noexcept {
  free_buffer(slot);
  leave_slab(slot);
  slot.payload = {};
  if (!slot.parked.empty()) {
    context_.counters.parked_bytes -= slot.parked.size();
    slot.parked = {};
  }
  if (slot.charged_bytes > 0) byte_credits_.release(std::exchange(slot.charged_bytes, 0));
  slot.next = free_slots_;
  free_slots_ = &slot;
  --in_flight_;
  slot_credits_.release();
  if (draining_ && in_flight_ == 0) stream_->shut_down();
}

void Session::leave_slab(Slot& slot) noexcept {
  if (slot.slab == Intake::kNoSlab) return;
  intake_.unpin(std::exchange(slot.slab, Intake::kNoSlab));
  slab_freed_.wake_one();
}

void Session::set_deadline(rt::TimeNs from_now) noexcept {
  deadline_ = context_.reactor.now() + from_now;
}

void Session::begin_drain() noexcept {
  if (std::exchange(draining_, true)) return;
  if (phase_ == Phase::negotiating || in_flight_ == 0) stream_->shut_down();
}

void Session::cut() noexcept {
  stream_->shut_down();
}

void Session::watch() noexcept {
  const rt::TimeNs now = context_.reactor.now();
  const ServerSettings& settings = context_.settings;
  const auto stalled = [&](rt::TimeNs since) { return since != 0 && now - since > settings.stall_timeout; };
  if (deadline_ != 0 && now > deadline_) {
    cut();
  } else if ((stalled(waiting_for_peer_) || stalled(sending_since_)) && context_.buffers.starved()) {
    cut();
  } else if (settings.idle_timeout != 0 && phase_ == Phase::serving && in_flight_ == 0 &&
             now - last_request_ > settings.idle_timeout) {
    cut();
  }
}

}  // namespace tt::nbd
