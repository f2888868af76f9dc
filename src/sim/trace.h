// SPDX-License-Identifier: Apache-2.0
// The record of one simulated run: a running hash over every event, and the last few events in readable form. Two runs
// of one seed must end with equal hashes; a difference means that something outside the seed (an address, a clock, the
// order of a hash table) decided.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/reactor.h"

namespace tt::sim {

enum class TraceKind : std::uint8_t {
  turn,           ///< a = reactor, b = coroutines ready
  timer,          ///< a = reactor, b = order number of the timer
  message,        ///< a = sending reactor, b = receiving reactor
  callback,       ///< a = running number
  disk_submit,    ///< a = file, b = kind, c = offset, d = length and CRC of the data
  disk_complete,  ///< a = file, b = kind and result, c = offset, d = length and CRC of the data
  crash,          ///< a = machine, b = kind of crash
  crash_unit,     ///< a = file, b = write, c = offset, d = fate of one atomic unit
  net,            ///< a = stream, b = what, c = bytes
  user,           ///< whatever a scenario notes
};

struct TraceEntry {
  rt::TimeNs time = 0;
  TraceKind kind = TraceKind::user;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint64_t c = 0;
  std::uint64_t d = 0;
};

class Trace {
 public:
  explicit Trace(std::size_t depth) : ring_(depth) {}

  void note(const TraceEntry& entry) noexcept;
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// One line per event, oldest first; at most `lines` and at most the depth given at the start.
  [[nodiscard]] std::string tail(std::size_t lines) const;

 private:
  std::uint64_t hash_ = 0x243F6A8885A308D3U;
  std::uint64_t count_ = 0;
  std::vector<TraceEntry> ring_;
};

/// A good 64-bit mix of two words; the building block of the trace hash and of derived seeds.
std::uint64_t mix(std::uint64_t x, std::uint64_t y) noexcept;

}  // namespace tt::sim
