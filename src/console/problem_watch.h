// SPDX-License-Identifier: Apache-2.0
// Tells the receivers of SNMP traps about problems of the images.
//
// Each look asks every image for its problems and sends those that no former look saw. The highest number sent is kept
// in the store, so that a console that was away sends what it missed, and sends nothing twice. Problems from before
// traps were switched on are not sent. A problem that no image keeps (its number is like J0) is sent once in the life
// of the console. UDP promises nothing: a trap that gets lost is not repeated, and lsproblem stays the place to look.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "console/image_directory.h"
#include "console/snmp.h"
#include "console/user_store.h"

namespace tt::console {

struct TrapAddress {
  std::string host;  ///< Numeric.
  std::uint16_t port = 162;
};
/// "192.0.2.7", "192.0.2.7:1162", "2001:db8::7", "[2001:db8::7]:1162"; nothing for any other text.
std::optional<TrapAddress> parse_trap_address(const std::string& text);
inline constexpr std::size_t kMostTrapAddresses = 2;

struct TrapSettings {
  bool on = false;
  std::vector<std::string> addresses;
  std::string community = "public";
};
Result<TrapSettings> load_trap_settings(UserStore& store);
Result<void> save_trap_settings(UserStore& store, const TrapSettings& settings);

class ProblemWatch {
 public:
  using Send = std::function<void(const TrapAddress& to, const std::vector<std::uint8_t>& bytes)>;
  using Clock = std::function<std::int64_t()>;  ///< Seconds since 1970.

  /// All of them outlive it, and so do answers of `images`.
  ProblemWatch(UserStore& store, ImageDirectory& images, Send send, Clock now);
  /// Says that the console has started.
  void start();
  void look();

 private:
  void take(const std::string& image, const model::Response& response);
  void send_problem(const TrapSettings& settings, const std::string& image, const nlohmann::json& row);
  void send_to_all(const TrapSettings& settings, Trap trap);
  /// Traps are off: what happens now is none of theirs.
  void forget();

  UserStore& store_;
  ImageDirectory& images_;
  Send send_;
  Clock now_;
  std::int64_t started_s_;
  std::size_t under_way_ = 0;
  bool forgotten_ = false;
  std::map<std::string, std::set<std::string>> passing_;  ///< Problems without a kept number that were sent, by image.
};

}  // namespace tt::console
