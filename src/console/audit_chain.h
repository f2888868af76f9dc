// SPDX-License-Identifier: Apache-2.0
// What makes the lines of the audit log a chain: each ends in a SHA-256 over the hash of the line before it and its own
// text. Pure; used by the log, by --verify-audit and by the fuzzer.
//
//   [#follows HASH]            only when older lines were dropped: the hash of the last one of them
//   text,HASH                  HASH = hex(SHA-256(hash of the line before, newline, text)); 64 zeros come before the
//   first
//
// A line that was torn by a crash stays where it is. The record after it says so (kTornEvent) and follows the last
// whole line; any other line that does not fit was changed, removed or added.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tt::console {

inline constexpr std::string_view kTornEvent = ",1203,Audit_Log_Torn,";
inline constexpr std::string_view kFollows = "#follows ";

/// Before the first line.
std::string chain_begin();
/// The line as it stands in the log, without its end.
std::string chained_line(std::string_view text, std::string_view before);
/// The hash at the end of the line; nothing if none is there.
std::optional<std::string_view> hash_of_line(std::string_view line);
bool line_fits(std::string_view line, std::string_view before);

struct ChainReport {
  std::uint64_t lines = 0;      ///< That fit.
  std::uint64_t torn = 0;       ///< Torn lines that later records admit.
  std::uint64_t first_bad = 0;  ///< Number of the first line that does not fit, from 1; 0: there is none.
  bool torn_end = false;        ///< first_bad is the last line and has no hash: a crash while it was written.
  std::string head;             ///< Hash of the last line that fits.
  std::string claimed;          ///< The last hash that any line has; head if all is well.
};
ChainReport check_chain(std::string_view log);
/// Whether a line that fits has this hash.
bool chain_has(std::string_view log, std::string_view hash);

}  // namespace tt::console
