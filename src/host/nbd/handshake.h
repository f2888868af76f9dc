// SPDX-License-Identifier: Apache-2.0
// The fixed newstyle handshake, sans I/O: bytes of the client in, bytes for the client and one outcome out.
//
// States (advance() moves at most one of them per call):
//
//   flags ──4 bytes──> option header ──16 bytes──> option data ──all of it──> answered: option header again,
//                          |  too long, but bearable                           start_tls, transmission or close
//                          └──> skipping ──> answered ERR_TOO_BIG
//
// Invariants: no more than kMaxOptionBytes are ever kept; every option is answered before the next one is looked at;
// after start_tls or close this object takes no further input (after TLS a new one starts, so that nothing said in
// the clear survives); transmission is reached only by EXPORT_NAME or GO naming an existing export, and never in the
// clear when TLS is required.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/nbd/codec.h"
#include "image/block_service.h"

namespace tt::nbd {

enum class TlsMode : std::uint8_t { off, allowed, required };

struct HandshakeRules {
  TlsMode tls = TlsMode::off;
  bool tls_active = false;  ///< This handshake is the one inside TLS: no greeting, options at once.
  bool fast_zero = false;
};

/// What a finished handshake hands to the transmission phase.
struct Negotiated {
  image::ExportInfo volume;
  TransmissionRules rules;
};

class Handshake {
 public:
  enum class Outcome : std::uint8_t {
    need_input,    ///< All input was taken; more is needed.
    answered,      ///< Send the output, then call advance() with the rest of the input.
    start_tls,     ///< Send the output, then TLS. Input left over was sent in the clear behind it: an attack.
    transmission,  ///< Send the output; input left over belongs to the transmission phase.
    close,         ///< Send the output, then close.
  };
  struct Step {
    std::size_t consumed = 0;
    Outcome outcome = Outcome::need_input;
  };

  Handshake(image::ExportSource& volumes, const HandshakeRules& rules);

  /// Appends the server's first words; nothing inside TLS.
  void greet(std::vector<std::byte>& out) const;
  /// Takes bytes from the front of `in` and appends to `out`.
  Step advance(std::span<const std::byte> in, std::vector<std::byte>& out);
  /// After Outcome::transmission.
  [[nodiscard]] const Negotiated& negotiated() const noexcept { return negotiated_; }

  static constexpr std::size_t kMaxOptionBytes = 64U << 10U;
  static constexpr std::size_t kMaxSkippedOptionBytes = 1U << 20U;

 private:
  enum class State : std::uint8_t { client_flags, option_header, option_data, skipping, finished };
  using Bytes = std::span<const std::byte>;

  bool collect(Bytes& in, std::size_t wanted);
  Outcome on_client_flags();
  Outcome on_option_header(std::vector<std::byte>& out);
  Outcome on_option(std::vector<std::byte>& out);
  Outcome dispatch(Option option, Bytes data, std::vector<std::byte>& out);
  Outcome on_export_name(Bytes data, std::vector<std::byte>& out);
  Outcome on_list(Bytes data, std::vector<std::byte>& out);
  Outcome on_starttls(Bytes data, std::vector<std::byte>& out);
  Outcome on_info_or_go(Option option, Bytes data, std::vector<std::byte>& out);
  Outcome on_structured_reply(Bytes data, std::vector<std::byte>& out);
  Outcome on_meta_context(Option option, Bytes data, std::vector<std::byte>& out);
  Outcome reply(std::vector<std::byte>& out, OptionReply type, std::string_view text = {}) const;
  void agree_on(const image::ExportInfo& volume);

  image::ExportSource& volumes_;  ///< Those that this client may see.
  HandshakeRules rules_;
  State state_;
  std::vector<std::byte> pending_;  ///< The part of the current unit that has arrived.
  std::uint32_t option_ = 0;
  std::size_t option_bytes_ = 0;  ///< In State::skipping: bytes still to drop.
  bool fixed_newstyle_ = false;
  bool no_zeroes_ = false;
  bool structured_replies_ = false;
  std::optional<image::VolumeHandle> context_volume_;  ///< Whose base:allocation was selected.
  Negotiated negotiated_;
};

}  // namespace tt::nbd
