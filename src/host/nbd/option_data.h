// SPDX-License-Identifier: Apache-2.0
// Reading and writing the data of handshake options. A reader never leaves its bytes: what does not fit is a failed
// parse, and a failed parse is answered ERR_INVALID.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/nbd/wire.h"
#include "image/block_service.h"

namespace tt::nbd {

/// INFO and GO. Views point into the parsed bytes.
struct InfoRequest {
  std::string_view name;
  bool wants_name = false;
  bool wants_description = false;
};
std::optional<InfoRequest> parse_info_request(std::span<const std::byte> data);

/// LIST_META_CONTEXT and SET_META_CONTEXT.
struct ContextRequest {
  std::string_view name;
  std::size_t queries = 0;
  bool selects_allocation = false;  ///< One query is exactly "base:allocation".
  bool asks_base = false;           ///< One query is "base:", the wildcard of LIST.
};
std::optional<ContextRequest> parse_context_request(std::span<const std::byte> data);

/// One option reply: header and data.
void append_option_reply(std::vector<std::byte>& out, std::uint32_t option, OptionReply type,
                         std::span<const std::byte> data = {});
void append_server_reply(std::vector<std::byte>& out, const image::ExportInfo& volume);
void append_context_reply(std::vector<std::byte>& out, Option option, std::uint32_t context_id);
void append_export_info(std::vector<std::byte>& out, Option option, std::uint64_t size_bytes, std::uint16_t flags);
void append_text_info(std::vector<std::byte>& out, Option option, InfoType type, std::string_view text);
void append_block_size_info(std::vector<std::byte>& out, Option option);

inline constexpr std::string_view kAllocationContext = "base:allocation";
inline constexpr std::uint32_t kAllocationContextId = 1;

inline std::span<const std::byte> bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view text_of(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class T>
void append_be(std::vector<std::byte>& out, T value) {
  std::byte raw[sizeof(T)];
  store_be(raw, value);
  out.insert(out.end(), raw, raw + sizeof(T));
}
inline void append_text(std::vector<std::byte>& out, std::string_view text) {
  const auto bytes = bytes_of(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace tt::nbd
