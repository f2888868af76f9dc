// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/https_client.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "interfaces/dscli/certificate_trust.h"
#include "interfaces/dscli/http_answer.h"
#include "interfaces/dscli/interrupt.h"

namespace tt::dscli {

namespace {

constexpr std::size_t kReadBytes = 64U << 10U;

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Tls = std::unique_ptr<SSL, decltype(&SSL_free)>;
using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

std::string tls_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "connection closed" : reason;
}

}  // namespace

struct HttpsClient::Connection {
  explicit Connection(HttpsOptions o) : options(std::move(o)) {}
  ~Connection() { close(); }

  HttpsOptions options;
  Context context{nullptr, SSL_CTX_free};
  Tls tls{nullptr, SSL_free};
  int fd = -1;
  std::string explanation;
  std::vector<std::string> notices;

  void close() {
    tls.reset();
    context.reset();
    if (fd >= 0) ::close(fd);
    fd = -1;
  }

  Error fail(Errc code, std::string why) {
    explanation = std::move(why);
    close();
    return Error{code, 0};
  }

  std::string console() const { return options.host + ":" + options.port; }

  Error fail_wait(Wake wake, const char* doing) {
    if (wake == Wake::interrupted) return fail(Errc::cancelled, "interrupted");
    return fail(Errc::timed_out, console() + " did not answer in time while " + doing);
  }

  Result<void> open() {
    TT_CHECK(open_socket());
    context.reset(SSL_CTX_new(TLS_client_method()));
    TT_ASSERT(context != nullptr);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    tls.reset(SSL_new(context.get()));
    TT_ASSERT(tls != nullptr);
    std::string problem;
    // Trust anchors are looked up in the context at handshake time, so they may be loaded after SSL_new.
    if (!prepare_trust(context.get(), tls.get(), options, problem)) return fail(Errc::disconnected, problem);
    SSL_set_tlsext_host_name(tls.get(), options.host.c_str());
    SSL_set_fd(tls.get(), fd);
    const Result<void> done =
        drive([this] { return SSL_connect(tls.get()); }, options.connect_timeout_ms, "agreeing on encryption");
    if (!done) return done;
    if (!check_certificate(tls.get(), options, problem, notices)) return fail(Errc::disconnected, problem);
    return {};
  }

  Result<void> open_socket() {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int problem = ::getaddrinfo(options.host.c_str(), options.port.c_str(), &hints, &found);
    if (problem != 0) return fail(Errc::disconnected, options.host + ": " + ::gai_strerror(problem));
    const Addresses addresses(found, freeaddrinfo);
    Error last{Errc::disconnected, 0};
    for (const addrinfo* one = addresses.get(); one != nullptr; one = one->ai_next) {
      const Result<void> done = connect_to(*one);
      if (done) return {};
      last = done.error();
      if (last.code == Errc::cancelled) break;
    }
    return last;
  }

  Result<void> connect_to(const addrinfo& address) {
    fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return fail(Errc::disconnected, std::strerror(errno));
    const int no_delay = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
    if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return {};
    if (errno != EINPROGRESS) return fail(Errc::disconnected, console() + ": " + std::strerror(errno));
    const Wake wake = wait_for(fd, POLLOUT, options.connect_timeout_ms);
    if (wake != Wake::ready) return fail_wait(wake, "connecting");
    int why = 0;
    socklen_t size = sizeof why;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size);
    if (why != 0) return fail(Errc::disconnected, console() + ": " + std::strerror(why));
    return {};
  }

  /// Repeats a TLS step until it is done, waiting for the socket in between.
  template <class Step>
  Result<void> drive(Step step, std::int64_t timeout_ms, const char* doing) {
    while (true) {
      ERR_clear_error();
      const int result = step();
      if (result > 0) return {};
      const int wants = SSL_get_error(tls.get(), result);
      if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) {
        const long verified = SSL_get_verify_result(tls.get());
        std::string why = verified == X509_V_OK ? tls_reason()
                                                : std::string("its certificate is not trusted: ") +
                                                      X509_verify_cert_error_string(verified);
        return fail(Errc::disconnected, console() + ": " + why + " while " + doing);
      }
      const Wake wake = wait_for(fd, wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, timeout_ms);
      if (wake != Wake::ready) return fail_wait(wake, doing);
    }
  }

  /// A kept connection that the server has closed is readable (end of stream) although nothing was asked.
  void drop_if_stale() {
    if (fd < 0) return;
    pollfd watched = {fd, POLLIN, 0};
    if (::poll(&watched, 1, 0) != 0) close();
  }

  Result<void> send(const std::string& text) {
    return drive([&] { return SSL_write(tls.get(), text.data(), static_cast<int>(text.size())); },
                 options.connect_timeout_ms, "sending");
  }

  Result<HttpAnswer> receive() {
    HttpAnswerReader reader;
    std::string bytes(kReadBytes, '\0');
    while (true) {
      int count = 0;
      const auto step = [&] { return count = SSL_read(tls.get(), bytes.data(), static_cast<int>(bytes.size())); };
      TT_CHECK(drive(step, options.answer_timeout_ms, "working"));
      reader.feed(std::string_view(bytes).substr(0, static_cast<std::size_t>(count)));
      const HttpAnswerReader::State state = reader.state();
      if (state == HttpAnswerReader::State::more) continue;
      if (state == HttpAnswerReader::State::broken) {
        return fail(Errc::bad_message, console() + " does not answer like a management console");
      }
      HttpAnswer answer = reader.take();
      if (reader.closes()) close();
      return answer;
    }
  }
};

HttpsClient::HttpsClient(HttpsOptions options) : connection_(std::make_unique<Connection>(std::move(options))) {}
HttpsClient::~HttpsClient() = default;

Result<HttpAnswer> HttpsClient::post(const std::string& path, const std::string& token, const std::string& body) {
  Connection& c = *connection_;
  c.explanation.clear();
  c.drop_if_stale();
  if (c.fd < 0) TT_CHECK(c.open());
  std::string request = "POST " + path + " HTTP/1.1\r\nHost: " + c.console() +
                        "\r\nContent-Type: application/json\r\nAccept: application/json\r\n";
  if (!token.empty()) request += "X-Auth-Token: " + token + "\r\n";
  request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  TT_CHECK(c.send(request));
  return c.receive();
}

const std::string& HttpsClient::explanation() const {
  return connection_->explanation;
}

std::vector<std::string> HttpsClient::take_notices() {
  return std::exchange(connection_->notices, {});
}

bool split_address(std::string_view address, std::string& host, std::string& port) {
  constexpr std::string_view kScheme = "https://";
  if (address.substr(0, kScheme.size()) == kScheme) address.remove_prefix(kScheme.size());
  while (!address.empty() && address.back() == '/') address.remove_suffix(1);
  port = "8452";
  std::string_view rest;
  if (!address.empty() && address[0] == '[') {
    const std::size_t end = address.find(']');
    if (end == std::string_view::npos) return false;
    host = address.substr(1, end - 1);
    rest = address.substr(end + 1);
  } else if (const std::size_t colon = address.find(':'); colon != std::string_view::npos) {
    // More than one colon and no brackets: an IPv6 address without port.
    const bool ipv6 = address.find(':', colon + 1) != std::string_view::npos;
    host = ipv6 ? address : address.substr(0, colon);
    if (!ipv6) rest = address.substr(colon);
  } else {
    host = address;
  }
  if (host.empty()) return false;
  if (rest.empty()) return true;
  port = rest.substr(1);
  int number = 0;
  const auto [stopped, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
  return rest[0] == ':' && failure == std::errc{} && stopped == port.data() + port.size() && number > 0 &&
         number < 65536;
}

}  // namespace tt::dscli
