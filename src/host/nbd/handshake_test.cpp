// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/handshake.h"

#include <gtest/gtest.h>

#include "host/testing/manual_reactor.h"
#include "host/testing/nbd_client.h"
#include "host/testing/ram_block_service.h"

namespace tt::nbd {
namespace {

using namespace host_testing;
using Outcome = Handshake::Outcome;
using R = OptionReply;

class HandshakeTest : public testing::Test {
 protected:
  HandshakeTest() : service_(reactor_) {
    service_.add_volume(0x0100, 1_MiB);
    service_.add_volume(0x01AB, 2_MiB, true);
  }

  struct Talk {
    Outcome outcome = Outcome::need_input;
    Bytes output;
    std::size_t left = 0;  ///< Input not taken.
    std::optional<Negotiated> negotiated;

    [[nodiscard]] std::vector<OptionAnswer> answers() const {
      auto parsed = parse_option_answers(output);
      EXPECT_TRUE(parsed);
      return parsed.value_or(std::vector<OptionAnswer>());
    }
    [[nodiscard]] std::vector<R> types() const {
      std::vector<R> list;
      for (const OptionAnswer& a : answers()) list.push_back(a.type);
      return list;
    }
  };

  /// Feeds `input` in pieces of `step` bytes until the handshake ends or starves.
  Talk talk(const Bytes& input, HandshakeRules rules = {}, std::size_t step = 1U << 30U) {
    Handshake handshake(service_, rules);
    Talk result;
    std::size_t at = 0;
    std::size_t available = std::min(step, input.size());
    for (;;) {
      const auto s = handshake.advance(std::span(input).subspan(at, available - at), result.output);
      at += s.consumed;
      result.outcome = s.outcome;
      if (s.outcome == Outcome::need_input) {
        EXPECT_EQ(at, available);
        if (available == input.size()) break;
        available = std::min(available + step, input.size());
      } else if (s.outcome != Outcome::answered) {
        break;
      }
    }
    result.left = input.size() - at;
    if (result.outcome == Outcome::transmission) result.negotiated = handshake.negotiated();
    return result;
  }
  Talk options(std::initializer_list<Bytes> list) { return talk(join({client_flags(), join(list)})); }

  ManualReactor reactor_;
  RamBlockService service_;
};

TEST_F(HandshakeTest, GreetsWithFixedNewstyleAndNoZeroes) {
  Bytes out;
  Handshake(service_, {}).greet(out);
  ASSERT_EQ(out.size(), kGreetingBytes);
  EXPECT_EQ(load_be<std::uint64_t>(out.data()), kInitMagic);
  EXPECT_EQ(load_be<std::uint64_t>(out.data() + 8), kOptionMagic);
  EXPECT_EQ(load_be<std::uint16_t>(out.data() + 16), 3U);
}

TEST_F(HandshakeTest, ModernClientGetsAllItAsksForInAnyPieces) {
  for (const std::size_t step : {1U, 2U, 7U, 28U, 1000U}) {
    const Talk t = talk(modern_handshake("0100"), {}, step);
    ASSERT_EQ(t.outcome, Outcome::transmission);
    EXPECT_EQ(t.types(), (std::vector<R>{R::ack, R::meta_context, R::ack, R::info, R::info, R::ack}));
    EXPECT_EQ(t.negotiated->volume.handle.id, VolumeId(0x0100));
    EXPECT_EQ(t.negotiated->rules.size_bytes, 1_MiB);
    EXPECT_TRUE(t.negotiated->rules.structured_replies);
    EXPECT_TRUE(t.negotiated->rules.allocation_context);
  }
}

TEST_F(HandshakeTest, GoSendsExportBlockSizeAndOnRequestNameAndDescription) {
  const Talk t = options({option(Option::go, info_data("01ab", {1, 2, 3, 77}))});
  ASSERT_EQ(t.outcome, Outcome::transmission);
  const auto answers = t.answers();
  ASSERT_EQ(answers.size(), 5U);
  EXPECT_EQ(load_be<std::uint64_t>(answers[0].data.data() + 2), 2_MiB);
  EXPECT_EQ(load_be<std::uint16_t>(answers[0].data.data() + 10) & transmission_flag::kReadOnly,
            transmission_flag::kReadOnly);
  EXPECT_EQ(answers[1].data, join({Bytes{std::byte{0}, std::byte{1}}, text_bytes("01AB")}));
  EXPECT_EQ(answers[2].data, join({Bytes{std::byte{0}, std::byte{2}}, text_bytes("volume 01AB in memory")}));
  ASSERT_EQ(answers[3].data.size(), 14U);
  EXPECT_EQ(load_be<std::uint32_t>(answers[3].data.data() + 2), 512U);
  EXPECT_EQ(load_be<std::uint32_t>(answers[3].data.data() + 6), 4096U);
  EXPECT_EQ(load_be<std::uint32_t>(answers[3].data.data() + 10), 32U << 20U);
  EXPECT_TRUE(t.negotiated->rules.read_only);
}

TEST_F(HandshakeTest, InfoLeavesTheClientInTheHandshake) {
  const Talk t = options({option(Option::info, info_data("0100")), option(Option::abort)});
  EXPECT_EQ(t.outcome, Outcome::close);
  EXPECT_EQ(t.types(), (std::vector<R>{R::info, R::info, R::ack, R::ack}));
}

TEST_F(HandshakeTest, ExportNameHasNoReplyHeaderAndMayHaveZeroes) {
  Talk t = talk(join({client_flags(3), option(Option::export_name, text_bytes("0100"))}));
  ASSERT_EQ(t.outcome, Outcome::transmission);
  EXPECT_EQ(t.output.size(), 10U);
  t = talk(join({client_flags(1), option(Option::export_name, text_bytes("0100"))}));
  EXPECT_EQ(t.output.size(), 134U);
  EXPECT_EQ(load_be<std::uint64_t>(t.output.data()), 1_MiB);
  // The one way in for a client that knows no fixed newstyle.
  t = talk(join({client_flags(0), option(Option::export_name, text_bytes("0100"))}));
  EXPECT_EQ(t.outcome, Outcome::transmission);
  EXPECT_EQ(talk(join({client_flags(0), option(Option::list)})).outcome, Outcome::close);
}

TEST_F(HandshakeTest, UnknownExportsAreRefusedAsEachOptionCan) {
  EXPECT_EQ(options({option(Option::export_name, text_bytes("0999"))}).outcome, Outcome::close);
  for (const Option o : {Option::info, Option::go}) {
    for (const char* name : {"0999", "", "01000", "zzzz", "\xff\xff\xff\xff"}) {
      const Talk t = options({option(o, info_data(name))});
      EXPECT_EQ(t.outcome, Outcome::need_input);
      EXPECT_EQ(t.types(), std::vector<R>{R::err_unknown});
    }
  }
}

TEST_F(HandshakeTest, ListNamesEveryVolume) {
  const Talk t = options({option(Option::list)});
  EXPECT_EQ(t.types(), (std::vector<R>{R::server, R::server, R::ack}));
  const Bytes expected = join({Bytes{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{4}}, text_bytes("0100"),
                               text_bytes("volume 0100 in memory")});
  EXPECT_EQ(t.answers()[0].data, expected);
}

TEST_F(HandshakeTest, MalformedDataIsInvalidAndTheHandshakeGoesOn) {
  const auto claim = [](std::uint32_t n) {
    return Bytes{std::byte(n >> 24U), std::byte(n >> 16U), std::byte(n >> 8U), std::byte(n)};
  };
  const std::pair<const char*, Bytes> cases[] = {
      {"list with data", option(Option::list, text_bytes("x"))},
      {"starttls with data", option(Option::starttls, text_bytes("x"))},
      {"structured reply with data", option(Option::structured_reply, text_bytes("x"))},
      {"go without data", option(Option::go)},
      {"go with a cut length", option(Option::go, Bytes(3))},
      {"go with a name beyond the data", option(Option::go, join({claim(5), text_bytes("0100"), Bytes(2)}))},
      {"go with an enormous name length", option(Option::go, join({claim(0xffffffff), text_bytes("0100")}))},
      {"go without the count", option(Option::go, join({claim(4), text_bytes("0100")}))},
      {"go with fewer requests than counted",
       option(Option::go, join({claim(4), text_bytes("0100"), Bytes{std::byte{0}, std::byte{2}}, Bytes(2)}))},
      {"go with trailing bytes", option(Option::go, join({info_data("0100"), Bytes(1)}))},
      {"go with an overlong name", option(Option::go, info_data(std::string(4097, 'a')))},
      {"contexts before structured replies", option(Option::set_meta_context, context_data("0100", {}))},
  };
  for (const auto& [name, bytes] : cases) {
    const Talk t = options({bytes, option(Option::abort)});
    EXPECT_EQ(t.types(), (std::vector<R>{R::err_invalid, R::ack})) << name;
    EXPECT_EQ(t.outcome, Outcome::close) << name;
  }
}

TEST_F(HandshakeTest, UnknownOptionsAreUnsupported) {
  for (const std::uint32_t o : {0U, 4U, 11U, 99U, 0xffffffffU}) {
    const Talk t = options({join({option_header(o, 3), Bytes(3)})});
    EXPECT_EQ(t.types(), std::vector<R>{R::err_unsup}) << o;
  }
}

TEST_F(HandshakeTest, OversizedOptionsAreSkippedOrCut) {
  const std::uint32_t bearable = Handshake::kMaxOptionBytes + 1;
  Talk t = options({join({option_header(7, bearable), Bytes(bearable)}), option(Option::list)});
  EXPECT_EQ(t.types(), (std::vector<R>{R::err_too_big, R::server, R::server, R::ack}));
  EXPECT_EQ(options({option_header(7, Handshake::kMaxSkippedOptionBytes + 1)}).outcome, Outcome::close);
  EXPECT_EQ(options({option_header(1, kMaxStringBytes + 1)}).outcome, Outcome::close);
}

TEST_F(HandshakeTest, WrongMagicOrUnknownClientFlagsClose) {
  EXPECT_EQ(talk(client_flags(4)).outcome, Outcome::close);
  EXPECT_EQ(talk(join({client_flags(), Bytes(16)})).outcome, Outcome::close);
}

TEST_F(HandshakeTest, AfterTheEndNothingIsTaken) {
  Handshake handshake(service_, {});
  Bytes out;
  const Bytes bad = client_flags(0xffffffff);
  EXPECT_EQ(handshake.advance(bad, out).outcome, Outcome::close);
  const Bytes more = client_flags();
  const auto step = handshake.advance(more, out);
  EXPECT_EQ(step.outcome, Outcome::close);
  EXPECT_EQ(step.consumed, 0U);
}

struct ContextCase {
  const char* name;
  Option option;
  std::vector<std::string> queries;
  bool answered;
  bool selected;
};

TEST_F(HandshakeTest, MetaContexts) {
  const ContextCase cases[] = {
      {"set allocation", Option::set_meta_context, {"base:allocation"}, true, true},
      {"set it twice", Option::set_meta_context, {"base:allocation", "base:allocation"}, true, true},
      {"set among unknown ones", Option::set_meta_context, {"qemu:dirty-bitmap:x", "base:allocation"}, true, true},
      {"set a wildcard", Option::set_meta_context, {"base:"}, false, false},
      {"set an unknown leaf", Option::set_meta_context, {"base:weather"}, false, false},
      {"set nothing", Option::set_meta_context, {}, false, false},
      {"list all", Option::list_meta_context, {}, true, false},
      {"list the wildcard", Option::list_meta_context, {"base:"}, true, false},
      {"list by name", Option::list_meta_context, {"base:allocation"}, true, false},
      {"list another namespace", Option::list_meta_context, {"qemu:"}, false, false},
  };
  for (const ContextCase& c : cases) {
    const Talk t = options({option(Option::structured_reply), option(c.option, context_data("0100", c.queries)),
                            option(Option::go, info_data("0100"))});
    ASSERT_EQ(t.outcome, Outcome::transmission) << c.name;
    const auto types = t.types();
    EXPECT_EQ(types[1] == R::meta_context, c.answered) << c.name;
    EXPECT_EQ(t.negotiated->rules.allocation_context, c.selected) << c.name;
  }
}

TEST_F(HandshakeTest, ContextsBelongToTheirExportAndToTheLastRequest) {
  const Bytes structured = option(Option::structured_reply);
  const Bytes set = option(Option::set_meta_context, context_data("0100", {"base:allocation"}));
  const Bytes other = option(Option::go, info_data("01AB"));
  const Bytes same = option(Option::go, info_data("0100"));
  EXPECT_FALSE(options({structured, set, other}).negotiated->rules.allocation_context);
  EXPECT_TRUE(options({structured, set, same}).negotiated->rules.allocation_context);
  const Bytes failing[] = {option(Option::set_meta_context, context_data("0999", {"base:allocation"})),
                           option(Option::set_meta_context, context_data("0100", {"nocolon"})),
                           option(Option::set_meta_context, Bytes(5))};
  for (const Bytes& f : failing) {
    EXPECT_FALSE(options({structured, set, f, same}).negotiated->rules.allocation_context);
  }
}

TEST_F(HandshakeTest, TlsOffRefusesStarttls) {
  EXPECT_EQ(options({option(Option::starttls)}).types(), std::vector<R>{R::err_policy});
}

TEST_F(HandshakeTest, TlsAllowedUpgradesAndKeepsNothingSaidBefore) {
  HandshakeRules rules;
  rules.tls = TlsMode::allowed;
  Talk t = talk(join({client_flags(), option(Option::structured_reply), option(Option::starttls), text_bytes("hello")}),
                rules);
  EXPECT_EQ(t.outcome, Outcome::start_tls);
  EXPECT_EQ(t.left, 5U);
  rules.tls_active = true;
  t = talk(join({option(Option::starttls), option(Option::go, info_data("0100"))}), rules);
  EXPECT_EQ(t.outcome, Outcome::transmission);
  EXPECT_EQ(t.types().front(), R::err_invalid);
  EXPECT_FALSE(t.negotiated->rules.structured_replies);
}

TEST_F(HandshakeTest, TlsRequiredRevealsNothingInTheClear) {
  HandshakeRules rules;
  rules.tls = TlsMode::required;
  const Bytes refused[] = {option(Option::list),
                           option(Option::info, info_data("0100")),
                           option(Option::go, info_data("0100")),
                           option(Option::structured_reply),
                           option(Option::set_meta_context, context_data("0100", {})),
                           option(Option::list_meta_context, context_data("0100", {})),
                           join({option_header(99, 0)})};
  for (const Bytes& bytes : refused) {
    const Talk t = talk(join({client_flags(), bytes}), rules);
    EXPECT_EQ(t.types(), std::vector<R>{R::err_tls_reqd});
    EXPECT_EQ(t.outcome, Outcome::need_input);
  }
  EXPECT_EQ(talk(join({client_flags(), option(Option::export_name, text_bytes("0100"))}), rules).outcome,
            Outcome::close);
  EXPECT_EQ(talk(join({client_flags(), option(Option::abort)}), rules).types(), std::vector<R>{R::ack});
  EXPECT_EQ(talk(client_flags(0), rules).outcome, Outcome::close);
  EXPECT_EQ(talk(join({client_flags(), option(Option::starttls)}), rules).outcome, Outcome::start_tls);
}

}  // namespace
}  // namespace tt::nbd
