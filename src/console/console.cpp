// SPDX-License-Identifier: Apache-2.0
#include "console/console.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>

#include "console/certificate.h"
#include "console/dscli_service.h"
#include "console/https_server.h"
#include "console/image_link.h"
#include "console/problem_watch.h"
#include "console/slow_work.h"
#include "interfaces/files/files.h"

namespace tt::console {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostSlowWork = 32;
constexpr auto kStopPatience = std::chrono::milliseconds(300);

void log_line(const std::string& text) {
  std::fprintf(stderr, "twintrack-console: %s\n", text.c_str());
}

std::int64_t now_seconds() {
  return static_cast<std::int64_t>(std::time(nullptr));
}

class PoolWork final : public SlowWork {
 public:
  explicit PoolWork(asio::io_context& io) : io_(io), pool_(1) {}
  ~PoolWork() override { pool_.join(); }
  PoolWork(const PoolWork&) = delete;
  PoolWork& operator=(const PoolWork&) = delete;

  bool run(std::function<void()> slow, std::function<void()> then) override {
    if (waiting_ >= kMostSlowWork) return false;
    ++waiting_;
    asio::post(pool_, [this, slow = std::move(slow), then = std::move(then)] {
      slow();
      asio::post(io_, [this, then] {
        --waiting_;
        then();
      });
    });
    return true;
  }

 private:
  asio::io_context& io_;
  asio::thread_pool pool_;
  std::size_t waiting_ = 0;  ///< Touched on the console's thread only.
};

constexpr auto kTrapInterval = std::chrono::seconds(10);

/// A datagram to somebody who may not be there: nothing comes back, and nothing is waited for.
class TrapSender {
 public:
  explicit TrapSender(asio::io_context& io) : io_(io) {}
  void send(const TrapAddress& to, const std::vector<std::uint8_t>& bytes) {
    boost::system::error_code problem;
    const asio::ip::udp::endpoint endpoint(asio::ip::make_address(to.host, problem), to.port);
    asio::ip::udp::socket socket(io_);
    if (!problem) socket.open(endpoint.protocol(), problem);
    if (!problem) socket.non_blocking(true, problem);
    if (!problem) socket.send_to(asio::buffer(bytes), endpoint, 0, problem);
    if (problem && problem.message() != last_problem_) log_line("no trap to " + to.host + ": " + problem.message());
    last_problem_ = problem ? problem.message() : std::string();
  }

 private:
  asio::io_context& io_;
  std::string last_problem_;  ///< Each is logged once, not at every trap.
};

class Links final : public ImageDirectory {
 public:
  Links(asio::io_context& io, const ConsoleOptions& options) {
    for (const ImageAddress& image : options.images) {
      links_.push_back(std::make_unique<ImageLink>(io, image.id, image.socket_path,
                                                   "twintrack-console " + options.version, log_line));
    }
  }
  void start() {
    for (const auto& link : links_) link->start();
  }
  void stop() {
    for (const auto& link : links_) link->stop();
  }
  [[nodiscard]] std::vector<std::string> ids() const override {
    std::vector<std::string> ids;
    for (const auto& link : links_) ids.push_back(link->image_id());
    return ids;
  }
  void call(const std::string& image, model::Request request, Answered answered) override {
    for (const auto& link : links_) {
      if (link->image_id() == image) return link->call(std::move(request), std::move(answered));
    }
    TT_ASSERT(false);
  }

 private:
  std::vector<std::unique_ptr<ImageLink>> links_;
};

/// Everything of a running console, in the order of dependence.
class Console {
 public:
  explicit Console(const ConsoleOptions& options)
      : options_(options), audit_(options.directory + "/audit.csv"), slow_(io_), links_(io_, options) {}

  int run() {
    if (!prepare()) return 1;
    UserOperations users(*store_, sessions_, slow_, now_seconds);
    const auto ids = links_.ids();
    const auto is_ds6000 = [](const std::string& id) {
      return model::personality_of(id) == model::Personality::ds6000;
    };
    users.serve_only_ds6000(!ids.empty() && std::all_of(ids.begin(), ids.end(), is_ds6000));
    const std::string password_file = options_.directory + "/admin.password";
    const Result<void> first = users.ensure_first_user(password_file);
    if (!first)
      return fail("cannot make the first user in " + options_.directory + ": " + files::describe(first.error()));
    DscliService dscli({sessions_, users, links_, audit_, now_seconds, log_line, options_.version});
    HttpsServer server(io_, {&dscli});
    const std::string problem = server.start(options_.host, options_.port, certificate_);
    if (!problem.empty()) return fail(problem);
    links_.start();
    if (!announce(server.port(), password_file)) return 1;
    TrapSender traps(io_);
    const auto send = [&traps](const TrapAddress& to, const std::vector<std::uint8_t>& bytes) {
      traps.send(to, bytes);
    };
    ProblemWatch watch(*store_, links_, send, now_seconds);
    watch.start();
    look_for_problems(watch);
    wait_for_signal(server);
    io_.run();
    log_line("stopped");
    return 0;
  }

 private:
  int fail(const std::string& text) {
    log_line(text);
    return 1;
  }

  bool prepare() {
    if (::mkdir(options_.directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail("cannot make the directory " + options_.directory) == 0;
    }
    const auto certificate = ensure_certificate(options_.directory, options_.names);
    if (!certificate) {
      return fail("the certificate in " + options_.directory + " cannot be used (" +
                  files::describe(certificate.error()) +
                  "): put console.crt and console.key back, or remove both to have new ones made") == 0;
    }
    certificate_ = *certificate;
    auto store = UserStore::open(options_.directory + "/users.sqlite");
    if (!store) {
      const bool newer = store.error().code == Errc::version_not_supported;
      return fail(newer ? "users.sqlite was written by a newer release: install that release"
                        : "cannot open users.sqlite in " + options_.directory + " (SQLite error " +
                              std::to_string(store.error().detail) + ")") == 0;
    }
    store_ = std::move(store).value();
    const auto audit = audit_.open();
    if (!audit) {
      return fail("cannot write audit.csv in " + options_.directory + ": " + files::describe(audit.error())) == 0;
    }
    if (!audit->empty()) log_line(*audit);
    return true;
  }

  bool announce(std::uint16_t port, const std::string& password_file) {
    const bool ipv6 = options_.host.find(':') != std::string::npos;
    // A wildcard address is no destination.
    const std::string host = options_.host == "0.0.0.0" ? "127.0.0.1" : options_.host == "::" ? "::1" : options_.host;
    const std::string url = "https://" + (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
    log_line("serving at " + url);
    if (options_.ready_file.empty()) return true;
    const nlohmann::json ready = {{"url", url},        {"ca", certificate_.certificate},
                                  {"user", "admin"},   {"password_file", password_file},
                                  {"pid", ::getpid()}, {"images", links_.ids()}};
    const Result<void> written = files::write_private_file(options_.ready_file, ready.dump(2) + "\n");
    if (!written) fail("cannot write " + options_.ready_file + ": " + files::describe(written.error()));
    return written.has_value();
  }

  void look_for_problems(ProblemWatch& watch) {
    trap_timer_.expires_after(kTrapInterval);
    trap_timer_.async_wait([this, &watch](const boost::system::error_code& problem) {
      if (problem) return;
      watch.look();
      look_for_problems(watch);
    });
  }

  void wait_for_signal(HttpsServer& server) {
    signals_.async_wait([this, &server](const boost::system::error_code& problem, int) {
      if (problem) return;
      log_line("stopping");
      server.stop();
      links_.stop();
      trap_timer_.cancel();
      // Answers under way get out; idle connections are not waited for.
      stop_timer_.expires_after(sessions_.count() == 0 ? std::chrono::milliseconds(0) : kStopPatience);
      stop_timer_.async_wait([this](const boost::system::error_code&) { io_.stop(); });
    });
  }

  const ConsoleOptions& options_;
  asio::io_context io_{1};
  asio::signal_set signals_{io_, SIGTERM, SIGINT};
  asio::steady_timer stop_timer_{io_};
  asio::steady_timer trap_timer_{io_};
  Sessions sessions_;
  AuditLog audit_;
  PoolWork slow_;
  Links links_;
  CertificateFiles certificate_;
  std::unique_ptr<UserStore> store_;
};

}  // namespace

int run_console(const ConsoleOptions& options) {
  return Console(options).run();
}

}  // namespace tt::console
