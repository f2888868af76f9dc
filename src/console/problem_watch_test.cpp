// SPDX-License-Identifier: Apache-2.0
// Which traps go where, and their bytes.
#include "console/problem_watch.h"

#include <gtest/gtest.h>

#include "console/test_folder.h"

namespace tt::console {
namespace {

using nlohmann::json;

class OneImage final : public ImageDirectory {
 public:
  [[nodiscard]] std::vector<std::string> ids() const override { return {"IBM.2107-75ABCD1"}; }
  void call(const std::string&, model::Request request, Answered answered) override {
    EXPECT_EQ(request.operation, "lsproblem");
    model::Response response;
    if (away) response.status = Errc::disconnected;
    if (!away) response.rows = problems;
    answered(std::move(response));
  }
  void add(const std::string& id, const std::string& reference) {
    problems.push_back({{"id", id},
                        {"date", 1'700'000'000},
                        {"mtms", "2107-961*75ABCD1"},
                        {"reference_code", reference},
                        {"description", "problem " + id}});
  }
  std::vector<json> problems;
  bool away = false;
};

struct Sent {
  std::string host;
  std::uint16_t port;
  std::string bytes;
};

class ProblemWatchTest : public ::testing::Test {
 protected:
  ProblemWatchTest() {
    auto opened = UserStore::open(folder / "users.sqlite");
    TT_ASSERT(opened.has_value());
    store = std::move(*opened);
    restart();
  }
  void restart() {
    const auto send = [this](const TrapAddress& to, const std::vector<std::uint8_t>& bytes) {
      sent.push_back({to.host, to.port, std::string(bytes.begin(), bytes.end())});
    };
    watch = std::make_unique<ProblemWatch>(*store, images, send, [] { return std::int64_t{1'700'000'000}; });
    watch->start();
  }
  void turn(bool on) {
    const TrapSettings settings{on, {"192.0.2.7", "[2001:db8::7]:1162"}, "secret"};
    ASSERT_TRUE(save_trap_settings(*store, settings).has_value());
  }
  /// How many traps this look sent to the first address.
  std::size_t look() {
    sent.clear();
    watch->look();
    EXPECT_EQ(sent.size() % 2, 0U);
    return sent.size() / 2;
  }

  TestFolder folder;
  std::unique_ptr<UserStore> store;
  OneImage images;
  std::vector<Sent> sent;
  std::unique_ptr<ProblemWatch> watch;
};

TEST(TrapAddresses, AreNumbersWithAPort) {
  const auto port = [](const char* text) { return parse_trap_address(text) ? parse_trap_address(text)->port : 0; };
  EXPECT_EQ(port("192.0.2.7"), 162);
  EXPECT_EQ(port("192.0.2.7:1162"), 1162);
  EXPECT_EQ(port("2001:db8::7"), 162);
  EXPECT_EQ(port("[2001:db8::7]"), 162);
  EXPECT_EQ(port("[2001:db8::7]:1162"), 1162);
  EXPECT_EQ(parse_trap_address("[2001:db8::7]:1162")->host, "2001:db8::7");
  for (const char* wrong : {"", "host", "host:162", "192.0.2", "192.0.2.7:", "192.0.2.7:0", "192.0.2.7:65536",
                            "192.0.2.7:x", "[2001:db8::7", "[]", ":162", "192.0.2.7/24"}) {
    EXPECT_EQ(port(wrong), 0) << wrong;
  }
}

TEST(Traps, AreEncodedToTheByte) {
  const Trap trap{
      .community = "public", .agent = {192, 0, 2, 1}, .specific = 223, .uptime_hundredths = 300, .texts = {{3, "7"}}};
  const std::vector<std::uint8_t> expected = {
      0x30, 0x3C, 0x02, 0x01, 0x00, 0x04, 0x06, 'p',  'u',  'b',  'l',  'i',  'c',               //
      0xA4, 0x2F, 0x06, 0x09, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x02, 0x06, 0x81, 0x02,              // enterprise
      0x40, 0x04, 192,  0,    2,    1,    0x02, 0x01, 0x06, 0x02, 0x02, 0x00, 223,               // agent, numbers
      0x43, 0x02, 0x01, 0x2C, 0x30, 0x11, 0x30, 0x0F, 0x06, 0x0A, 0x2B, 0x06, 0x01, 0x04, 0x01,  // ticks, texts
      0x02, 0x06, 0x81, 0x02, 0x03, 0x04, 0x01, '7'};
  EXPECT_EQ(encode_trap(trap), expected);
}

TEST(Traps, LongTextsHaveLongLengths) {
  const Trap trap{.texts = {{5, std::string(300, 'x')}}};
  const auto bytes = encode_trap(trap);
  ASSERT_GT(bytes.size(), 304U);
  EXPECT_EQ(bytes[1], 0x82);
  EXPECT_EQ(static_cast<std::size_t>(bytes[2]) * 256 + bytes[3], bytes.size() - 4);
}

/// RM-6: automation listens to these numbers.
TEST_F(ProblemWatchTest, RM6_PathsHaveTrapsOfTheirOwn) {
  turn(true);
  EXPECT_EQ(look(), 0U);
  images.add("1", "TT1012");
  images.add("2", "TT1013");
  images.add("3", "TT1014");
  ASSERT_EQ(look(), 3U);
  for (const char specific : {'\x64', '\x65', '\x66'}) {
    const std::string bytes = std::string("\x02\x01\x06\x02\x01", 5) + specific;
    EXPECT_NE(sent[static_cast<std::size_t>(specific - 100) * 2].bytes.find(bytes), std::string::npos) << +specific;
  }
}

TEST_F(ProblemWatchTest, SendsWhatIsNew) {
  images.add("1", "TT1001");
  EXPECT_EQ(look(), 0U) << "off";
  turn(true);
  EXPECT_EQ(look(), 0U) << "from before";
  images.add("2", "TT1001");
  images.add("3", "TT1003");
  images.add("4", "TT1009");
  ASSERT_EQ(look(), 3U);
  EXPECT_EQ(sent[0].host, "192.0.2.7");
  EXPECT_EQ(sent[0].port, 162);
  EXPECT_EQ(sent[1].host, "2001:db8::7");
  EXPECT_EQ(sent[1].port, 1162);
  for (const char* text : {"secret", "problem 2", "TT1001", "2107-961*75ABCD1", "IBM.2107-75ABCD1"}) {
    EXPECT_NE(sent[0].bytes.find(text), std::string::npos) << text;
  }
  EXPECT_NE(sent[0].bytes.find(std::string("\x02\x01\x06\x02\x01\x03", 6)), std::string::npos) << "specific 3";
  EXPECT_NE(sent[2].bytes.find(std::string("\x02\x01\x06\x02\x02\x00\xDF", 7)), std::string::npos) << "specific 223";
  EXPECT_NE(sent[4].bytes.find(std::string("\x02\x01\x06\x02\x02\x00\xDD", 7)), std::string::npos) << "specific 221";
  EXPECT_EQ(look(), 0U) << "once";
}

TEST_F(ProblemWatchTest, SendsWhatItMissed) {
  turn(true);
  EXPECT_EQ(look(), 0U);
  images.away = true;
  images.add("1", "TT1001");
  EXPECT_EQ(look(), 0U);
  sent.clear();
  restart();
  EXPECT_EQ(sent.size(), 2U) << "it has started";
  images.away = false;
  EXPECT_EQ(look(), 1U);
  restart();
  EXPECT_EQ(look(), 0U);
}

TEST_F(ProblemWatchTest, ForgetsWhileItIsOff) {
  turn(true);
  EXPECT_EQ(look(), 0U);
  turn(false);
  images.add("1", "TT1001");
  EXPECT_EQ(look(), 0U);
  turn(true);
  EXPECT_EQ(look(), 0U);
  images.add("2", "TT1001");
  EXPECT_EQ(look(), 1U);
}

TEST_F(ProblemWatchTest, ProblemsWithoutAKeptNumberAreSentWhileTheyLast) {
  turn(true);
  EXPECT_EQ(look(), 0U);
  images.add("J0", "TT1006");
  EXPECT_EQ(look(), 1U);
  EXPECT_EQ(look(), 0U);
  images.problems.clear();
  EXPECT_EQ(look(), 0U);
  images.add("J0", "TT1006");
  EXPECT_EQ(look(), 1U);
}

}  // namespace
}  // namespace tt::console
