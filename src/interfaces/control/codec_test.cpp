// SPDX-License-Identifier: Apache-2.0
// Frames and messages: what is written can be read, what is nonsense is refused.
#include <gtest/gtest.h>

#include "base/random.h"
#include "interfaces/control/frames.h"
#include "interfaces/control/messages.h"

namespace tt::control {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

TEST(Frames, ComeOutAsTheyWentInHoweverTheyAreCut) {
  const std::string stream = make_frame("one") + make_frame("{}") + make_frame(std::string(70'000, 'x'));
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, stream.size()}) {
    FrameReader reader(100'000);
    std::vector<std::string> seen;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      reader.feed(bytes_of(stream).subspan(at, std::min(step, stream.size() - at)));
      while (true) {
        auto frame = reader.next();
        ASSERT_TRUE(frame);
        if (!frame->has_value()) break;
        seen.push_back(**frame);
      }
    }
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0], "one");
    EXPECT_EQ(seen[1], "{}");
    EXPECT_EQ(seen[2].size(), 70'000U);
  }
}

TEST(Frames, AreLittleEndian) {
  EXPECT_EQ(make_frame("ab"), std::string("\x02\0\0\0ab", 6));
}

TEST(Frames, WrongSizesEndTheStreamForGood) {
  for (const std::string& wrong : {std::string("\0\0\0\0", 4), std::string("\xFF\xFF\xFF\xFF", 4)}) {
    FrameReader reader(1000);
    reader.feed(bytes_of(wrong));
    EXPECT_EQ(reader.next().error().code, Errc::bad_message);
    const std::string good = make_frame("x");
    reader.feed(bytes_of(good));
    EXPECT_EQ(reader.next().error().code, Errc::bad_message);
  }
}

TEST(Messages, CallAndAnswerRoundTrip) {
  Call call;
  call.id = 77;
  call.request.operation = "rmfbvol";
  call.request.user = "admin";
  call.request.scope = "east*";
  call.request.arguments = {{"ids", {"0100"}}};
  const auto back = decode_call(encode(call));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, 77U);
  EXPECT_EQ(back->request.operation, "rmfbvol");
  EXPECT_EQ(back->request.user, "admin");
  EXPECT_EQ(back->request.scope, "east*");
  EXPECT_EQ(back->request.arguments, call.request.arguments);

  Answer answer;
  answer.id = 77;
  answer.response.results.push_back({"0100", Errc::still_in_use, 9});
  answer.response.rows.push_back({{"id", "0100"}});
  const auto answered = decode_answer(encode(answer));
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->response.status, Errc::ok);
  ASSERT_EQ(answered->response.results.size(), 1U);
  EXPECT_EQ(answered->response.results[0].code, Errc::still_in_use);
  EXPECT_EQ(answered->response.results[0].detail, 9U);
  EXPECT_EQ(answered->response.rows[0]["id"], "0100");
}

TEST(Messages, NamesThatAreNoUtf8DoNotHurt) {
  Answer answer;
  answer.response.rows.push_back({{"name", std::string("\xFF\xFE")}});
  EXPECT_TRUE(decode_answer(encode(answer)));
}

TEST(Messages, HelloRoundTripAndNewerKeys) {
  Hello hello;
  hello.program = "p";
  hello.image_id = "IBM.2107-75ABCD1";
  const auto back = decode_hello(encode(hello));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->image_id, hello.image_id);
  EXPECT_TRUE(decode_hello(R"({"hello":"twintrack-control","version":9,"program":"p","unheard":{"of":1}})"));
}

TEST(Messages, NonsenseIsRefused) {
  const char* wrong[] = {"",
                         "null",
                         "[]",
                         "{",
                         "\"x\"",
                         "{\"id\":1}",
                         R"({"id":-1,"operation":"x","user":"u","scope":"*","arguments":{}})",
                         R"({"id":1,"operation":5,"user":"u","scope":"*","arguments":{}})",
                         R"({"id":1,"operation":"x","user":"u","scope":"*","arguments":[]})",
                         R"({"id":1,"operation":"x","user":"u","arguments":{}})",
                         R"({"id":1,"operation":"x","user":"u","scope":null,"arguments":{}})",
                         "\xFF\xFF"};
  for (const char* text : wrong) {
    EXPECT_FALSE(decode_call(text)) << text;
    EXPECT_FALSE(decode_answer(text)) << text;
    EXPECT_FALSE(decode_hello(text)) << text;
  }
  EXPECT_FALSE(decode_answer(R"({"id":1,"status":0,"detail":0,"results":[{"name":"x"}],"rows":[]})"));
  EXPECT_FALSE(decode_answer(R"({"id":1,"status":70000,"detail":0,"results":[],"rows":[]})"));
  EXPECT_FALSE(decode_answer(R"({"id":1,"status":0,"detail":0,"results":[],"rows":[5]})"));
}

TEST(Messages, DeepNestingIsRefusedBeforeItCostsAnything) {
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
  EXPECT_TRUE(parse_json(R"({"a":"[[[[[[[[[[[[[[[[[[[[[[[["})"));
}

TEST(Messages, DamagedMessagesNeverCrash) {
  Answer answer;
  answer.id = 5;
  answer.response.results.push_back({"0100:0200", Errc::ok, 0});
  answer.response.rows.push_back({{"id", "0100"}, {"n", 5}, {"list", {1, "two", nullptr}}});
  const std::string whole = encode(answer);
  Random random(20'260'101);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = whole;
    const std::uint64_t changes = 1 + random.below(4);
    for (std::uint64_t c = 0; c < changes; ++c) {
      damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    }
    refused += decode_answer(damaged) ? 0 : 1;
    refused += decode_call(damaged) ? 0 : 1;
  }
  EXPECT_GT(refused, 20'000);
}

}  // namespace
}  // namespace tt::control
