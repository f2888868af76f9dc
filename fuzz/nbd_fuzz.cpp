// SPDX-License-Identifier: Apache-2.0
// Whole sessions of the NBD server over streams in memory. The first byte says how the session begins and how the
// service behaves, the second how many bytes arrive at once; the rest is what the client sends.
//
// Checked: no sanitizer finding; the session ends when its stream does; no buffer stays taken; what a modern client
// gets back is a sequence of well-formed replies.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "host/nbd/session.h"
#include "host/testing/manual_reactor.h"
#include "host/testing/memory_stream.h"
#include "host/testing/nbd_client.h"
#include "host/testing/ram_block_service.h"

namespace {

using namespace tt;
using host_testing::Bytes;

constexpr std::uint8_t kBeginModern = 1;  ///< The handshake is done: structured replies, base:allocation.
constexpr std::uint8_t kBeginSimple = 2;  ///< The handshake is done: EXPORT_NAME.
constexpr std::uint8_t kHold = 4;         ///< The service answers late and out of order.
constexpr std::uint8_t kFail = 8;         ///< Some requests fail.
constexpr std::uint8_t kReadOnly = 16;
constexpr std::uint8_t kFastZero = 32;

constexpr nbd::BufferPool::SizeClasses kPool = {
    {{4_KiB, 16}, {16_KiB, 8}, {64_KiB, 4}, {256_KiB, 2}, {1_MiB, 2}, {nbd::kMaximumPayloadBytes, 1}}};

void demand(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

class Run {
 public:
  explicit Run(std::uint8_t mode) : mode_(mode), service_(reactor_), scope_(reactor_) {
    settings_.buffers = kPool;
    settings_.fast_zero = (mode & kFastZero) != 0;
    settings_.requests_per_connection = 16;
    buffers_.emplace(reactor_, settings_.buffers, mode % 3);
    service_.add_volume(0x0100, 512_KiB, (mode & kReadOnly) != 0);
    service_.add_volume(0x0200, 64_KiB);
    const nbd::SessionContext context{reactor_, service_, *buffers_, settings_, counters_, nullptr};
    session_.emplace(context, std::make_unique<host_testing::MemoryStream>(in_, out_), nbd::Entrance{});
    scope_.spawn(session_->run());
    reactor_.run_ready();
  }

  void begin() {
    if ((mode_ & kBeginModern) != 0) {
      in_->push(host_testing::modern_handshake("0100"));
    } else if ((mode_ & kBeginSimple) != 0) {
      in_->push(host_testing::join({host_testing::client_flags(),
                                    host_testing::option(nbd::Option::export_name, host_testing::text_bytes("0100"))}));
    }
    reactor_.run_ready();
    out_->take_all();
  }

  void feed(std::span<const std::byte> bytes, std::size_t at_once) {
    service_.hold((mode_ & kHold) != 0);
    while (!bytes.empty()) {
      if ((mode_ & kFail) != 0 && bytes.size() % 3 == 0) service_.fail_next(Errc::io_error);
      const std::size_t count = std::min(at_once, bytes.size());
      in_->push(bytes.first(count));
      bytes = bytes.subspan(count);
      reactor_.run_ready();
      if (service_.held() > 5) service_.let_go(bytes.size() % service_.held());
    }
  }

  void finish() {
    in_->close_write_end();
    reactor_.run_ready();
    service_.hold(false);
    while (service_.held() > 0) service_.let_go(service_.held() - 1);
    reactor_.run_ready();
    demand(scope_.count() == 0, "the session ends with its stream");
    demand(buffers_->in_use() == 0, "every buffer is given back");
    demand(session_->in_flight() == 0, "nothing is in flight");
    const Bytes answers = out_->take_all();
    if ((mode_ & kBeginModern) != 0)
      demand(host_testing::parse_answers(answers).has_value(), "replies are well-formed");
  }

 private:
  const std::uint8_t mode_;
  host_testing::ManualReactor reactor_;
  host_testing::RamBlockService service_;
  nbd::ServerSettings settings_;
  nbd::ServerCounters counters_;
  std::optional<nbd::BufferPool> buffers_;
  std::shared_ptr<host_testing::Pipe> in_ = std::make_shared<host_testing::Pipe>(reactor_);
  std::shared_ptr<host_testing::Pipe> out_ = std::make_shared<host_testing::Pipe>(reactor_);
  std::optional<nbd::Session> session_;
  rt::Scope scope_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Run run(data[0]);
  run.begin();
  run.feed(std::as_bytes(std::span(data + 2, size - 2)), std::size_t{data[1]} + 1);
  run.finish();
  return 0;
}
