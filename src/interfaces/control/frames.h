// SPDX-License-Identifier: Apache-2.0
// Frames: four bytes of length, little endian, then that many bytes. Sans-I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tt::control {

/// A request names at most 65,280 volumes; a listing of all of them with every attribute stays below 64 MiB.
inline constexpr std::size_t kLargestCallBytes = 8U << 20U;
inline constexpr std::size_t kLargestAnswerBytes = 64U << 20U;

/// The payload with its length in front.
std::string make_frame(std::string_view payload);

/// Cuts a stream of bytes into frames. Memory grows with what has arrived, never with what a length field claims.
class FrameReader {
 public:
  explicit FrameReader(std::size_t largest_payload) : largest_payload_(largest_payload) {}

  void feed(std::span<const std::byte> bytes);

  /// The next whole frame's payload, or nothing until more bytes are fed. `bad_message` for an empty or too large
  /// frame; the stream cannot be used any more then and every later call says so again.
  Result<std::optional<std::string>> next();

 private:
  std::size_t largest_payload_;
  std::string pending_;
  bool broken_ = false;
};

}  // namespace tt::control
