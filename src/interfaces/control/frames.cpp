// SPDX-License-Identifier: Apache-2.0
#include "interfaces/control/frames.h"

#include <cstdint>

namespace tt::control {

namespace {

constexpr std::size_t kLengthBytes = 4;

std::uint32_t read_length(std::string_view bytes) {
  std::uint32_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) length = (length << 8U) | static_cast<unsigned char>(bytes[i]);
  return length;
}

}  // namespace

std::string make_frame(std::string_view payload) {
  TT_ASSERT(!payload.empty() && payload.size() <= kLargestAnswerBytes);
  std::string frame;
  frame.reserve(kLengthBytes + payload.size());
  auto length = static_cast<std::uint32_t>(payload.size());
  for (std::size_t i = 0; i < kLengthBytes; ++i, length >>= 8U) frame += static_cast<char>(length & 0xFFU);
  frame += payload;
  return frame;
}

void FrameReader::feed(std::span<const std::byte> bytes) {
  pending_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<std::optional<std::string>> FrameReader::next() {
  if (broken_) return Errc::bad_message;
  if (pending_.size() < kLengthBytes) return std::optional<std::string>();
  const std::size_t length = read_length(pending_);
  if (length == 0 || length > largest_payload_) {
    broken_ = true;
    pending_.clear();
    return Error{Errc::bad_message, length};
  }
  if (pending_.size() - kLengthBytes < length) return std::optional<std::string>();
  std::string payload = pending_.substr(kLengthBytes, length);
  pending_.erase(0, kLengthBytes + length);
  return std::optional<std::string>(std::move(payload));
}

}  // namespace tt::control
