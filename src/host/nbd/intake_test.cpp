// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/intake.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/random.h"
#include "host/testing/nbd_client.h"

namespace tt::nbd {
namespace {

using host_testing::Bytes;

struct Expected {
  Request request;
  Bytes payload;
  bool refused = false;
};

/// A stream of requests of every size class, and what a reader must find in it.
void append_random_request(Random& random, Bytes& stream, std::vector<Expected>& expected) {
  Expected e;
  e.request.command = random.chance(1, 2) ? Command::write : Command::read;
  e.request.cookie = random.next();
  static constexpr std::size_t kSizes[] = {512,     4096,   Intake::kInlineBytes, Intake::kInlineBytes + 512,
                                           100'000, 300'000};
  e.request.length = static_cast<std::uint32_t>(kSizes[random.below(std::size(kSizes))]);
  e.request.offset = random.next();
  e.payload.resize(e.request.payload_bytes());
  for (std::byte& b : e.payload) b = static_cast<std::byte>(random.next());
  e.refused = random.chance(1, 6);
  const Bytes bytes =
      host_testing::request(e.request.command, e.request.cookie, e.request.offset, e.request.length, 0, e.payload);
  stream.insert(stream.end(), bytes.begin(), bytes.end());
  expected.push_back(std::move(e));
}

/// Plays the session's part with arrivals of random size and views that stay pinned for a while.
class Reader {
 public:
  Reader(Random& random, const Bytes& stream) : random_(random), stream_(stream) {}

  void read_all(const std::vector<Expected>& expected) {
    for (const Expected& e : expected) {
      const Request request = next_request();
      ASSERT_EQ(request.cookie, e.request.cookie);
      ASSERT_EQ(request.offset, e.request.offset);
      if (e.refused) {
        intake_.skip(request.payload_bytes());
      } else if (request.payload_bytes() > Intake::kInlineBytes) {
        ASSERT_EQ(large_payload(request.length), e.payload);
      } else if (request.payload_bytes() > 0) {
        pin_payload(request.length, e.payload);
      }
      while (!pinned_.empty() && random_.chance(1, 2)) drop_pin(random_.below(pinned_.size()));
    }
    while (!pinned_.empty()) drop_pin(0);
    EXPECT_EQ(intake_.pinned_slabs(), 0U);
  }
  std::size_t copied = 0;

 private:
  struct Pinned {
    std::span<const std::byte> view;
    Bytes wanted;
    Intake::SlabIndex slab;
  };

  Request next_request() {
    Request request;
    for (;;) {
      const auto next = intake_.next(request);
      EXPECT_NE(next, Intake::Next::malformed);
      if (next != Intake::Next::need_bytes) return request;
      arrive();
    }
  }
  void arrive() {
    auto window = intake_.window();
    while (window.empty()) {
      ASSERT_FALSE(pinned_.empty()) << "no room although nothing is pinned";
      drop_pin(0);
      window = intake_.window();
    }
    const std::size_t most = std::min(window.size(), stream_.size() - at_);
    ASSERT_GT(most, 0U) << "wants more than was sent";
    const std::size_t bytes = 1 + random_.below(most);
    // Requests end while the receive is under way.
    while (!pinned_.empty() && random_.chance(1, 3)) drop_pin(random_.below(pinned_.size()));
    std::memcpy(window.data(), stream_.data() + at_, bytes);
    at_ += bytes;
    intake_.received(bytes);
  }
  Bytes large_payload(std::size_t length) {
    Bytes payload(length);
    const std::size_t prefix = intake_.take_prefix(payload);
    copied += prefix;
    std::memcpy(payload.data() + prefix, stream_.data() + at_, length - prefix);
    at_ += length - prefix;
    return payload;
  }
  void pin_payload(std::size_t length, const Bytes& wanted) {
    Intake::SlabIndex slab = Intake::kNoSlab;
    auto view = intake_.take_inline(length, slab);
    while (view.empty()) {
      arrive();
      view = intake_.take_inline(length, slab);
    }
    pinned_.push_back({view, wanted, slab});
  }
  /// The view must still hold what arrived, however much was received since.
  void drop_pin(std::size_t index) {
    const Pinned pin = pinned_[index];
    pinned_.erase(pinned_.begin() + static_cast<std::ptrdiff_t>(index));
    EXPECT_TRUE(std::equal(pin.view.begin(), pin.view.end(), pin.wanted.begin(), pin.wanted.end()));
    intake_.unpin(pin.slab);
  }

  Random& random_;
  const Bytes& stream_;
  Intake intake_;
  std::size_t at_ = 0;
  std::deque<Pinned> pinned_;
};

TEST(Intake, FindsEveryRequestAndPayloadHoweverBytesArrive) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Bytes stream;
    std::vector<Expected> expected;
    for (int i = 0; i < 200; ++i) append_random_request(random, stream, expected);
    Reader reader(random, stream);
    reader.read_all(expected);
  }
}

TEST(Intake, AStreamOfLargeWritesIsNotCopied) {
  Random random(3);
  Bytes stream;
  std::vector<Expected> expected;
  for (int i = 0; i < 50; ++i) {
    Expected e;
    e.request = {Command::write, 0, static_cast<std::uint64_t>(i), 0, 64U << 10U};
    e.payload.assign(e.request.length, std::byte{1});
    const Bytes bytes = host_testing::request(Command::write, e.request.cookie, 0, e.request.length, 0, e.payload);
    stream.insert(stream.end(), bytes.begin(), bytes.end());
    expected.push_back(std::move(e));
  }
  Reader reader(random, stream);
  reader.read_all(expected);
  EXPECT_LE(reader.copied, Intake::kSlabBytes);  // only what came with the first header
}

TEST(Intake, StopsReceivingWhenEverySlabIsPinned) {
  Intake intake;
  std::vector<Intake::SlabIndex> pins;
  const Bytes payload(Intake::kInlineBytes);
  const Bytes bytes = host_testing::request(Command::write, 1, 0, Intake::kInlineBytes, 0, payload);
  for (;;) {
    Request request;
    if (intake.next(request) == Intake::Next::request) {
      Intake::SlabIndex slab = Intake::kNoSlab;
      while (intake.take_inline(request.length, slab).empty()) {
        const auto window = intake.window();
        if (window.empty()) break;
        const std::size_t count = std::min(window.size(), bytes.size());
        std::fill_n(window.begin(), count, std::byte{0});
        intake.received(std::min(count, Intake::kInlineBytes - intake.pending().size()));
      }
      if (slab == Intake::kNoSlab) break;
      pins.push_back(slab);
      continue;
    }
    const auto window = intake.window();
    if (window.empty()) break;
    std::memcpy(window.data(), bytes.data() + intake.pending().size(), kRequestBytes - intake.pending().size());
    intake.received(kRequestBytes - intake.pending().size());
  }
  EXPECT_EQ(intake.pinned_slabs(), Intake::kMaxSlabs);
  for (const auto slab : pins) intake.unpin(slab);
  EXPECT_FALSE(intake.window().empty());
}

TEST(Intake, NoticesWhenTheStreamIsOutOfStep) {
  Intake intake;
  const auto window = intake.window();
  std::fill_n(window.begin(), kRequestBytes, std::byte{0x25});
  intake.received(kRequestBytes);
  Request request;
  EXPECT_EQ(intake.next(request), Intake::Next::malformed);
}

}  // namespace
}  // namespace tt::nbd
