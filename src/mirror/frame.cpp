// SPDX-License-Identifier: Apache-2.0
#include "mirror/frame.h"

#include <cstring>

#include "base/byte_io.h"
#include "base/crc32c.h"

namespace tt::mirror {

namespace {

constexpr std::size_t kChecksumAt = kFrameHeadBytes - sizeof(std::uint32_t);
constexpr std::size_t kReservedBytes = 12;

bool carries_data(FrameKind kind) noexcept {
  return kind == FrameKind::write || kind == FrameKind::marks;
}

}  // namespace

std::array<std::byte, kFrameHeadBytes> encode_head(const FrameHead& head) noexcept {
  std::array<std::byte, kFrameHeadBytes> bytes{};
  std::size_t at = 0;
  const auto put = [&](auto value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
    at += sizeof value;
  };
  put(kFrameMagic);
  put(kFrameForm);
  put(static_cast<std::uint8_t>(head.kind));
  put(std::uint16_t{0});
  put(head.payload_bytes);
  put(head.payload_crc);
  put(head.number);
  put(head.answers);
  put(head.pair.value);
  put(head.epoch);
  at += kReservedBytes;
  put(crc32c(0, std::span(bytes).first(kChecksumAt)));
  return bytes;
}

Result<FrameHead> decode_head(std::span<const std::byte, kFrameHeadBytes> bytes) noexcept {
  ByteReader in(bytes);
  if (in.u32() != kFrameMagic) return Errc::corrupt;
  const std::uint8_t form = in.u8();
  std::uint32_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + kChecksumAt, sizeof checksum);
  // A later form keeps magic, form and the place of the checksum, so that damage does not look like a newer program.
  if (crc32c(0, bytes.first(kChecksumAt)) != checksum) return Errc::corrupt;
  if (form != kFrameForm) return {Errc::version_not_supported, form};

  FrameHead head;
  head.kind = static_cast<FrameKind>(in.u8());
  const std::uint16_t zero = in.u16();
  head.payload_bytes = in.u32();
  head.payload_crc = in.u32();
  head.number = in.u64();
  head.answers = in.u64();
  head.pair = Generation(in.u64());
  head.epoch = in.u64();
  std::uint8_t reserved = 0;
  for (std::size_t i = 0; i < kReservedBytes; ++i) reserved |= in.u8();
  const std::uint32_t most = kMostFieldBytes + (carries_data(head.kind) ? kMostDataBytes : 0);
  if (zero != 0 || reserved != 0 || head.payload_bytes > most || head.number == 0)
    return {Errc::bad_message, static_cast<std::uint64_t>(head.kind)};
  return head;
}

}  // namespace tt::mirror
