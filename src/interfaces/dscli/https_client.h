// SPDX-License-Identifier: Apache-2.0
// The little of HTTPS that the DS CLI needs: POST JSON over one TLS connection that is kept and opened again as needed.
// Blocking, with a deadline for each step, and Ctrl-C ends every wait.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tt::dscli {

struct HttpsOptions {
  std::string host;
  std::string port = "8452";
  std::string ca_file;     ///< Trust only what this file signs (or holds).
  std::string pin;         ///< SHA-256 of the certificate in hex; used when there is no ca_file.
  std::string known_file;  ///< With neither: fingerprints seen before, learnt at first contact.
  std::int64_t connect_timeout_ms = 20'000;
  std::int64_t answer_timeout_ms = 900'000;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// What carries requests to a console: HTTPS here, a call in tests.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// disconnected, timed_out, cancelled, bad_message; explanation() says more. A request is sent at most once.
  virtual Result<HttpAnswer> post(const std::string& path, const std::string& token, const std::string& body) = 0;

  [[nodiscard]] virtual const std::string& explanation() const = 0;
  /// What was learnt about the server's certificate on first contact.
  virtual std::vector<std::string> take_notices() { return {}; }
};

class HttpsClient final : public HttpClient {
 public:
  explicit HttpsClient(HttpsOptions options);
  ~HttpsClient() override;
  HttpsClient(const HttpsClient&) = delete;
  HttpsClient& operator=(const HttpsClient&) = delete;

  Result<HttpAnswer> post(const std::string& path, const std::string& token, const std::string& body) override;
  [[nodiscard]] const std::string& explanation() const override;
  std::vector<std::string> take_notices() override;

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

/// "host", "host:port", "[::1]:port" or "https://host:port" taken apart. False if it is none of these.
bool split_address(std::string_view address, std::string& host, std::string& port);

}  // namespace tt::dscli
