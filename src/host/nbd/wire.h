// SPDX-License-Identifier: Apache-2.0
// The numbers of the NBD protocol (fixed newstyle handshake, simple and structured replies) and big-endian access.
// Names follow the public protocol document, so that a reader can look each of them up there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/units.h"

namespace tt::nbd {

inline constexpr std::uint64_t kInitMagic = 0x4e42444d41474943;    // "NBDMAGIC"
inline constexpr std::uint64_t kOptionMagic = 0x49484156454f5054;  // "IHAVEOPT"
inline constexpr std::uint64_t kOptionReplyMagic = 0x0003e889045565a9;
inline constexpr std::uint32_t kRequestMagic = 0x25609513;
inline constexpr std::uint32_t kSimpleReplyMagic = 0x67446698;
inline constexpr std::uint32_t kStructuredReplyMagic = 0x668e33ef;

inline constexpr std::size_t kGreetingBytes = 18;
inline constexpr std::size_t kOptionHeaderBytes = 16;
inline constexpr std::size_t kOptionReplyHeaderBytes = 20;
inline constexpr std::size_t kRequestBytes = 28;
inline constexpr std::size_t kSimpleReplyBytes = 16;
inline constexpr std::size_t kChunkHeaderBytes = 20;

/// Any string of the protocol: export names, queries, error messages.
inline constexpr std::size_t kMaxStringBytes = 4096;

inline constexpr std::uint32_t kMinimumBlockBytes = kBlockBytes;
inline constexpr std::uint32_t kPreferredBlockBytes = 4096;
inline constexpr std::uint32_t kMaximumPayloadBytes = 32U << 20U;

namespace handshake_flag {
inline constexpr std::uint32_t kFixedNewstyle = 1U << 0U;
inline constexpr std::uint32_t kNoZeroes = 1U << 1U;
}  // namespace handshake_flag

enum class Option : std::uint32_t {
  export_name = 1,
  abort = 2,
  list = 3,
  starttls = 5,
  info = 6,
  go = 7,
  structured_reply = 8,
  list_meta_context = 9,
  set_meta_context = 10,
};

enum class OptionReply : std::uint32_t {
  ack = 1,
  server = 2,
  info = 3,
  meta_context = 4,
  err_unsup = 0x80000001,
  err_policy = 0x80000002,
  err_invalid = 0x80000003,
  err_platform = 0x80000004,
  err_tls_reqd = 0x80000005,
  err_unknown = 0x80000006,
  err_shutdown = 0x80000007,
  err_block_size_reqd = 0x80000008,
  err_too_big = 0x80000009,
};

enum class InfoType : std::uint16_t { export_info = 0, name = 1, description = 2, block_size = 3 };

namespace transmission_flag {
inline constexpr std::uint16_t kHasFlags = 1U << 0U;
inline constexpr std::uint16_t kReadOnly = 1U << 1U;
inline constexpr std::uint16_t kSendFlush = 1U << 2U;
inline constexpr std::uint16_t kSendFua = 1U << 3U;
inline constexpr std::uint16_t kSendTrim = 1U << 5U;
inline constexpr std::uint16_t kSendWriteZeroes = 1U << 6U;
inline constexpr std::uint16_t kSendDf = 1U << 7U;
inline constexpr std::uint16_t kCanMultiConn = 1U << 8U;
inline constexpr std::uint16_t kSendCache = 1U << 10U;
inline constexpr std::uint16_t kSendFastZero = 1U << 11U;
}  // namespace transmission_flag

enum class Command : std::uint16_t {
  read = 0,
  write = 1,
  disc = 2,
  flush = 3,
  trim = 4,
  cache = 5,
  write_zeroes = 6,
  block_status = 7,
};

namespace command_flag {
inline constexpr std::uint16_t kFua = 1U << 0U;
inline constexpr std::uint16_t kNoHole = 1U << 1U;
inline constexpr std::uint16_t kDf = 1U << 2U;
inline constexpr std::uint16_t kReqOne = 1U << 3U;
inline constexpr std::uint16_t kFastZero = 1U << 4U;
}  // namespace command_flag

inline constexpr std::uint16_t kChunkDone = 1U << 0U;

enum class ChunkType : std::uint16_t {
  none = 0,
  offset_data = 1,
  offset_hole = 2,
  block_status = 5,
  error = 0x8001,
};

/// State bits of the `base:allocation` metadata context.
inline constexpr std::uint32_t kStateHole = 1U << 0U;
inline constexpr std::uint32_t kStateZero = 1U << 1U;

template <class T>
T load_be(const std::byte* from) noexcept {
  static_assert(std::is_unsigned_v<T>);
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value << 8U | std::to_integer<T>(from[i]));
  return value;
}

template <class T>
std::byte* store_be(std::byte* to, T value) noexcept {
  static_assert(std::is_unsigned_v<T>);
  for (std::size_t i = 0; i < sizeof(T); ++i) to[i] = static_cast<std::byte>(value >> (8 * (sizeof(T) - 1 - i)));
  return to + sizeof(T);
}

}  // namespace tt::nbd
