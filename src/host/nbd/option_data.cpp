// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/option_data.h"

#include <algorithm>

namespace tt::nbd {
namespace {

/// Takes fields off the front of a byte range; each is absent when it does not fit.
class FieldReader {
 public:
  explicit FieldReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <class T>
  std::optional<T> number() {
    if (rest_.size() < sizeof(T)) return std::nullopt;
    const T value = load_be<T>(rest_.data());
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  /// A string with a 32-bit length before it.
  std::optional<std::string_view> string() {
    const auto length = number<std::uint32_t>();
    if (!length || *length > kMaxStringBytes || *length > rest_.size()) return std::nullopt;
    const std::string_view text = text_of(rest_.first(*length));
    rest_ = rest_.subspan(*length);
    return text;
  }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
};

std::string_view clipped(std::string_view text) {
  return text.substr(0, kMaxStringBytes);
}

void append_reply_header(std::vector<std::byte>& out, std::uint32_t option, OptionReply type, std::size_t length) {
  append_be(out, kOptionReplyMagic);
  append_be(out, option);
  append_be(out, static_cast<std::uint32_t>(type));
  append_be(out, static_cast<std::uint32_t>(length));
}

}  // namespace

std::optional<InfoRequest> parse_info_request(std::span<const std::byte> data) {
  FieldReader fields(data);
  const auto name = fields.string();
  const auto count = fields.number<std::uint16_t>();
  if (!name || !count || fields.left() != std::size_t{*count} * sizeof(std::uint16_t)) return std::nullopt;
  InfoRequest request;
  request.name = *name;
  while (const auto type = fields.number<std::uint16_t>()) {
    if (*type == static_cast<std::uint16_t>(InfoType::name)) request.wants_name = true;
    if (*type == static_cast<std::uint16_t>(InfoType::description)) request.wants_description = true;
  }
  return request;
}

std::optional<ContextRequest> parse_context_request(std::span<const std::byte> data) {
  FieldReader fields(data);
  const auto name = fields.string();
  const auto count = fields.number<std::uint32_t>();
  if (!name || !count) return std::nullopt;
  ContextRequest request;
  request.name = *name;
  request.queries = *count;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto query = fields.string();
    if (!query || query->find(':') == std::string_view::npos) return std::nullopt;
    if (*query == kAllocationContext) request.selects_allocation = true;
    if (*query == "base:") request.asks_base = true;
  }
  if (fields.left() != 0) return std::nullopt;
  return request;
}

void append_option_reply(std::vector<std::byte>& out, std::uint32_t option, OptionReply type,
                         std::span<const std::byte> data) {
  append_reply_header(out, option, type, data.size());
  out.insert(out.end(), data.begin(), data.end());
}

void append_server_reply(std::vector<std::byte>& out, const image::ExportInfo& volume) {
  const std::string_view name = clipped(volume.name);
  const std::string_view description = clipped(volume.description);
  append_reply_header(out, static_cast<std::uint32_t>(Option::list), OptionReply::server,
                      sizeof(std::uint32_t) + name.size() + description.size());
  append_be(out, static_cast<std::uint32_t>(name.size()));
  append_text(out, name);
  append_text(out, description);
}

void append_context_reply(std::vector<std::byte>& out, Option option, std::uint32_t context_id) {
  append_reply_header(out, static_cast<std::uint32_t>(option), OptionReply::meta_context,
                      sizeof(context_id) + kAllocationContext.size());
  append_be(out, context_id);
  append_text(out, kAllocationContext);
}

void append_export_info(std::vector<std::byte>& out, Option option, std::uint64_t size_bytes, std::uint16_t flags) {
  append_reply_header(out, static_cast<std::uint32_t>(option), OptionReply::info, 12);
  append_be(out, static_cast<std::uint16_t>(InfoType::export_info));
  append_be(out, size_bytes);
  append_be(out, flags);
}

void append_text_info(std::vector<std::byte>& out, Option option, InfoType type, std::string_view text) {
  const std::string_view shown = clipped(text);
  append_reply_header(out, static_cast<std::uint32_t>(option), OptionReply::info, 2 + shown.size());
  append_be(out, static_cast<std::uint16_t>(type));
  append_text(out, shown);
}

void append_block_size_info(std::vector<std::byte>& out, Option option) {
  append_reply_header(out, static_cast<std::uint32_t>(option), OptionReply::info, 14);
  append_be(out, static_cast<std::uint16_t>(InfoType::block_size));
  append_be(out, kMinimumBlockBytes);
  append_be(out, kPreferredBlockBytes);
  append_be(out, kMaximumPayloadBytes);
}

}  // namespace tt::nbd
