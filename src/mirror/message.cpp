// SPDX-License-Identifier: Apache-2.0
#include "mirror/message.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "base/byte_io.h"
#include "base/crc32c.h"

namespace tt::mirror {

namespace {

constexpr std::uint64_t kMostBlocks = std::uint64_t{1} << 40U;
constexpr std::size_t kMostTextBytes = 255;

bool is_printable(char c) noexcept {
  return c >= ' ' && c <= '~';
}

class Encoder {
 public:
  Encoder() { out_.zeros(kFrameHeadBytes); }  // for the head, which knows the rest

  void operator()(std::uint8_t value) { out_.u8(value); }
  void operator()(std::uint16_t value) { out_.u16(value); }
  void operator()(std::uint32_t value) { out_.u32(value); }
  void operator()(std::uint64_t value) { out_.u64(value); }
  void operator()(bool value) { out_.u8(value ? 1 : 0); }
  void operator()(VolumeId id) { out_.u16(id.value); }
  void operator()(Generation generation) { out_.u64(generation.value); }
  void operator()(const Lineage& lineage) { out_.bytes(std::as_bytes(std::span(lineage))); }
  /// What cannot be said is left out: a text is for people.
  void operator()(const std::string& text) {
    std::string said = text.substr(0, kMostTextBytes);
    std::ranges::replace_if(said, [](char c) { return !is_printable(c); }, '?');
    out_.u8(static_cast<std::uint8_t>(said.size()));
    out_.text(said);
  }
  /// Always the last field: sent as they are, after these bytes.
  void operator()(std::span<const std::byte>) {}
  template <class T>
    requires std::is_enum_v<T>
  void operator()(T value) {
    out_.u8(static_cast<std::uint8_t>(value));
  }

  std::vector<std::byte> take() { return out_.take(); }

 private:
  ByteWriter out_;
};

class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) noexcept : in_(bytes) {}

  void operator()(std::uint8_t& value) { value = in_.u8(); }
  void operator()(std::uint16_t& value) { value = in_.u16(); }
  void operator()(std::uint32_t& value) { value = in_.u32(); }
  void operator()(std::uint64_t& value) { value = in_.u64(); }
  void operator()(bool& value) {
    const std::uint8_t byte = in_.u8();
    if (byte > 1) in_.fail();
    value = byte == 1;
  }
  void operator()(VolumeId& id) { id = VolumeId(in_.u16()); }
  void operator()(Generation& generation) { generation = Generation(in_.u64()); }
  void operator()(Lineage& lineage) {
    for (std::uint8_t& byte : lineage) byte = in_.u8();
  }
  void operator()(std::string& text) {
    text = in_.text(in_.u8());
    if (!std::ranges::all_of(text, is_printable)) in_.fail();
  }
  void operator()(std::span<const std::byte>& data) { data = in_.bytes(in_.remaining()); }
  template <class T>
    requires std::is_enum_v<T>
  void operator()(T& value) {
    value = static_cast<T>(in_.u8());
    if (!known(value)) in_.fail();
  }

  [[nodiscard]] bool complete() const noexcept { return in_.complete(); }

 private:
  ByteReader in_;
};

bool is_range(std::uint64_t first_block, std::uint64_t block_count) noexcept {
  return block_count != 0 && block_count <= kMostBlocks && first_block <= kMostBlocks - block_count;
}

// ---- what a decoder cannot see field by field -----------------------------------------------------------------------

template <class T>
bool makes_sense(const T&) noexcept {
  return true;
}
bool makes_sense(const Hello& m) noexcept {
  return m.oldest_version <= m.newest_version && m.oldest_version != 0;
}
bool makes_sense(const Write& m) noexcept {
  return m.data.size() % kBlockBytes == 0 && m.data.size() <= kMostDataBytes &&
         is_range(m.first_block, m.data.size() / kBlockBytes);
}
bool makes_sense(const Zero& m) noexcept {
  return is_range(m.first_block, m.block_count);
}
bool makes_sense(const GetMarks& m) noexcept {
  return m.track_count != 0 && m.track_count <= kMostMarks && m.first_track <= kMostBlocks / kTrackBlocks;
}
/// Bits beyond the last track are zeros: each map has one form.
bool makes_sense(const Marks& m) noexcept {
  if (!makes_sense(GetMarks{m.first_track, m.track_count}) || m.data.size() != divide_up(m.track_count, 8))
    return false;
  const unsigned used = m.track_count % 8;
  return used == 0 || std::to_integer<unsigned>(m.data.back()) >> used == 0;
}
bool makes_sense(const PairReport& m) noexcept {
  return is_possible(m.phase);
}
bool makes_sense(const PairTerms& terms) noexcept {
  return terms.block_count != 0 && terms.block_count <= kMostBlocks;
}
bool makes_sense(const OpenPair& m) noexcept {
  return makes_sense(m.terms);
}
bool makes_sense(const FailBack& m) noexcept {
  return makes_sense(m.terms);
}
bool makes_sense(const Suspend& m) noexcept {
  return m.reason != SuspendReason::none;
}

template <class T>
Result<Message> decode_as(std::span<const std::byte> payload) {
  T message;
  Decoder in(payload);
  T::fields(in, message);
  if (!in.complete() || !makes_sense(message)) return {Errc::bad_message, static_cast<std::uint64_t>(T::kKind)};
  return Message(std::move(message));
}

/// The alternative whose kind it is.
template <std::size_t n = 0>
Result<Message> decode_kind(FrameKind kind, std::span<const std::byte> payload) {
  if constexpr (n == std::variant_size_v<Message>) {
    return {Errc::bad_message, static_cast<std::uint64_t>(kind)};
  } else {
    using T = std::variant_alternative_t<n, Message>;
    return T::kKind == kind ? decode_as<T>(payload) : decode_kind<n + 1>(kind, payload);
  }
}

}  // namespace

bool known(PathStatus status) noexcept {
  switch (status) {
    case PathStatus::none:
    case PathStatus::initialization_failed:
    case PathStatus::timed_out:
    case PathStatus::no_resources_here:
    case PathStatus::no_resources_there:
    case PathStatus::other_image:
    case PathStatus::other_ssid:
    case PathStatus::retry:
    case PathStatus::configuration_error:
    case PathStatus::established:
    case PathStatus::link_down:
    case PathStatus::retry_exceeded:
    case PathStatus::not_capable_there:
    case PathStatus::not_available_there:
    case PathStatus::login_limit_here:
    case PathStatus::login_limit_there:
    case PathStatus::port_not_configured:
    case PathStatus::degraded:
    case PathStatus::removed:
      return true;
  }
  return false;
}

std::span<const std::byte> data_of(const Message& message) noexcept {
  if (const auto* write = std::get_if<Write>(&message)) return write->data;
  if (const auto* marks = std::get_if<Marks>(&message)) return marks->data;
  return {};
}

std::vector<std::byte> encode_frame(FrameHead head, const Message& message) {
  Encoder out;
  std::visit(
      [&](const auto& m) {
        TT_ASSERT(makes_sense(m));
        head.kind = m.kKind;
        m.fields(out, m);
      },
      message);
  std::vector<std::byte> bytes = out.take();
  const auto fields = std::span<const std::byte>(bytes).subspan(kFrameHeadBytes);
  const std::span<const std::byte> data = data_of(message);
  TT_ASSERT(fields.size() <= kMostFieldBytes && head.number != 0);
  head.payload_bytes = static_cast<std::uint32_t>(fields.size() + data.size());
  head.payload_crc = crc32c(crc32c(0, fields), data);
  std::ranges::copy(encode_head(head), bytes.begin());
  return bytes;
}

Result<Message> decode_message(const FrameHead& head, std::span<const std::byte> payload) {
  TT_ASSERT(payload.size() == head.payload_bytes);
  if (crc32c(0, payload) != head.payload_crc) return {Errc::corrupt, head.number};
  return decode_kind(head.kind, payload);
}

}  // namespace tt::mirror
