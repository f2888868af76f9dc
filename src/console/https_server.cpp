// SPDX-License-Identifier: Apache-2.0
#include "console/https_server.h"

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <optional>

namespace tt::console {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr std::uint32_t kLargestHead = 16U << 10U;
constexpr std::uint64_t kLargestBody = 8U << 20U;
constexpr std::size_t kMostConnections = 256;
constexpr auto kHandshakeTime = std::chrono::seconds(10);
constexpr auto kIdleTime = std::chrono::minutes(5);
constexpr auto kWriteTime = std::chrono::minutes(1);
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

}  // namespace

struct HttpsServer::Shared {
  explicit Shared(std::vector<HttpService*> s) : tls(asio::ssl::context::tls_server), services(std::move(s)) {}
  asio::ssl::context tls;
  std::vector<HttpService*> services;
  std::size_t connections = 0;
  bool stopping = false;
};

namespace {

/// One connection; keeps itself alive while something is under way.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::shared_ptr<HttpsServer::Shared> shared)
      : shared_(std::move(shared)), stream_(std::move(socket), shared_->tls) {
    ++shared_->connections;
    error_code ignored;
    const auto endpoint = beast::get_lowest_layer(stream_).socket().remote_endpoint(ignored);
    peer_ = ignored ? "unknown" : endpoint.address().to_string();
    beast::get_lowest_layer(stream_).socket().set_option(tcp::no_delay(true), ignored);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { --shared_->connections; }

  void start() {
    beast::get_lowest_layer(stream_).expires_after(kHandshakeTime);
    stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](error_code problem) {
      if (!problem) self->read();
    });
  }

 private:
  void read() {
    parser_.emplace();
    parser_->header_limit(kLargestHead);
    parser_->body_limit(kLargestBody);
    beast::get_lowest_layer(stream_).expires_after(kIdleTime);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code problem, std::size_t) {
      if (problem == http::error::body_limit || problem == http::error::header_limit) {
        self->keep_alive_ = false;
        self->write({413, R"({"text":"the request is too large"})"});
      } else if (!problem) {
        self->dispatch();
      } else if (problem == http::error::end_of_stream) {
        self->close();
      }
    });
  }

  void dispatch() {
    const auto& message = parser_->get();
    HttpRequest request;
    request.method = std::string(message.method_string());
    const std::string target(message.target());
    request.target = target.substr(0, target.find('?'));
    request.token = std::string(message["X-Auth-Token"]);
    request.body = message.body();
    request.peer = peer_;
    keep_alive_ = message.keep_alive() && !shared_->stopping;
    // However long the answer takes, the connection is not idle.
    beast::get_lowest_layer(stream_).expires_never();
    for (HttpService* service : shared_->services) {
      if (!service->serves(request.target)) continue;
      service->handle(std::move(request),
                      [self = shared_from_this()](HttpReply reply) { self->write(std::move(reply)); });
      return;
    }
    write({404, R"({"text":"there is nothing at this address"})"});
  }

  void write(HttpReply reply) {
    response_ = {};
    response_.result(static_cast<unsigned>(reply.status));
    response_.version(11);
    response_.set(http::field::server, "twintrack-console");
    response_.set(http::field::content_type, "application/json");
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    response_.set("Strict-Transport-Security", "max-age=31536000");
    response_.keep_alive(keep_alive_);
    response_.body() = std::move(reply.body);
    response_.prepare_payload();
    beast::get_lowest_layer(stream_).expires_after(kWriteTime);
    http::async_write(stream_, response_, [self = shared_from_this()](error_code problem, std::size_t) {
      if (problem) return;
      if (self->keep_alive_) {
        self->read();
      } else {
        self->close();
      }
    });
  }

  void close() {
    beast::get_lowest_layer(stream_).expires_after(kHandshakeTime);
    stream_.async_shutdown([self = shared_from_this()](error_code) {});
  }

  std::shared_ptr<HttpsServer::Shared> shared_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::string peer_;
  bool keep_alive_ = false;
};

}  // namespace

HttpsServer::HttpsServer(asio::io_context& io, std::vector<HttpService*> services)
    : acceptor_(io), shared_(std::make_shared<Shared>(std::move(services))) {}

HttpsServer::~HttpsServer() = default;

std::string HttpsServer::start(const std::string& host, std::uint16_t port, const CertificateFiles& certificate) {
  error_code problem;
  shared_->tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                               asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                               asio::ssl::context::no_tlsv1_1,
                           problem);
  if (!problem) shared_->tls.use_certificate_chain_file(certificate.certificate, problem);
  if (!problem) shared_->tls.use_private_key_file(certificate.key, asio::ssl::context::pem, problem);
  if (problem) return "the certificate " + certificate.certificate + " cannot be used: " + problem.message();
  const auto address = asio::ip::make_address(host, problem);
  if (problem) return "'" + host + "' is not an address to listen at; give an IP address such as 127.0.0.1";
  const tcp::endpoint endpoint(address, port);
  acceptor_.open(endpoint.protocol(), problem);
  if (!problem) acceptor_.set_option(tcp::acceptor::reuse_address(true), problem);
  if (!problem) acceptor_.bind(endpoint, problem);
  if (!problem) acceptor_.listen(asio::socket_base::max_listen_connections, problem);
  if (problem) return "cannot listen at " + host + " port " + std::to_string(port) + ": " + problem.message();
  accept();
  return {};
}

std::uint16_t HttpsServer::port() const {
  error_code ignored;
  return acceptor_.local_endpoint(ignored).port();
}

void HttpsServer::stop() {
  shared_->stopping = true;
  error_code ignored;
  acceptor_.close(ignored);
}

void HttpsServer::accept() {
  acceptor_.async_accept([this](error_code problem, tcp::socket socket) {
    if (problem == asio::error::operation_aborted || shared_->stopping) return;
    if (problem) {
      // Out of descriptors: wait instead of spinning.
      auto pause = std::make_shared<asio::steady_timer>(acceptor_.get_executor(), kAcceptPause);
      pause->async_wait([this, pause](error_code cancelled) {
        if (!cancelled && !shared_->stopping) accept();
      });
      return;
    }
    if (shared_->connections < kMostConnections) std::make_shared<Connection>(std::move(socket), shared_)->start();
    accept();
  });
}

}  // namespace tt::console
