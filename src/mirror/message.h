// SPDX-License-Identifier: Apache-2.0
// What frames say (docs/mirror-protocol.md). Each message names its fields once, in fields(): encoder, decoder and
// whoever prints them walk the same list. Data are not copied: a message that carries some refers to the frame's bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "mirror/frame.h"
#include "mirror/pair.h"

namespace tt::mirror {

inline constexpr std::uint16_t kProtocolVersion = 1;
/// What can be switched on where both ends know it: bits of Hello and Welcome. None yet.
inline constexpr std::uint64_t kFeatures = 0;

/// The answer to a frame that asks. Numbers are sent.
enum class AnswerCode : std::uint8_t {
  done = 0,
  epoch = 1,  ///< The pair has another epoch here: whoever sent is not, or not any more, its source.
  role = 2,   ///< This end is not the target.
  state = 3,  ///< It does not fit the state of the pair.
  no_pair = 4,
  space = 5,
  media = 6,
  checksum = 7,  ///< The payload is not what was sent; nothing was done, send it again.
  range = 8,     ///< Beyond the end of the volume.
  busy = 9,      ///< Later; nothing was done.
  lineage = 10,
  refused = 11,  ///< The volume cannot be the target; the detail is the reason as a number of the error catalogue.
};
constexpr bool known(AnswerCode code) noexcept {
  return code <= AnswerCode::refused;
}

/// How a path is, in the numbers of the field (spec: remote mirror, 1.2).
enum class PathStatus : std::uint8_t {
  none = 0x00,
  initialization_failed = 0x02,
  timed_out = 0x03,
  no_resources_here = 0x04,
  no_resources_there = 0x05,
  other_image = 0x06,
  other_ssid = 0x07,
  retry = 0x09,
  configuration_error = 0x10,
  established = 0x13,
  link_down = 0x14,
  retry_exceeded = 0x15,
  not_capable_there = 0x16,
  not_available_there = 0x17,
  login_limit_here = 0x18,
  login_limit_there = 0x19,
  port_not_configured = 0x1A,
  degraded = 0x1B,
  removed = 0x1C,
};
bool known(PathStatus status) noexcept;

/// The first frame, from the image that made the connection.
struct Hello {
  static constexpr FrameKind kKind = FrameKind::hello;
  std::uint16_t oldest_version = kProtocolVersion;
  std::uint16_t newest_version = kProtocolVersion;
  std::uint64_t features = kFeatures;
  std::uint64_t wwnn = 0;         ///< Of the sender.
  std::uint64_t wanted_wwnn = 0;  ///< Of the image it wants to talk to.
  std::uint16_t port = 0;         ///< The sender's, as in I0001.
  std::uint16_t wanted_port = 0;
  std::uint64_t link = 0;  ///< Drawn by the sender for this connection; what a fence names.
  std::uint64_t life = 0;  ///< Another number for each start of the image: links of a former life are fenced.
  std::string serial;      ///< "2107-75FA120"

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.oldest_version), io(m.newest_version), io(m.features), io(m.wwnn), io(m.wanted_wwnn);
    io(m.port), io(m.wanted_port), io(m.link), io(m.life), io(m.serial);
  }
  friend bool operator==(const Hello&, const Hello&) = default;
};

struct Welcome {
  static constexpr FrameKind kKind = FrameKind::welcome;
  std::uint16_t version = kProtocolVersion;  ///< One that both know.
  std::uint64_t features = kFeatures;        ///< Those that both have.
  std::uint64_t wwnn = 0;
  std::uint64_t life = 0;  ///< As in Hello.
  std::string serial;

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.version), io(m.features), io(m.wwnn), io(m.life), io(m.serial);
  }
  friend bool operator==(const Welcome&, const Welcome&) = default;
};

/// The last frame of a link, with the reason.
struct Goodbye {
  static constexpr FrameKind kKind = FrameKind::goodbye;
  PathStatus status = PathStatus::removed;
  std::string text;

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.status), io(m.text);
  }
  friend bool operator==(const Goodbye&, const Goodbye&) = default;
};

/// Says that the sender lives; is answered.
struct Beat {
  static constexpr FrameKind kKind = FrameKind::beat;
  template <class Io, class Self>
  static void fields(Io&, Self&) {}
  friend bool operator==(const Beat&, const Beat&) = default;
};

struct Answer {
  static constexpr FrameKind kKind = FrameKind::answer;
  AnswerCode code = AnswerCode::done;
  PathStatus path = PathStatus::none;  ///< Of open_path.
  std::uint64_t detail = 0;            ///< Of refused: a number of the error catalogue.

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.code), io(m.path), io(m.detail);
  }
  friend bool operator==(const Answer&, const Answer&) = default;
};

struct OpenPath {
  static constexpr FrameKind kKind = FrameKind::open_path;
  std::uint8_t source_lss = 0;
  std::uint8_t target_lss = 0;
  std::uint16_t source_ssid = 0;
  std::uint16_t target_ssid = 0;  ///< 0: whatever it is.
  bool ckd = false;

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.source_lss), io(m.target_lss), io(m.source_ssid), io(m.target_ssid), io(m.ckd);
  }
  friend bool operator==(const OpenPath&, const OpenPath&) = default;
};

struct ClosePath {
  static constexpr FrameKind kKind = FrameKind::close_path;
  std::uint8_t source_lss = 0;
  std::uint8_t target_lss = 0;

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.source_lss), io(m.target_lss);
  }
  friend bool operator==(const ClosePath&, const ClosePath&) = default;
};

/// What both ends of a pair agree on when it is made, or turned round.
struct PairTerms {
  VolumeId source;
  VolumeId target;
  Generation source_pair;  ///< The pair at the sender: what frames in the other direction name.
  std::uint64_t block_count = 0;
  PairType type = PairType::metro_mirror;
  PairAttributes attributes;
  Lineage lineage{};

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.source), io(m.target), io(m.source_pair), io(m.block_count), io(m.type);
    PairAttributes::fields(io, m.attributes);
    io(m.lineage);
  }
  friend bool operator==(const PairTerms&, const PairTerms&) = default;
};

struct OpenPair {
  static constexpr FrameKind kKind = FrameKind::open_pair;
  PairTerms terms;
  bool copies = true;  ///< Not with -mode nocp.

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    PairTerms::fields(io, m.terms);
    io(m.copies);
  }
  friend bool operator==(const OpenPair&, const OpenPair&) = default;
};

/// The answer to open_pair and fail_back.
struct PairOpened {
  static constexpr FrameKind kKind = FrameKind::pair_opened;
  Generation own_pair;            ///< At the sender: what frames to it name.
  std::uint64_t block_count = 0;  ///< Of its volume.
  bool is_new = true;             ///< It held no such pair, so its marks say nothing.

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.own_pair), io(m.block_count), io(m.is_new);
  }
  friend bool operator==(const PairOpened&, const PairOpened&) = default;
};

/// What an end knows of a pair: both say it when a path comes up. The epoch is that of the head.
struct PairReport {
  static constexpr FrameKind kKind = FrameKind::pair_report;
  VolumeId source;  ///< As the sender sees it.
  VolumeId target;
  Generation own_pair;
  PairPhase phase;
  Lineage lineage{};
  std::uint64_t out_of_sync_tracks = 0;

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.source), io(m.target), io(m.own_pair);
    io(m.phase.role), io(m.phase.type), io(m.phase.state), io(m.phase.reason), io(m.phase.failed_over);
    io(m.lineage), io(m.out_of_sync_tracks);
  }
  friend bool operator==(const PairReport&, const PairReport&) = default;
};

struct ClosePair {
  static constexpr FrameKind kKind = FrameKind::close_pair;
  template <class Io, class Self>
  static void fields(Io&, Self&) {}
  friend bool operator==(const ClosePair&, const ClosePair&) = default;
};

struct Suspend {
  static constexpr FrameKind kKind = FrameKind::suspend;
  SuspendReason reason = SuspendReason::update_target;

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.reason);
  }
  friend bool operator==(const Suspend&, const Suspend&) = default;
};

struct Resume {
  static constexpr FrameKind kKind = FrameKind::resume;
  PairType type = PairType::metro_mirror;
  PairAttributes attributes;
  Lineage lineage{};

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.type);
    PairAttributes::fields(io, m.attributes);
    io(m.lineage);
  }
  friend bool operator==(const Resume&, const Resume&) = default;
};

struct DeclareDuplex {
  static constexpr FrameKind kKind = FrameKind::declare_duplex;
  template <class Io, class Self>
  static void fields(Io&, Self&) {}
  friend bool operator==(const DeclareDuplex&, const DeclareDuplex&) = default;
};

/// The sender keeps its data; the receiver becomes the target, or remains it.
struct FailBack {
  static constexpr FrameKind kKind = FrameKind::fail_back;
  PairTerms terms;
  bool held = false;  ///< Stays suspended.

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    PairTerms::fields(io, m.terms);
    io(m.held);
  }
  friend bool operator==(const FailBack&, const FailBack&) = default;
};

/// Blocks of the volume, whole ones: of a host's write, or of a track that differs.
struct Write {
  static constexpr FrameKind kKind = FrameKind::write;
  std::uint64_t first_block = 0;
  std::span<const std::byte> data;  ///< Whole blocks, at least one.

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.first_block), io(m.data);
  }
};

/// Blocks that read as zeros: given back where a whole extent is.
struct Zero {
  static constexpr FrameKind kKind = FrameKind::zero;
  std::uint64_t first_block = 0;
  std::uint64_t block_count = 0;

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.first_block), io(m.block_count);
  }
  friend bool operator==(const Zero&, const Zero&) = default;
};

inline constexpr std::uint32_t kMostMarks = 1U << 19U;  ///< Tracks of one answer: 64 KiB of bits.

struct GetMarks {
  static constexpr FrameKind kKind = FrameKind::get_marks;
  std::uint64_t first_track = 0;
  std::uint32_t track_count = 0;

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.first_track), io(m.track_count);
  }
  friend bool operator==(const GetMarks&, const GetMarks&) = default;
};

/// Tracks that differ, or may, as this end knows it; the first in the lowest bit of the first byte.
struct Marks {
  static constexpr FrameKind kKind = FrameKind::marks;
  std::uint64_t first_track = 0;
  std::uint32_t track_count = 0;
  std::span<const std::byte> data;

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.first_track), io(m.track_count), io(m.data);
  }
};

/// Nothing more is taken from that link of the sender's image; the answer comes when nothing of it is under way.
struct Fence {
  static constexpr FrameKind kKind = FrameKind::fence;
  std::uint64_t link = 0;

  template <class Io, class Self>
  static void fields(Io& io, Self& m) {
    io(m.link);
  }
  friend bool operator==(const Fence&, const Fence&) = default;
};

using Message =
    std::variant<Hello, Welcome, Goodbye, Beat, Answer, OpenPath, ClosePath, OpenPair, PairOpened, PairReport,
                 ClosePair, Suspend, Resume, DeclareDuplex, FailBack, Write, Zero, GetMarks, Marks, Fence>;

/// Head and fields, ready to send; `head` says number, answers, pair and epoch, the rest is filled in. The data of the
/// message, if it has any, are sent after them as they are: their checksum is in the head.
std::vector<std::byte> encode_frame(FrameHead head, const Message& message);
std::span<const std::byte> data_of(const Message& message) noexcept;

/// `payload` of `head.payload_bytes`. corrupt: the checksum is wrong, the frame can be sent again. bad_message: fields
/// that no sender of this version writes. Data and texts are taken as they are; spans stay within `payload`.
Result<Message> decode_message(const FrameHead& head, std::span<const std::byte> payload);

}  // namespace tt::mirror
