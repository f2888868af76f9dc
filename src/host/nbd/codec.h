// SPDX-License-Identifier: Apache-2.0
// Transmission phase, sans I/O: a request header from bytes, and the verdict whether it may run. Pure functions.
//
// judge() is the only place that decides what a client may ask for; what it lets through has an offset and a length
// that are multiples of 512 and inside the export, and flags that belong to the command.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "host/nbd/errors.h"
#include "host/nbd/wire.h"

namespace tt::nbd {

struct Request {
  Command command = Command::read;  ///< May hold a number the protocol does not know; judge() refuses it.
  std::uint16_t flags = 0;
  std::uint64_t cookie = 0;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;

  [[nodiscard]] bool has(std::uint16_t flag) const noexcept { return (flags & flag) != 0; }
  /// Bytes that follow the header on the wire.
  [[nodiscard]] std::uint32_t payload_bytes() const noexcept { return command == Command::write ? length : 0; }
};

/// Nothing if the magic number is wrong: the stream is out of step and must be closed.
std::optional<Request> decode_request(std::span<const std::byte, kRequestBytes> bytes) noexcept;

/// What the handshake agreed on, as far as requests depend on it.
struct TransmissionRules {
  std::uint64_t size_bytes = 0;
  bool read_only = false;
  bool structured_replies = false;
  bool allocation_context = false;  ///< base:allocation was selected for this export.
  bool fast_zero = false;           ///< FAST_ZERO was announced.
};

struct Verdict {
  enum class Action : std::uint8_t {
    execute,
    refuse,      ///< Answer `error`; a payload is to be skipped.
    disconnect,  ///< A payload so large that skipping it is no service to anybody, or an orderly DISC.
  };
  Action action = Action::execute;
  NbdError error = NbdError::none;
  const char* reason = "";  ///< Static text for the person at the other end.
};

Verdict judge(const Request& request, const TransmissionRules& rules) noexcept;

/// The transmission flags announced for an export.
std::uint16_t transmission_flags(const TransmissionRules& rules) noexcept;

}  // namespace tt::nbd
