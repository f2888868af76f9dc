// SPDX-License-Identifier: Apache-2.0
// The head of each frame between two images (docs/mirror-protocol.md). Pure: bytes in, values out, and back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "base/units.h"

namespace tt::mirror {

inline constexpr std::uint32_t kFrameMagic = 0x4D525454;  // "TTRM" as the bytes stand
inline constexpr std::uint8_t kFrameForm = 1;             ///< Of the head itself; what frames mean is negotiated.
inline constexpr std::size_t kFrameHeadBytes = 64;
/// Data of one frame; and what a message needs around them.
inline constexpr std::uint32_t kMostDataBytes = 1_MiB;
inline constexpr std::uint32_t kMostFieldBytes = 4_KiB;

/// Numbers are sent: they keep their meaning for ever.
enum class FrameKind : std::uint8_t {
  hello = 1,
  welcome = 2,
  goodbye = 3,
  beat = 4,
  answer = 5,
  open_path = 16,
  close_path = 17,
  open_pair = 32,
  pair_report = 33,
  close_pair = 34,
  suspend = 35,
  resume = 36,
  declare_duplex = 37,
  fail_back = 38,
  pair_opened = 39,
  write = 48,
  zero = 49,
  get_marks = 64,
  marks = 65,
  fence = 80,
};
struct FrameHead {
  FrameKind kind = FrameKind::beat;
  std::uint32_t payload_bytes = 0;
  std::uint32_t payload_crc = 0;
  std::uint64_t number = 0;   ///< 1, 2, 3 ... of the frames of this direction of the link.
  std::uint64_t answers = 0;  ///< The number of the frame that is answered; 0: none.
  Generation pair;            ///< The pair at the receiver; 0: no pair is meant.
  std::uint64_t epoch = 0;    ///< Of the pair, as the sender has it.

  friend bool operator==(const FrameHead&, const FrameHead&) = default;
};

std::array<std::byte, kFrameHeadBytes> encode_head(const FrameHead& head) noexcept;
/// corrupt: not what was sent. version_not_supported: a head of another form. bad_message: a length or
/// reserved bytes that no sender of this form uses. In all three cases nothing that follows on this link can be
/// understood.
Result<FrameHead> decode_head(std::span<const std::byte, kFrameHeadBytes> bytes) noexcept;

/// One direction of a link: frames come with the numbers 1, 2, 3 ... or the link has lost or repeated something.
class FrameCounter {
 public:
  std::uint64_t next() noexcept { return ++last_; }
  /// bad_message if it is not the one that has to follow; a frame can only answer what was asked before.
  Result<void> accept(const FrameHead& head, std::uint64_t last_sent) noexcept {
    if (head.number != last_ + 1 || head.answers > last_sent) return {Errc::bad_message, head.number};
    last_ = head.number;
    return {};
  }
  [[nodiscard]] std::uint64_t last() const noexcept { return last_; }

 private:
  std::uint64_t last_ = 0;
};

}  // namespace tt::mirror
