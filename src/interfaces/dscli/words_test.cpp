// SPDX-License-Identifier: Apache-2.0
// From characters to a checked command.
#include <gtest/gtest.h>

#include "interfaces/dscli/binder.h"
#include "interfaces/dscli/expansion.h"
#include "interfaces/dscli/lexer.h"

namespace tt::dscli {
namespace {

using model::IdKind;
using nlohmann::json;

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> texts;
  for (const Word& word : lex_line(line).words) texts.push_back(word.text);
  return texts;
}

using Words = std::vector<std::string>;

TEST(Lexer, BlanksAndQuotes) {
  EXPECT_EQ(words_of("  lsfbvol\t-lss  10 "), (Words{"lsfbvol", "-lss", "10"}));
  EXPECT_EQ(words_of(R"(mk "a b" 'c "d"' e\"f "")"), (Words{"mk", "a b", "c \"d\"", "e\"f", ""}));
  EXPECT_EQ(words_of(R"(x="a b"c)"), (Words{"x=a bc"}));
  EXPECT_EQ(words_of(""), Words{});
  EXPECT_TRUE(lex_line("a \"b").open_quote);
  EXPECT_TRUE(lex_line("\"-quiet\"").words[0].quoted);
  EXPECT_TRUE(is_blank_or_comment("  # remark"));
  EXPECT_TRUE(is_blank_or_comment(" \t"));
  EXPECT_FALSE(is_blank_or_comment("lssi # no comment here"));
}

TEST(Lexer, TextIsUtf8WithoutControlCharacters) {
  for (const char* good : {"", "plain", "dépôt", "日本", "😀"}) EXPECT_TRUE(is_plain_text(good)) << good;
  for (const char* wrong : {"\x01", "a\x7F", "\x91", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                            "\xF5\x80\x80\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    EXPECT_FALSE(is_plain_text(wrong));
  }
}

TEST(Expansion, Ids) {
  EXPECT_EQ(expand_ids(IdKind::volume, "0fe-0100").problem.empty(), false);
  EXPECT_EQ(expand_ids(IdKind::volume, "10fe-10FF").ids, (Words{"10FE", "10FF"}));
  EXPECT_EQ(expand_ids(IdKind::lss, "0a-0C").ids, (Words{"0A", "0B", "0C"}));
  EXPECT_EQ(expand_ids(IdKind::rank, "r1-R3").ids, (Words{"R1", "R2", "R3"}));
  const auto qualified = expand_ids(IdKind::volume, "IBM.2107-75ABCD1/0100-0101");
  EXPECT_EQ(qualified.image, "IBM.2107-75ABCD1");
  EXPECT_EQ(qualified.ids, (Words{"0100", "0101"}));
  const auto both_ends = expand_ids(IdKind::volume, "IBM.2107-75ABCD1/0100-IBM.2107-75ABCD1/0101");
  EXPECT_EQ(both_ends.ids, (Words{"0100", "0101"})) << both_ends.problem;
  EXPECT_FALSE(expand_ids(IdKind::volume, "IBM.2107-75ABCD1/0100-IBM.2107-75ABCD2/0101").problem.empty());
  for (const char* wrong :
       {"", "-", "0100-", "-0100", "0101-0100", "01FF-0200", "100", "zzzz", "IBM.x/0100", "/0100"}) {
    EXPECT_FALSE(expand_ids(IdKind::volume, wrong).problem.empty()) << wrong;
  }
}

TEST(Expansion, Pairs) {
  const auto pairs = expand_pairs(IdKind::volume, "0100-0101:0200-0201");
  EXPECT_EQ(pairs.pairs, (std::vector<IdPair>{{"0100", "0200"}, {"0101", "0201"}}));
  EXPECT_FALSE(expand_pairs(IdKind::volume, "0100-0101:0200").problem.empty());
  EXPECT_FALSE(expand_pairs(IdKind::volume, "0100").problem.empty());
  EXPECT_FALSE(expand_pairs(IdKind::volume, "0100:0200:0300").problem.empty());
  const auto two = expand_pairs(IdKind::volume, "IBM.2107-75ABCD1/0100:IBM.2107-75ABCE1/0200");
  EXPECT_EQ(two.other_image, "IBM.2107-75ABCE1");
}

TEST(Expansion, Selections) {
  EXPECT_EQ(read_selection(IdKind::pair, "0000-ffff").entries, (Words{"0000-FFFF"}));
  EXPECT_EQ(read_selection(IdKind::pair, "0100-0101:0200-0201").entries, (Words{"0100:0200", "0101:0201"}));
  EXPECT_EQ(read_selection(IdKind::lss, "00-FF").entries, (Words{"00-FF"}));
  EXPECT_EQ(read_selection(IdKind::user, "a-b").entries, (Words{"a-b"}));
  EXPECT_FALSE(read_selection(IdKind::pair, "FFFF-0000-1").problem.empty());
  EXPECT_FALSE(read_selection(IdKind::volume, "0101-0100").problem.empty());
  EXPECT_FALSE(read_selection(IdKind::lss, "FF-00").problem.empty());
  EXPECT_TRUE(read_selection(IdKind::volume, "0100-0100").problem.empty());
}

constexpr const char* kImage = "IBM.2107-75ABCD1";

std::variant<Command, Rejection> bind(std::string_view line, const std::string& devid = kImage) {
  const auto words = lex_line(line).words;
  BindContext context;
  context.devid = devid;
  return bind_command(words, context);
}

Command bound(std::string_view line) {
  auto result = bind(line);
  if (const auto* rejection = std::get_if<Rejection>(&result)) {
    ADD_FAILURE() << line << ": " << (rejection->slots.empty() ? rejection->message_id : rejection->slots.back());
    return {};
  }
  return std::get<Command>(result);
}

Rejection rejected(std::string_view line, const std::string& devid = kImage) {
  auto result = bind(line, devid);
  if (!std::holds_alternative<Rejection>(result)) {
    ADD_FAILURE() << line << " was accepted";
    return {};
  }
  return std::get<Rejection>(result);
}

TEST(Binder, MkflashWithDefaultsAndPairs) {
  const Command command = bound("MKFLASH -NOCP -seqnum 1F 0100-0101:0200-0201");
  EXPECT_EQ(command.image, kImage);
  EXPECT_EQ(command.arguments, json::parse(R"({"background_copy":false,"persistent":false,"target_write_inhibit":false,
    "recording":false,"multiple_incremental":false,"sequence_number":31,"pairs":[{"source":"0100","target":"0200"},{"source":"0101","target":"0201"}]})"));
}

TEST(Binder, MkfbvolComputesBlocksAndNames) {
  const Command command = bound("mkfbvol -extpool p0 -cap 10 -name gm_#h 1000-1001");
  EXPECT_EQ(command.arguments, json::parse(R"({"extent_pool":"P0","capacity_blocks":20971520,"capacity_type":"ds",
    "sam":"standard","wait":false,"resource_group":"RG0","volumes":[{"id":"1000","name":"gm_1000"},{"id":"1001","name":"gm_1001"}]})"));
}

TEST(Binder, OperandsMayNameTheImage) {
  EXPECT_EQ(bound("showfbvol IBM.2107-75ZZZZ1/0100").image, "IBM.2107-75ZZZZ1");
  EXPECT_EQ(rejected("rmfbvol IBM.2107-75ZZZZ1/0100 IBM.2107-75YYYY1/0101").exit_code, kExitSyntax);
  EXPECT_EQ(rejected("rmfbvol -dev IBM.2107-75YYYY1 IBM.2107-75ZZZZ1/0101").exit_code, kExitSyntax);
  EXPECT_EQ(rejected("lsfbvol", "").message_id, "CMUC09012E");
  const Rejection two = rejected("mkflash IBM.2107-75ZZZZ1/0100:IBM.2107-75YYYY1/0200");
  EXPECT_EQ(two.message_id, "CMUN90102E");
  EXPECT_EQ(two.exit_code, kExitServer);
  EXPECT_EQ(bound("lssi").image, "") << "lists every image, whatever devid is";
}

TEST(Binder, SyntaxErrors) {
  const char* wrong[] = {
      "lsfbvol -nonsense",
      "lsfbvol -lss",
      "lsfbvol -lss 100",
      "lsfbvol -s -l",
      "lsfbvol -p",
      "lsfbvol -p maybe",
      "lsfbvol -r 101",
      "lsfbvol -delim ab",
      "lsfbvol -s -s",
      "mkflash 0100",
      "mkflash",
      "mkflash -cp -nocp 0100:0200",
      "mkflash 0100-0102:0200-0201",
      "mkflash -seqnum 123456789 0100:0200",
      "mkflash -wait -nocp 0100:0200",
      "mkflash 0100:0200 -nocp",
      "rmflash",
      "rmflash -quiet",
      "lsflash",
      "mkfbvol -extpool P0 1000",
      "mkfbvol -cap 1 1000",
      "mkfbvol -extpool P0 -cap 0 1000",
      "mkfbvol -extpool P0 -cap 1 -name averyveryverylongname 1000",
      "mkfbvol -extpool P0 -cap 1 1000 1000",
      "rmfbvol -safe -force 0100",
      "showfbvol 0100 0101",
      "showfbvol 0100-0101",
      "chrank R0",
      "chrank -reserve -unassign R0",
      "chuser admin",
      "mkextpool -rankgrp 2 -stgtype fb x",
      "mkextpool -rankgrp 0 -stgtype tape x",
      "quit now",
      "chuser -pw \"a\x91\" x",
      "mkextpool -rankgrp 0 -stgtype fb \x01",
      "rmextpool -quiet P00",
      "lsuser -dev IBM.2107-75ABCD1",
  };
  for (const char* line : wrong) {
    const Rejection rejection = rejected(line);
    EXPECT_EQ(rejection.message_id, "CMUC09011E") << line;
    EXPECT_EQ(rejection.exit_code, kExitSyntax) << line;
  }
}

TEST(Binder, KnownButNotHere) {
  const std::pair<const char*, const char*> later[] = {
      {"mkflash -pmir no 0100:0200", "-pmir"},
      {"mkflash -tgtpprc 0100:0200", "-tgtpprc"},
      {"mkflash -tgtoffline 0100:0200", "-tgtoffline"},
      {"mkextpool -rankgrp 0 -stgtype fb -encryptgrp 1 p", "-encryptgrp"},
      {"freezepprc 01:02", "freezepprc (remote mirror)"},
      {"unfreezepprc", "unfreezepprc (remote mirror)"}};
  for (const auto& [line, what] : later) {
    const Rejection rejection = rejected(line);
    EXPECT_EQ(rejection.message_id, "CMUN90901E") << line;
    EXPECT_EQ(rejection.slots.back(), what) << line;
    EXPECT_EQ(rejection.exit_code, kExitServer) << line;
  }
  // Spelling comes first: an option of later with a wrong operand is a syntax error.
  EXPECT_EQ(rejected("mkflash -freeze 0100").message_id, "CMUC09011E");
}

TEST(Binder, OldImagesHaveFewerOptions) {
  EXPECT_EQ(rejected("mkfbvol -extpool P0 -cap 1 -sam ese 0000", "IBM.1750-68FA120").message_id, "CMUN90901E");
  EXPECT_EQ(rejected("mkfbvol -extpool P0 -cap 4096 0000", "IBM.1750-68FA120").message_id, "CMUC09011E");
}

TEST(Binder, UnknownCommandsGetSuggestions) {
  const Rejection rejection = rejected("mkflsh 0100:0200");
  EXPECT_EQ(rejection.message_id, "CMUC09010E");
  EXPECT_NE(rejection.slots[1].find("mkflash"), std::string::npos);
}

TEST(Binder, OperandsFromStandardInput) {
  const auto words = lex_line("rmfbvol -quiet -").words;
  BindContext context;
  context.devid = kImage;
  EXPECT_EQ(std::get<Rejection>(bind_command(words, context)).message_id, "CMUC09014E");
  context.read_operands = [] { return Words{"0100", "0102-0103"}; };
  auto result = bind_command(words, context);
  EXPECT_EQ(std::get<Command>(result).arguments["ids"], json::parse(R"(["0100","0102","0103"])"));
}

TEST(Binder, HelpWinsOverMistakes) {
  for (const char* line : {"mkflash -help", "mkflash -h", "mkflash -?"}) EXPECT_TRUE(bound(line).help) << line;
}

TEST(Binder, OutputOptions) {
  const Command command = bound("lsfbvol -l -fmt stanza -hdr off -bnr off -delim ; -p on -r 5 -fullid -v on");
  EXPECT_TRUE(command.output.all_columns);
  EXPECT_EQ(command.output.format, OutputFormat::stanza);
  EXPECT_EQ(command.output.header, false);
  EXPECT_EQ(command.output.banner, false);
  EXPECT_EQ(command.output.delim, ';');
  EXPECT_EQ(command.output.paging, true);
  EXPECT_EQ(command.output.rows, 5);
  EXPECT_EQ(command.output.fullid, true);
  EXPECT_EQ(command.output.verbose, true);
}

}  // namespace
}  // namespace tt::dscli
