// SPDX-License-Identifier: Apache-2.0
#include "console/audit_chain.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/assert.h"
#include "base/hex.h"

namespace tt::console {

namespace {

constexpr std::size_t kHashDigits = 64;

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string hash_after(std::string_view before, std::string_view text) {
  std::string input(before);
  input += '\n';
  input += text;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned bytes = 0;
  TT_ASSERT(EVP_Digest(input.data(), input.size(), digest, &bytes, EVP_sha256(), nullptr) == 1);
  return hex_of(std::span(digest, bytes));
}

/// Walks a log line by line and keeps the report. `wanted` is a hash that is looked for.
class Walk {
 public:
  explicit Walk(std::string_view wanted = {}) : wanted_(wanted) { report_.head = report_.claimed = chain_begin(); }

  void take(std::string_view line, bool ended) {
    ++number_;
    if (number_ == 1 && ended && line.starts_with(kFollows) && is_hash(line.substr(kFollows.size()))) {
      report_.head = report_.claimed = line.substr(kFollows.size());
      return;
    }
    const auto hash = hash_of_line(line);
    if (hash) report_.claimed = *hash;
    const bool admits = bad_lines_ > 0 && line.find(kTornEvent) != std::string_view::npos;
    if (!broken_ && hash && (bad_lines_ == 0 || admits) && line_fits(line, report_.head)) return accept(*hash);
    // What follows the last whole line without admitting a torn one makes the lines between an addition.
    if (bad_lines_++ == 0) {
      report_.first_bad = number_;
      bad_has_hash_ = hash.has_value();
    } else {
      broken_ = broken_ || hash.has_value();
    }
  }
  ChainReport finish() {
    report_.torn_end = bad_lines_ == 1 && !bad_has_hash_;
    return report_;
  }
  [[nodiscard]] bool found() const { return found_; }

 private:
  void accept(std::string_view hash) {
    report_.torn += bad_lines_;
    bad_lines_ = 0;
    report_.first_bad = 0;
    report_.head = hash;
    ++report_.lines;
    found_ = found_ || hash == wanted_;
  }

  std::string_view wanted_;
  ChainReport report_;
  std::uint64_t number_ = 0;
  std::uint64_t bad_lines_ = 0;  ///< Since the last line that fits.
  bool bad_has_hash_ = false;
  bool broken_ = false;
  bool found_ = false;
};

void walk_lines(std::string_view log, Walk& walk) {
  while (!log.empty()) {
    const std::size_t end = log.find('\n');
    const bool ended = end != std::string_view::npos;
    walk.take(log.substr(0, end), ended);
    log.remove_prefix(ended ? end + 1 : log.size());
  }
}

}  // namespace

std::string chain_begin() {
  return std::string(kHashDigits, '0');
}

std::string chained_line(std::string_view text, std::string_view before) {
  return std::string(text) + "," + hash_after(before, text);
}

std::optional<std::string_view> hash_of_line(std::string_view line) {
  if (line.size() <= kHashDigits || line[line.size() - kHashDigits - 1] != ',') return std::nullopt;
  const std::string_view hash = line.substr(line.size() - kHashDigits);
  return is_hash(hash) ? std::optional(hash) : std::nullopt;
}

bool line_fits(std::string_view line, std::string_view before) {
  const auto hash = hash_of_line(line);
  return hash && hash_after(before, line.substr(0, line.size() - kHashDigits - 1)) == *hash;
}

ChainReport check_chain(std::string_view log) {
  Walk walk;
  walk_lines(log, walk);
  return walk.finish();
}

bool chain_has(std::string_view log, std::string_view hash) {
  Walk walk(hash);
  walk_lines(log, walk);
  return walk.found();
}

}  // namespace tt::console
