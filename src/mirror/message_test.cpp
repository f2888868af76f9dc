// SPDX-License-Identifier: Apache-2.0
#include "mirror/message.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "base/crc32c.h"
#include "mirror/message_lab.h"

namespace tt::mirror {
namespace {

const FrameHead kHead{FrameKind::beat, 0, 0, 7, 3, Generation(0x99), 5};

FrameHead head_of(std::span<const std::byte> frame) {
  const auto head = decode_head(frame.first<kFrameHeadBytes>());
  EXPECT_TRUE(head.has_value());
  return head ? *head : FrameHead{};
}

Result<Message> decode(std::span<const std::byte> frame) {
  return decode_message(head_of(frame), frame.subspan(kFrameHeadBytes));
}

/// With a checksum that is right again.
std::vector<std::byte> with_payload(FrameKind kind, std::vector<std::byte> payload) {
  FrameHead head = kHead;
  head.kind = kind;
  head.payload_bytes = static_cast<std::uint32_t>(payload.size());
  head.payload_crc = crc32c(0, payload);
  const auto first = encode_head(head);
  std::vector<std::byte> frame(first.size() + payload.size());
  std::ranges::copy(first, frame.begin());
  std::ranges::copy(payload, frame.begin() + kFrameHeadBytes);
  return frame;
}

TEST(Messages, EachComesOutAsItWentIn) {
  const auto data = lab::sample_data();
  std::set<FrameKind> kinds;
  for (const Message& message : lab::one_of_each(data)) {
    const auto frame = lab::whole_frame(kHead, message);
    const FrameHead head = head_of(frame);
    EXPECT_TRUE(head.number == 7 && head.answers == 3 && head.pair == Generation(0x99) && head.epoch == 5);
    kinds.insert(head.kind);
    const auto back = decode(frame);
    ASSERT_TRUE(back.has_value()) << static_cast<int>(head.kind);
    EXPECT_EQ(back->index(), message.index());
    EXPECT_EQ(lab::whole_frame(kHead, *back), frame);
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Message>) << "a kind that is missing or stands for two";
}

/// RM-21: no changed bit is taken for what was said.
TEST(Messages, RM21_EveryChangedBitIsNoticed) {
  const auto data = lab::sample_data();
  for (const Message& message : lab::one_of_each(data)) {
    auto frame = lab::whole_frame(kHead, message);
    for (std::size_t bit = 0; bit < std::min<std::size_t>(frame.size(), 256) * 8; ++bit) {
      const std::byte flip{static_cast<unsigned char>(1U << bit % 8)};
      frame[bit / 8] ^= flip;
      const auto head = decode_head(std::span(frame).first<kFrameHeadBytes>());
      if (bit / 8 < kFrameHeadBytes) {
        EXPECT_FALSE(head.has_value()) << bit;
      } else {
        ASSERT_TRUE(head.has_value());
        const auto read = decode_message(*head, std::span<const std::byte>(frame).subspan(kFrameHeadBytes));
        ASSERT_FALSE(read.has_value()) << bit;
        EXPECT_EQ(read.error().code, Errc::corrupt);
      }
      frame[bit / 8] ^= flip;
    }
  }
}

TEST(Messages, NoOtherLengthIsTaken) {
  const auto data = lab::sample_data();
  for (const Message& message : lab::one_of_each(data)) {
    const auto frame = lab::whole_frame(kHead, message);
    const FrameKind kind = head_of(frame).kind;
    std::vector<std::byte> longer(frame.begin() + kFrameHeadBytes, frame.end());
    longer.push_back(std::byte{0});
    EXPECT_FALSE(decode(with_payload(kind, longer)).has_value()) << static_cast<int>(kind);
    longer.pop_back();
    if (longer.empty()) continue;
    longer.pop_back();
    EXPECT_FALSE(decode(with_payload(kind, longer)).has_value()) << static_cast<int>(kind);
  }
}

TEST(Messages, WhatMakesNoSenseIsRefused) {
  const std::vector<std::byte> one_byte{std::byte{0xFF}};
  EXPECT_FALSE(decode(with_payload(FrameKind::suspend, one_byte)).has_value());
  EXPECT_FALSE(decode(with_payload(FrameKind::suspend, {std::byte{0}})).has_value());
  EXPECT_FALSE(decode(with_payload(FrameKind::write, std::vector<std::byte>(8))).has_value()) << "no data";
  EXPECT_FALSE(decode(with_payload(FrameKind::write, std::vector<std::byte>(8 + 511))).has_value());
  std::vector<std::byte> far(8 + 512, std::byte{0xFF});
  EXPECT_FALSE(decode(with_payload(FrameKind::write, far)).has_value()) << "beyond what a volume can be";
  EXPECT_FALSE(decode(with_payload(FrameKind::zero, std::vector<std::byte>(16))).has_value()) << "no blocks";
  std::vector<std::byte> marks(8 + 4 + 1);
  marks[8] = std::byte{3};
  marks[12] = std::byte{0x0F};
  EXPECT_FALSE(decode(with_payload(FrameKind::marks, marks)).has_value()) << "a bit beyond the last track";
  marks[12] = std::byte{0x07};
  EXPECT_TRUE(decode(with_payload(FrameKind::marks, marks)).has_value());
}

TEST(Messages, ATextIsSaidWithoutWhatTerminalsObey) {
  const auto frame =
      lab::whole_frame(kHead, Goodbye{PathStatus::retry, std::string("a\033[2Jb") + std::string(300, 'c')});
  const auto back = decode(frame);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(std::get<Goodbye>(*back).text, "a?[2Jb" + std::string(249, 'c'));
}

TEST(FrameHeads, ALaterFormIsToldFromDamage) {
  auto bytes = encode_head(kHead);
  bytes[4] = std::byte{2};
  EXPECT_EQ(decode_head(bytes).error().code, Errc::corrupt);
  const std::uint32_t checksum = crc32c(0, std::span(bytes).first(kFrameHeadBytes - 4));
  std::memcpy(bytes.data() + kFrameHeadBytes - 4, &checksum, 4);
  EXPECT_EQ(decode_head(bytes).error().code, Errc::version_not_supported);
}

TEST(FrameHeads, LengthsAreBoundedBeforeAnythingIsReserved) {
  FrameHead head = kHead;
  head.payload_bytes = kMostFieldBytes + 1;
  EXPECT_FALSE(decode_head(encode_head(head)).has_value()) << "a beat of that length";
  head.kind = FrameKind::write;
  EXPECT_TRUE(decode_head(encode_head(head)).has_value());
  head.payload_bytes = kMostFieldBytes + kMostDataBytes + 1;
  EXPECT_FALSE(decode_head(encode_head(head)).has_value());
  head = kHead;
  head.number = 0;
  EXPECT_FALSE(decode_head(encode_head(head)).has_value());
}

/// RM-20: a frame that comes twice, or late, or not at all, ends the link instead of being taken.
TEST(FrameHeads, RM20_NumbersFollowEachOther) {
  FrameCounter counter;
  FrameHead head = kHead;
  head.answers = 0;
  head.number = 1;
  EXPECT_TRUE(counter.accept(head, 0));
  EXPECT_FALSE(counter.accept(head, 0)) << "twice";
  head.number = 3;
  EXPECT_FALSE(counter.accept(head, 0)) << "a hole";
  head.number = 2;
  head.answers = 5;
  EXPECT_FALSE(counter.accept(head, 4)) << "the answer to what was never asked";
  EXPECT_TRUE(counter.accept(head, 5));
  EXPECT_EQ(counter.last(), 2U);
}

// ---- the document ---------------------------------------------------------------------------------------------------

/// Walks the fields of a message as encoder and decoder do, and says what they are.
class Shape {
 public:
  void operator()(std::uint8_t) { add("u8"); }
  void operator()(std::uint16_t) { add("u16"); }
  void operator()(std::uint32_t) { add("u32"); }
  void operator()(std::uint64_t) { add("u64"); }
  void operator()(bool) { add("bool"); }
  void operator()(VolumeId) { add("volume"); }
  void operator()(Generation) { add("u64"); }
  void operator()(const Lineage&) { add("16 bytes"); }
  void operator()(const std::string&) { add("text"); }
  void operator()(std::span<const std::byte>) { add("data"); }
  template <class T>
    requires std::is_enum_v<T>
  void operator()(T) {
    add("code");
  }
  std::string text;

 private:
  void add(const char* what) { text += (text.empty() ? "" : ", ") + std::string(what); }
};

std::string document() {
  std::ifstream file(PROTOCOL_DOCUMENT);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Messages, TheDocumentHasTheirFields) {
  const std::string page = document();
  const auto data = lab::sample_data();
  for (const Message& message : lab::one_of_each(data)) {
    Shape shape;
    std::visit([&](const auto& m) { m.fields(shape, m); }, message);
    const auto kind = static_cast<int>(head_of(encode_frame(kHead, message)).kind);
    const std::string row = "| " + (shape.text.empty() ? std::string("-") : shape.text) + " |";
    const auto at = page.find("\n| " + std::to_string(kind) + " | `") + 1;
    ASSERT_NE(at, 0U) << "no row for kind " << kind;
    EXPECT_NE(page.substr(at, page.find('\n', at) - at).find(row), std::string::npos) << kind << ": " << row;
  }
}

TEST(Messages, TheDocumentShowsRealBytes) {
  const auto frame =
      lab::whole_frame({FrameKind::beat, 0, 0, 2, 0, Generation(0x99), 5}, Suspend{SuspendReason::freeze});
  std::string hex;
  for (std::size_t i = 0; i < frame.size(); ++i) {
    char text[4];
    std::snprintf(text, sizeof text, "%02x%s", std::to_integer<unsigned>(frame[i]),
                  i % 16 == 15            ? "\n"
                  : i + 1 == frame.size() ? "\n"
                                          : " ");
    hex += text;
  }
  EXPECT_NE(document().find(hex), std::string::npos) << hex;
}

}  // namespace
}  // namespace tt::mirror
