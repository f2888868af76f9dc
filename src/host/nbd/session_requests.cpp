// SPDX-License-Identifier: Apache-2.0
// Requests in flight and their replies; see session.h.
#include <algorithm>
#include <array>

#include "host/nbd/session.h"

namespace tt::nbd {
namespace {

/// The kernel takes at most this many pieces in one call (UIO_MAXIOV).
constexpr std::size_t kMaxPiecesPerSend = 1024;
/// One batch is closed when it has this many bytes, so that a later small reply does not wait behind all of a big
/// queue.
constexpr std::size_t kMaxBytesPerSend = 4U << 20U;

}  // namespace

rt::Task<void> Session::execute(Slot& slot) {
  image::BlockService& service = context_.service;
  const image::VolumeHandle volume = volume_.handle;
  const Request& request = slot.request;
  const bool fua = request.has(command_flag::kFua);
  slot.started = context_.reactor.now();
  Result<void> result;
  switch (request.command) {
    case Command::read:
      result = co_await service.read(volume, request.offset, slot.buffer.first(request.length));
      break;
    case Command::write:
      if (service.writes_wait(volume)) park(slot);
      result = co_await service.write(volume, request.offset, slot.payload, fua);
      break;
    case Command::flush:
      result = co_await service.flush(volume);
      break;
    case Command::trim:
      result = co_await service.zero(volume, request.offset, request.length, true, fua);
      break;
    case Command::write_zeroes:
      result = co_await service.zero(volume, request.offset, request.length, !request.has(command_flag::kNoHole), fua);
      break;
    case Command::block_status: {
      // One descriptor needs a few runs: equal neighbours are merged.
      const std::size_t max_runs = request.has(command_flag::kReqOne) ? 16 : kMaxBlockStatusRuns;
      result = co_await service.extents(volume, request.offset, request.length, max_runs, slot.runs);
      break;
    }
    case Command::cache:  // a hint that is rightly ignored: the cache is the engine's business
    case Command::disc:   // never gets here
      break;
  }
  finish(slot, result);
}

/// The write may have to wait for a minute: it gives back the memory that others need.
void Session::park(Slot& slot) {
  if (context_.counters.parked_bytes + slot.payload.size() > context_.settings.parked_bytes) return;
  slot.parked.assign(slot.payload.begin(), slot.payload.end());
  context_.counters.parked_bytes += slot.parked.size();
  slot.payload = slot.parked;
  free_buffer(slot);
  leave_slab(slot);
}

void Session::finish(Slot& slot, const Result<void>& result) noexcept {
  const Request& request = slot.request;
  if (!result) {
    refuse(slot, nbd_error_of(result.error().code), name_of(result.error().code));
    return;
  }
  switch (request.command) {
    case Command::read:
      slot.reply.build_read(request, rules_, slot.buffer.first(request.length));
      context_.counters.bytes_read += request.length;
      count(slot);
      break;
    case Command::block_status:
      slot.reply.build_block_status(request, slot.runs, slot.buffer.first(block_status_bytes(kMaxBlockStatusRuns)));
      break;
    case Command::write:
      context_.counters.bytes_written += request.length;
      count(slot);
      slot.reply.build_done(request);
      break;
    default:
      slot.reply.build_done(request);
  }
  queue_reply(slot);
}

/// A read or write that went well.
void Session::count(const Slot& slot) noexcept {
  if (entrance_.traffic == nullptr) return;
  image::PortTraffic& traffic = *entrance_.traffic;
  const bool reads = slot.request.command == Command::read;
  ++(reads ? traffic.reads : traffic.writes);
  (reads ? traffic.read_bytes : traffic.write_bytes) += slot.request.length;
  (reads ? traffic.read_ns : traffic.write_ns) += static_cast<std::uint64_t>(context_.reactor.now() - slot.started);
}

void Session::refuse(Slot& slot, NbdError error, const char* reason) noexcept {
  ++context_.counters.failed_requests;
  slot.reply.build_error(slot.request, rules_, error, reason);
  queue_reply(slot);
}

void Session::refuse_unmapped(Slot& slot) noexcept {
  refuse(slot, nbd_error_of(Errc::not_authorised), "the volume is no longer mapped to this host");
}

void Session::queue_reply(Slot& slot) noexcept {
  ++context_.counters.requests;
  slot.next = nullptr;
  (ready_tail_ != nullptr ? ready_tail_->next : ready_head_) = &slot;
  ready_tail_ = &slot;
  reply_ready_.wake_one();
}

/// Takes replies off ready_ as long as they fit into one send; at least one.
Session::Slot* Session::collect_ready() noexcept {
  Slot* const first = ready_head_;
  Slot* last = nullptr;
  std::size_t bytes = 0;
  pieces_.clear();
  while (ready_head_ != nullptr) {
    const Reply& reply = ready_head_->reply;
    const bool full = pieces_.size() + reply.pieces().size() > kMaxPiecesPerSend || bytes >= kMaxBytesPerSend;
    if (last != nullptr && full) break;
    pieces_.insert(pieces_.end(), reply.pieces().begin(), reply.pieces().end());
    bytes += reply.total_bytes();
    last = std::exchange(ready_head_, ready_head_->next);
  }
  last->next = nullptr;
  if (ready_head_ == nullptr) ready_tail_ = nullptr;
  return first;
}

rt::Task<void> Session::send_loop() {
  while (receiving_ || in_flight_ > 0) {
    if (ready_head_ == nullptr) {
      co_await reply_ready_.wait();
      continue;
    }
    Slot* slot = collect_ready();
    if (!broken_) {
      sending_since_ = context_.reactor.now();
      auto sent = co_await stream_->write_all(pieces_);
      sending_since_ = 0;
      if (!sent) {
        broken_ = true;
        stream_->shut_down();
      }
    }
    while (slot != nullptr) {
      Slot* const next = slot->next;
      release(*slot);
      slot = next;
    }
  }
}

}  // namespace tt::nbd
