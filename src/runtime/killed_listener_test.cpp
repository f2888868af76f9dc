// SPDX-License-Identifier: Apache-2.0
// The next process after kill -9: it listens where the killed one did, although under io_uring the kernel closes the
// sockets of a process some time after its end.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "runtime/net.h"
#include "runtime/test_platform.h"

namespace tt::rt {
namespace {

class KilledListenerTest : public BackendTest {
 protected:
  TemporaryDirectory directory_{"/tmp"};
};
TT_EACH_BACKEND(KilledListenerTest);

Task<void> tell_and_accept(Listener& listener, int told) {
  const std::string address = listener.address();
  const auto sent = ::write(told, address.data(), address.size());
  if (sent < 0) co_return;
  while (true) {
    auto accepted = co_await listener.accept();
    if (!accepted) co_return;
  }
}

/// A child that listens and accepts. Where it listens is read from the pipe it tells.
class Child {
 public:
  template <class Listen>
  Child(IoBackend backend, const Listen& listen) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      PlatformOptions options;
      options.backend = backend;
      auto platform = make_platform(options);
      auto listener = platform ? listen((*platform)->net(0)) : Result<std::unique_ptr<Listener>>(platform.error());
      if (listener) (*platform)->run(tell_and_accept(**listener, pipe[1]));
      ::_exit(1);
    }
    ::close(pipe[1]);
    std::array<char, 200> text{};
    const auto got = ::read(pipe[0], text.data(), text.size());
    if (got > 0) address.assign(text.data(), static_cast<std::size_t>(got));
    ::close(pipe[0]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { kill(); }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  std::string address;

 private:
  pid_t pid_ = 0;
};

constexpr int kRounds = 30;

TEST_P(KilledListenerTest, ItsUnixSocketIsTakenOver) {
  const std::string path = directory_.path() + "/socket";
  for (int round = 0; round < kRounds; ++round) {
    Child child(GetParam(), [&](Net& net) { return net.listen_unix(path); });
    ASSERT_EQ(child.address, path) << "round " << round;
    child.kill();
  }
  make();
  EXPECT_TRUE(platform_->net(0).listen_unix(path));
}

TEST_P(KilledListenerTest, ItsTcpPortIsTakenOver) {
  std::uint16_t port = 0;
  for (int round = 0; round < kRounds; ++round) {
    Child child(GetParam(), [&](Net& net) { return net.listen_tcp("127.0.0.1", port); });
    ASSERT_FALSE(child.address.empty()) << "round " << round;
    port = static_cast<std::uint16_t>(std::stoi(child.address.substr(child.address.rfind(':') + 1)));
    child.kill();
  }
  make();
  EXPECT_TRUE(platform_->net(0).listen_tcp("127.0.0.1", port));
}

}  // namespace
}  // namespace tt::rt
