// SPDX-License-Identifier: Apache-2.0
#include "sim/trace.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace tt::sim {
namespace {

const char* name_of(TraceKind kind) noexcept {
  switch (kind) {
    case TraceKind::turn:
      return "turn";
    case TraceKind::timer:
      return "timer";
    case TraceKind::message:
      return "message";
    case TraceKind::callback:
      return "callback";
    case TraceKind::disk_submit:
      return "disk_submit";
    case TraceKind::disk_complete:
      return "disk_complete";
    case TraceKind::crash:
      return "crash";
    case TraceKind::crash_unit:
      return "crash_unit";
    case TraceKind::net:
      return "net";
    case TraceKind::user:
      return "user";
  }
  return "unknown";
}

}  // namespace

std::uint64_t mix(std::uint64_t x, std::uint64_t y) noexcept {
  const auto product =
      static_cast<unsigned __int128>(x ^ 0x9E3779B97F4A7C15U) * static_cast<unsigned __int128>(y ^ 0xD6E8FEB86659FD93U);
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U) ^ (x << 1U);
}

void Trace::note(const TraceEntry& e) noexcept {
  hash_ = mix(hash_ ^ static_cast<std::uint64_t>(e.time), (static_cast<std::uint64_t>(e.kind) << 56U) ^ e.a);
  hash_ = mix(hash_ ^ e.b, e.c ^ (e.d << 32U) ^ (e.d >> 32U));
  if (!ring_.empty()) ring_[count_ % ring_.size()] = e;
  ++count_;
}

std::string Trace::tail(std::size_t lines) const {
  const std::uint64_t kept = std::min<std::uint64_t>({count_, ring_.size(), lines});
  std::string text;
  for (std::uint64_t i = count_ - kept; i < count_; ++i) {
    const TraceEntry& e = ring_[i % ring_.size()];
    char line[192];
    std::snprintf(line, sizeof line,
                  "%10" PRIu64 " %14.3f us %-13s a=%" PRIu64 " b=%" PRIu64 " c=%" PRIu64 " d=%" PRIx64 "\n", i,
                  static_cast<double>(e.time) / 1000.0, name_of(e.kind), e.a, e.b, e.c, e.d);
    text += line;
  }
  return text;
}

}  // namespace tt::sim
