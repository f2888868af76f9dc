// SPDX-License-Identifier: Apache-2.0
// Replies as lists of pieces for one gathered send: small heads that live in the reply, and payload where it already
// is. Sans I/O, no allocation.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <span>

#include "host/nbd/codec.h"
#include "image/block_service.h"

namespace tt::nbd {

/// A read is cut into at most this many content chunks; what would need more is sent as data.
inline constexpr std::size_t kMaxReadChunks = 8;
/// Zeros are looked for in pieces of this size, from the start of the request.
inline constexpr std::size_t kHoleUnitBytes = 64U << 10U;
inline constexpr std::size_t kMaxErrorTextBytes = 128;
/// Bytes a block status reply of `runs` runs needs beside its head.
constexpr std::size_t block_status_bytes(std::size_t runs) {
  return runs * 2 * sizeof(std::uint32_t);
}

/// Heads and pieces of one reply. Pieces point into `head_` and into the payload given to the builder, so a Reply stays
/// where it is from build to send.
class Reply {
 public:
  Reply() = default;
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  /// Any command that ended well and carries no payload.
  void build_done(const Request& request);
  void build_error(const Request& request, const TransmissionRules& rules, NbdError error, const char* text);
  /// `data` is what was read; with structured replies runs of zeros become holes unless the client forbade fragments.
  void build_read(const Request& request, const TransmissionRules& rules, std::span<std::byte> data);
  /// Merges equal neighbours; `scratch` holds the descriptors, block_status_bytes(runs.size()) at least, and no less
  /// than one.
  void build_block_status(const Request& request, std::span<const image::ExtentStatus> runs,
                          std::span<std::byte> scratch);

  [[nodiscard]] std::span<const iovec> pieces() const noexcept { return {pieces_.data(), piece_count_}; }
  [[nodiscard]] std::size_t total_bytes() const noexcept { return total_bytes_; }

 private:
  static constexpr std::size_t kHeadBytes = kMaxReadChunks * (kChunkHeaderBytes + 12);

  void clear() noexcept;
  std::byte* head_space() noexcept { return head_.data() + head_used_; }
  void commit_head(std::byte* end) noexcept;
  void add_piece(std::byte* start, std::size_t bytes) noexcept;
  std::byte* put_chunk_header(const Request& request, bool done, ChunkType type, std::uint32_t length) noexcept;
  void add_data_chunk(const Request& request, std::size_t at, std::span<std::byte> data, bool done);
  void add_hole_chunk(const Request& request, std::size_t at, std::size_t bytes, bool done);

  std::size_t head_used_ = 0;
  std::size_t piece_count_ = 0;
  std::size_t total_bytes_ = 0;
  std::array<iovec, 2 * kMaxReadChunks> pieces_;
  std::array<std::byte, kHeadBytes> head_;
};

}  // namespace tt::nbd
