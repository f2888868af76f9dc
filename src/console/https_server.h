// SPDX-License-Identifier: Apache-2.0
// HTTPS/1.1 with keep-alive on one thread. Limits: connections, size of head and body, time for a handshake, idle time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "console/certificate.h"
#include "console/http.h"

namespace tt::console {

class HttpsServer {
 public:
  HttpsServer(boost::asio::io_context& io, std::vector<HttpService*> services);
  ~HttpsServer();
  HttpsServer(const HttpsServer&) = delete;
  HttpsServer& operator=(const HttpsServer&) = delete;

  /// Port 0 = any free one. Returns why it cannot, in words; empty = listening.
  std::string start(const std::string& host, std::uint16_t port, const CertificateFiles& certificate);
  [[nodiscard]] std::uint16_t port() const;
  /// Accepts no more; connections end when their answer is written.
  void stop();

  struct Shared;

 private:
  void accept();

  boost::asio::ip::tcp::acceptor acceptor_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace tt::console
