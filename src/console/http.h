// SPDX-License-Identifier: Apache-2.0
// HTTP as the services see it.
#pragma once

#include <functional>
#include <string>

namespace tt::console {

struct HttpRequest {
  std::string method;
  std::string target;  ///< Path without query.
  std::string token;   ///< X-Auth-Token.
  std::string body;
  std::string peer;  ///< Address of the client.
};

struct HttpReply {
  int status = 200;
  std::string body;  ///< JSON.
};

using ReplyFunction = std::function<void(HttpReply)>;

class HttpService {
 public:
  virtual ~HttpService() = default;
  /// Whether requests for this path are for this service.
  [[nodiscard]] virtual bool serves(const std::string& target) const = 0;
  /// Calls `reply` exactly once, now or later, on the console's thread.
  virtual void handle(HttpRequest request, ReplyFunction reply) = 0;
};

}  // namespace tt::console
