// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/reply.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "host/nbd/option_data.h"

namespace tt::nbd {
namespace {

bool is_zero(std::span<const std::byte> bytes) {
  // Data almost always shows itself in the first word; only then is the whole range compared with itself, shifted.
  constexpr std::size_t kWord = 16;
  const std::size_t first = std::min(bytes.size(), kWord);
  for (std::size_t i = 0; i < first; ++i) {
    if (bytes[i] != std::byte{0}) return false;
  }
  if (bytes.size() <= kWord) return true;
  return std::memcmp(bytes.data(), bytes.data() + kWord, bytes.size() - kWord) == 0;
}

struct ContentRun {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool zero = false;
};

/// Cuts data into at most kMaxReadChunks runs, alternately data and zeros; the last one is data if runs ran out.
std::size_t plan_chunks(std::span<const std::byte> data, std::span<ContentRun, kMaxReadChunks> runs) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < data.size(); at += kHoleUnitBytes) {
    const std::size_t bytes = std::min(kHoleUnitBytes, data.size() - at);
    const bool zero = is_zero(data.subspan(at, bytes));
    if (count > 0 && runs[count - 1].zero == zero) {
      runs[count - 1].end = at + bytes;
    } else if (count < kMaxReadChunks) {
      runs[count++] = {at, at + bytes, zero};
    } else {
      runs[count - 1].zero = false;
      runs[count - 1].end = data.size();
      break;
    }
  }
  return count;
}

}  // namespace

void Reply::clear() noexcept {
  head_used_ = 0;
  piece_count_ = 0;
  total_bytes_ = 0;
}

void Reply::add_piece(std::byte* start, std::size_t bytes) noexcept {
  TT_ASSERT(piece_count_ < pieces_.size());
  pieces_[piece_count_++] = {start, bytes};
  total_bytes_ += bytes;
}

void Reply::commit_head(std::byte* end) noexcept {
  std::byte* const start = head_space();
  const auto bytes = static_cast<std::size_t>(end - start);
  TT_ASSERT(head_used_ + bytes <= head_.size());
  head_used_ += bytes;
  add_piece(start, bytes);
}

std::byte* Reply::put_chunk_header(const Request& request, bool done, ChunkType type, std::uint32_t length) noexcept {
  std::byte* p = head_space();
  p = store_be(p, kStructuredReplyMagic);
  p = store_be(p, static_cast<std::uint16_t>(done ? kChunkDone : 0));
  p = store_be(p, static_cast<std::uint16_t>(type));
  p = store_be(p, request.cookie);
  return store_be(p, length);
}

void Reply::build_done(const Request& request) {
  clear();
  std::byte* p = head_space();
  p = store_be(p, kSimpleReplyMagic);
  p = store_be(p, std::uint32_t{0});
  commit_head(store_be(p, request.cookie));
}

void Reply::build_error(const Request& request, const TransmissionRules& rules, NbdError error, const char* text) {
  TT_ASSERT(error != NbdError::none);
  clear();
  const auto number = static_cast<std::uint32_t>(error);
  if (!rules.structured_replies) {
    std::byte* p = head_space();
    p = store_be(p, kSimpleReplyMagic);
    p = store_be(p, number);
    commit_head(store_be(p, request.cookie));
    return;
  }
  const auto text_bytes = static_cast<std::uint16_t>(std::min(std::strlen(text), kMaxErrorTextBytes));
  std::byte* p = put_chunk_header(request, true, ChunkType::error, 6U + text_bytes);
  p = store_be(p, number);
  p = store_be(p, text_bytes);
  std::memcpy(p, text, text_bytes);
  commit_head(p + text_bytes);
}

void Reply::add_data_chunk(const Request& request, std::size_t at, std::span<std::byte> data, bool done) {
  const auto length = static_cast<std::uint32_t>(sizeof(std::uint64_t) + data.size());
  std::byte* p = put_chunk_header(request, done, ChunkType::offset_data, length);
  commit_head(store_be(p, request.offset + at));
  add_piece(data.data(), data.size());
}

void Reply::add_hole_chunk(const Request& request, std::size_t at, std::size_t bytes, bool done) {
  std::byte* p = put_chunk_header(request, done, ChunkType::offset_hole, 12);
  p = store_be(p, request.offset + at);
  commit_head(store_be(p, static_cast<std::uint32_t>(bytes)));
}

void Reply::build_read(const Request& request, const TransmissionRules& rules, std::span<std::byte> data) {
  if (!rules.structured_replies) {
    build_done(request);
    add_piece(data.data(), data.size());
    return;
  }
  clear();
  if (request.has(command_flag::kDf)) {
    add_data_chunk(request, 0, data, true);
    return;
  }
  std::array<ContentRun, kMaxReadChunks> runs;
  const std::size_t count = plan_chunks(data, runs);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bytes = runs[i].end - runs[i].begin;
    const bool done = i + 1 == count;
    if (runs[i].zero) {
      add_hole_chunk(request, runs[i].begin, bytes, done);
    } else {
      add_data_chunk(request, runs[i].begin, data.subspan(runs[i].begin, bytes), done);
    }
  }
}

void Reply::build_block_status(const Request& request, std::span<const image::ExtentStatus> runs,
                               std::span<std::byte> scratch) {
  clear();
  std::byte* p = scratch.data();
  std::uint64_t left = request.length;
  std::uint64_t pending = 0;
  std::uint32_t pending_state = 0;
  const auto put = [&p](std::uint64_t length, std::uint32_t state) {
    p = store_be(p, static_cast<std::uint32_t>(length));
    p = store_be(p, state);
  };
  for (const image::ExtentStatus& run : runs) {
    const std::uint64_t length = std::min(run.length, left);
    const std::uint32_t state = (run.hole ? kStateHole : 0U) | (run.zero ? kStateZero : 0U);
    if (length == 0) continue;
    if (pending != 0 && state != pending_state) {
      put(pending, pending_state);
      pending = 0;
      if (request.has(command_flag::kReqOne)) break;
    }
    pending += length;
    pending_state = state;
    left -= length;
  }
  if (pending != 0) put(pending, pending_state);
  // A service that knows nothing still has an answer: allocated, content unknown, is right for any block.
  if (p == scratch.data()) put(request.length, 0);

  const auto bytes = static_cast<std::size_t>(p - scratch.data());
  TT_ASSERT(bytes <= scratch.size());
  std::byte* head = put_chunk_header(request, true, ChunkType::block_status,
                                     static_cast<std::uint32_t>(sizeof(std::uint32_t) + bytes));
  commit_head(store_be(head, kAllocationContextId));
  add_piece(scratch.data(), bytes);
}

}  // namespace tt::nbd
