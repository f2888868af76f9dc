// SPDX-License-Identifier: Apache-2.0
// The way to a management console.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/executor.h"

namespace tt::dscli {

struct LoginAnswer {
  std::vector<std::string> groups;
  std::vector<std::string> images;  ///< Ids of the storage images this console serves.
  bool password_expired = false;
  std::string console_version;
};

/// An answer of the console: the response of the image, or of the console itself, with words where the numbers of a
/// Response are not enough.
struct ExecuteAnswer {
  model::Response response;
  std::string message_id;    ///< Set when the console rejected with a message of its own.
  std::string message_text;  ///< Fills slot {1} of that message.
};

/// Errors: disconnected (explanation says why), timed_out, cancelled (Ctrl-C), authentication_failed, bad_message.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Result<LoginAnswer> login(const std::string& user, const std::string& password) = 0;
  virtual Result<ExecuteAnswer> execute(const std::string& image, const std::string& operation,
                                        const nlohmann::json& arguments) = 0;
  /// Words for the last error.
  [[nodiscard]] virtual std::string explanation() const = 0;
  /// Something the user should know about the connection (a certificate trusted for the first time); once.
  virtual std::vector<std::string> take_notices() { return {}; }
};

}  // namespace tt::dscli
