// SPDX-License-Identifier: Apache-2.0
// What multishot receive could save a server at the most: it takes messages of a 4 KiB write from a Unix socket and
// answers each with 16 bytes, with a new receive for each arrival or with one that stays armed, in turn.
//
//   clang++-19 -std=c++20 -O2 -o receive bench/limits/receive.cpp -luring && ./receive
#include <liburing.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr std::size_t kMessageBytes = 28 + 4096;
constexpr std::size_t kReplyBytes = 16;
constexpr unsigned kSlabCount = 16;
constexpr std::size_t kSlabBytes = 128 * 1024;
constexpr int kRounds = 5;
constexpr double kSeconds = 1.0;

enum class Receive { single, multishot };

void must(bool good, const char* what) {
  if (good) return;
  std::perror(what);
  std::exit(1);
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double processor_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void send_all(int fd, const char* data, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t sent = ::send(fd, data, bytes, MSG_NOSIGNAL);
    must(sent > 0, "send");
    data += sent;
    bytes -= static_cast<std::size_t>(sent);
  }
}

/// Keeps `depth` messages under way until the time is over, then closes its end.
void be_client(int fd, unsigned depth) {
  const std::vector<char> message(kMessageBytes, 'x');
  std::vector<char> replies(kReplyBytes * 64);
  for (unsigned i = 0; i < depth; ++i) send_all(fd, message.data(), message.size());
  const double end = seconds_now() + kSeconds;
  std::size_t partial = 0;
  while (seconds_now() < end) {
    const ssize_t got = ::recv(fd, replies.data(), replies.size(), 0);
    must(got > 0, "recv");
    partial += static_cast<std::size_t>(got);
    for (; partial >= kReplyBytes; partial -= kReplyBytes) send_all(fd, message.data(), message.size());
  }
  ::shutdown(fd, SHUT_WR);
  while (::recv(fd, replies.data(), replies.size(), 0) > 0) {
  }
}

struct Measured {
  double messages = 0;
  double seconds = 0;
  double processor = 0;
  double arrivals = 0;
};

class Server {
 public:
  Server(int fd, Receive kind)
      : fd_(fd), kind_(kind), slabs_(kSlabCount * kSlabBytes), replies_(kReplyBytes * 1024, 'r') {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    must(io_uring_queue_init_params(256, &ring_, &params) == 0, "io_uring");
    if (kind_ == Receive::single) return;
    void* memory =
        ::mmap(nullptr, kSlabCount * sizeof(io_uring_buf), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(memory != MAP_FAILED, "mmap");
    buffers_ = static_cast<io_uring_buf_ring*>(memory);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(memory);
    registration.ring_entries = kSlabCount;
    must(io_uring_register_buf_ring(&ring_, &registration, 0) == 0, "buffer ring");
    io_uring_buf_ring_init(buffers_);
    for (unsigned i = 0; i < kSlabCount; ++i) give_back(i);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { io_uring_queue_exit(&ring_); }

  Measured run() {
    const double begin = seconds_now();
    const double used = processor_seconds();
    arm();
    while (!ended_) {
      must(io_uring_submit_and_wait(&ring_, 1) >= 0, "wait");
      io_uring_cqe* cqe = nullptr;
      unsigned head = 0;
      unsigned count = 0;
      io_uring_for_each_cqe(&ring_, head, cqe) {
        ++count;
        if (cqe->user_data == 1) arrived(*cqe);
      }
      io_uring_cq_advance(&ring_, count);
    }
    measured_.seconds = seconds_now() - begin;
    measured_.processor = processor_seconds() - used;
    return measured_;
  }

 private:
  void give_back(unsigned index) {
    io_uring_buf_ring_add(buffers_, slabs_.data() + index * kSlabBytes, kSlabBytes, static_cast<unsigned short>(index),
                          io_uring_buf_ring_mask(kSlabCount), 0);
    io_uring_buf_ring_advance(buffers_, 1);
  }
  void arm() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (kind_ == Receive::single) {
      io_uring_prep_recv(sqe, fd_, slabs_.data(), kSlabBytes, 0);
    } else {
      io_uring_prep_recv_multishot(sqe, fd_, nullptr, 0, 0);
      sqe->flags |= IOSQE_BUFFER_SELECT;
    }
    sqe->user_data = 1;
  }
  void arrived(const io_uring_cqe& cqe) {
    if (cqe.res <= 0 && cqe.res != -ENOBUFS) {
      ended_ = true;
      return;
    }
    if (cqe.res > 0) {
      ++measured_.arrivals;
      partial_ += static_cast<std::size_t>(cqe.res);
      const std::size_t whole = partial_ / kMessageBytes;
      partial_ %= kMessageBytes;
      measured_.messages += static_cast<double>(whole);
      if (whole > 0) reply(whole);
    }
    if (kind_ == Receive::multishot && cqe.res > 0) give_back(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
    if (kind_ == Receive::single || (cqe.flags & IORING_CQE_F_MORE) == 0) arm();
  }
  /// One send for all of them.
  void reply(std::size_t count) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    io_uring_prep_send(sqe, fd_, replies_.data(), count * kReplyBytes, MSG_NOSIGNAL);
    sqe->user_data = 2;
  }

  int fd_;
  Receive kind_;
  std::vector<char> slabs_;
  std::vector<char> replies_;
  io_uring ring_{};
  io_uring_buf_ring* buffers_ = nullptr;
  std::size_t partial_ = 0;
  bool ended_ = false;
  Measured measured_;
};

Measured measure(Receive kind, unsigned depth) {
  int pair[2];
  must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
  const pid_t child = ::fork();
  must(child >= 0, "fork");
  if (child == 0) {
    ::close(pair[1]);
    be_client(pair[0], depth);
    ::_exit(0);
  }
  ::close(pair[0]);
  Measured measured;
  {
    Server server(pair[1], kind);
    measured = server.run();
  }
  ::close(pair[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return measured;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main() {
  std::printf(
      "depth  single/s  multishot/s  ratio (least, most)   processor us  ratio (least, most)   messages an arrival\n");
  for (const unsigned depth : {1U, 8U, 32U}) {
    std::vector<double> single, multishot, rates, cost_single, cost_multishot, costs, arrivals;
    for (int round = 0; round < kRounds; ++round) {
      const Measured a = measure(Receive::single, depth);
      const Measured b = measure(Receive::multishot, depth);
      single.push_back(a.messages / a.seconds);
      multishot.push_back(b.messages / b.seconds);
      rates.push_back(multishot.back() / single.back());
      cost_single.push_back(a.processor / a.messages * 1e6);
      cost_multishot.push_back(b.processor / b.messages * 1e6);
      costs.push_back(cost_multishot.back() / cost_single.back());
      arrivals.push_back(a.messages / a.arrivals);
    }
    const auto [rate_least, rate_most] = std::ranges::minmax(rates);
    const auto [cost_least, cost_most] = std::ranges::minmax(costs);
    std::printf("%5u  %8.0f  %11.0f  %4.2f (%4.2f, %4.2f)     %4.2f to %4.2f  %4.2f (%4.2f, %4.2f)     %4.1f\n", depth,
                median(single), median(multishot), median(rates), rate_least, rate_most, median(cost_single),
                median(cost_multishot), median(costs), cost_least, cost_most, median(arrivals));
  }
  return 0;
}
