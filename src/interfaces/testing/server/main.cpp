// SPDX-License-Identifier: Apache-2.0
// fake_image_server SOCKET ID: a FakeImage behind a real control server, until SIGTERM. For tests of the console.
#include <csignal>
#include <cstdio>

#include "interfaces/control/server.h"
#include "interfaces/testing/fake_image.h"
#include "runtime/platform.h"

namespace {

tt::rt::Platform* g_platform = nullptr;

void on_signal(int) {
  g_platform->request_shutdown();
}

tt::rt::Task<void> serve(tt::rt::Platform& platform, tt::control::ControlServer& server) {
  co_await platform.shutdown_requested();
  co_await server.stop();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: fake_image_server SOCKET ID\n", stderr);
    return 2;
  }
  tt::rt::PlatformOptions options;
  options.notice = [](const std::string&) {};
  auto platform = tt::rt::make_platform(options);
  if (!platform) return 1;
  g_platform = platform->get();
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  tt::testing::FakeImage image(argv[2]);
  tt::control::ControlOptions control;
  control.image_id = argv[2];
  control.program = "fake image";
  tt::control::ControlServer server((*platform)->reactor(0), image, control);
  const auto started = server.start((*platform)->net(0), argv[1]);
  if (!started) {
    std::fprintf(stderr, "fake_image_server: cannot listen at %s: %s %llu\n", argv[1],
                 tt::name_of(started.error().code), static_cast<unsigned long long>(started.error().detail));
    return 1;
  }
  std::puts("serving");
  std::fflush(stdout);
  (*platform)->run(serve(**platform, server));
  return 0;
}
