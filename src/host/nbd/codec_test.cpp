// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/codec.h"

#include <gtest/gtest.h>

#include "host/testing/nbd_client.h"

namespace tt::nbd {
namespace {

using Action = Verdict::Action;

constexpr std::uint64_t kSize = 1_MiB;
constexpr std::uint16_t kUnknown = 99;

TransmissionRules modern() {
  TransmissionRules rules;
  rules.size_bytes = kSize;
  rules.structured_replies = true;
  rules.allocation_context = true;
  return rules;
}

TEST(Codec, DecodesEveryFieldOfARequest) {
  const auto bytes = host_testing::request(Command::write, 0x1122334455667788, 0x99aabbccddeeff00, 0x01020304, 0x5);
  const auto request = decode_request(std::span<const std::byte, kRequestBytes>(bytes));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->command, Command::write);
  EXPECT_EQ(request->cookie, 0x1122334455667788U);
  EXPECT_EQ(request->offset, 0x99aabbccddeeff00U);
  EXPECT_EQ(request->length, 0x01020304U);
  EXPECT_EQ(request->flags, 0x5U);
  EXPECT_EQ(request->payload_bytes(), 0x01020304U);
}

TEST(Codec, RefusesAnyWrongMagicBit) {
  const auto good = host_testing::request(Command::read, 1, 0, 512);
  for (std::size_t bit = 0; bit < 32; ++bit) {
    auto bytes = good;
    bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_FALSE(decode_request(std::span<const std::byte, kRequestBytes>(bytes))) << bit;
  }
}

struct Case {
  const char* name;
  Command command;
  std::uint16_t flags;
  std::uint64_t offset;
  std::uint32_t length;
  Action action;
  NbdError error;
};

constexpr auto kOk = NbdError::none;
constexpr auto kRun = Action::execute;
constexpr auto kNo = Action::refuse;
using namespace command_flag;

const Case kCases[] = {
    {"read", Command::read, 0, 0, 512, kRun, kOk},
    {"read to the last byte", Command::read, 0, kSize - 512, 512, kRun, kOk},
    {"read all", Command::read, 0, 0, kSize, kRun, kOk},
    {"read with fua", Command::read, kFua, 0, 512, kRun, kOk},
    {"read with df", Command::read, kDf, 0, 512, kRun, kOk},
    {"read nothing", Command::read, 0, 0, 0, kNo, NbdError::einval},
    {"read one block too far", Command::read, 0, kSize - 512, 1024, kNo, NbdError::einval},
    {"read at the end", Command::read, 0, kSize, 512, kNo, NbdError::einval},
    {"read with a sum that wraps", Command::read, 0, ~std::uint64_t{0} - 511, 512, kNo, NbdError::einval},
    {"read at an odd offset", Command::read, 0, 1, 512, kNo, NbdError::einval},
    {"read an odd length", Command::read, 0, 0, 511, kNo, NbdError::einval},
    {"read more than the maximum", Command::read, 0, 0, kMaximumPayloadBytes + 512, kNo, NbdError::eoverflow},
    {"read with no_hole", Command::read, kNoHole, 0, 512, kNo, NbdError::einval},
    {"read with req_one", Command::read, kReqOne, 0, 512, kNo, NbdError::einval},
    {"read with an unknown flag", Command::read, 1U << 15U, 0, 512, kNo, NbdError::einval},
    {"write", Command::write, 0, 512, 512, kRun, kOk},
    {"write fua", Command::write, kFua, 0, 4096, kRun, kOk},
    {"write df", Command::write, kDf, 0, 512, kNo, NbdError::einval},
    {"write nothing", Command::write, 0, 0, 0, kNo, NbdError::einval},
    {"write beyond", Command::write, 0, kSize, 512, kNo, NbdError::enospc},
    {"write unaligned", Command::write, 0, 100, 512, kNo, NbdError::einval},
    {"write too much, still read to its end", Command::write, 0, 0, 2 * kMaximumPayloadBytes, kNo, NbdError::eoverflow},
    {"write absurdly much", Command::write, 0, 0, 0xffffffff, Action::disconnect, NbdError::eoverflow},
    {"flush", Command::flush, 0, 0, 0, kRun, kOk},
    {"flush fua", Command::flush, kFua, 0, 0, kRun, kOk},
    {"flush with a range", Command::flush, 0, 0, 512, kNo, NbdError::einval},
    {"flush with an offset", Command::flush, 0, 512, 0, kNo, NbdError::einval},
    {"trim", Command::trim, kFua, 0, kSize, kRun, kOk},
    {"trim beyond", Command::trim, 0, kSize, 512, kNo, NbdError::einval},
    {"trim no_hole", Command::trim, kNoHole, 0, 512, kNo, NbdError::einval},
    {"cache", Command::cache, 0, 0, kSize, kRun, kOk},
    {"cache with df", Command::cache, kDf, 0, 512, kNo, NbdError::einval},
    {"cache beyond", Command::cache, 0, kSize, 512, kNo, NbdError::einval},
    {"write zeroes", Command::write_zeroes, 0, 0, kSize, kRun, kOk},
    {"write zeroes no_hole fua", Command::write_zeroes, kNoHole | kFua, 0, 512, kRun, kOk},
    {"write zeroes beyond", Command::write_zeroes, 0, kSize - 512, 1024, kNo, NbdError::enospc},
    {"write zeroes fast, not announced", Command::write_zeroes, kFastZero, 0, 512, kNo, NbdError::einval},
    {"block status", Command::block_status, 0, 0, kSize, kRun, kOk},
    {"block status req_one", Command::block_status, kReqOne, 0, 512, kRun, kOk},
    {"block status beyond", Command::block_status, 0, kSize, 512, kNo, NbdError::einval},
    {"block status of nothing", Command::block_status, 0, 0, 0, kNo, NbdError::einval},
    {"disconnect", Command::disc, 0, 0, 0, Action::disconnect, kOk},
    {"resize, never specified", static_cast<Command>(8), 0, 0, 0, kNo, NbdError::einval},
    {"unknown", static_cast<Command>(kUnknown), 0, 0, 512, kNo, NbdError::einval},
};

TEST(Codec, JudgesEveryCommandAndFlag) {
  for (const Case& c : kCases) {
    const Verdict verdict = judge({c.command, c.flags, 7, c.offset, c.length}, modern());
    EXPECT_EQ(verdict.action, c.action) << c.name;
    EXPECT_EQ(static_cast<int>(verdict.error), static_cast<int>(c.error)) << c.name;
  }
}

TEST(Codec, ReadOnlyExportsRefuseEveryChange) {
  TransmissionRules rules = modern();
  rules.read_only = true;
  for (const Command command : {Command::write, Command::trim, Command::write_zeroes}) {
    EXPECT_EQ(judge({command, 0, 1, 0, 512}, rules).error, NbdError::eperm);
  }
  for (const Command command : {Command::read, Command::cache, Command::block_status}) {
    EXPECT_EQ(judge({command, 0, 1, 0, 512}, rules).action, kRun);
  }
  EXPECT_EQ(judge({Command::flush, 0, 1, 0, 0}, rules).action, kRun);
}

TEST(Codec, WhatWasNotNegotiatedIsRefused) {
  TransmissionRules rules = modern();
  rules.structured_replies = rules.allocation_context = false;
  EXPECT_EQ(judge({Command::read, kDf, 1, 0, 512}, rules).error, NbdError::einval);
  EXPECT_EQ(judge({Command::block_status, 0, 1, 0, 512}, rules).error, NbdError::einval);
}

TEST(Codec, FastZeroIsForHolesOnly) {
  TransmissionRules rules = modern();
  rules.fast_zero = true;
  EXPECT_EQ(judge({Command::write_zeroes, kFastZero, 1, 0, 512}, rules).action, kRun);
  EXPECT_EQ(judge({Command::write_zeroes, kFastZero | kNoHole, 1, 0, 512}, rules).error, NbdError::enotsup);
}

TEST(Codec, AnnouncedFlagsFollowTheExportAndTheReplies) {
  using namespace transmission_flag;
  constexpr std::uint16_t always = kHasFlags | kSendFlush | kSendFua | kSendCache | kCanMultiConn;
  TransmissionRules rules;
  EXPECT_EQ(transmission_flags(rules), always | kSendTrim | kSendWriteZeroes);
  rules.structured_replies = true;
  EXPECT_EQ(transmission_flags(rules), always | kSendTrim | kSendWriteZeroes | kSendDf);
  rules.fast_zero = true;
  EXPECT_EQ(transmission_flags(rules), always | kSendTrim | kSendWriteZeroes | kSendDf | kSendFastZero);
  rules.read_only = true;
  EXPECT_EQ(transmission_flags(rules), always | kReadOnly | kSendDf);
}

TEST(Codec, ErrorsBecomeTheErrorsOfTheProtocol) {
  EXPECT_EQ(nbd_error_of(Errc::ok), NbdError::none);
  EXPECT_EQ(nbd_error_of(Errc::write_inhibited), NbdError::eperm);
  EXPECT_EQ(nbd_error_of(Errc::media_full), NbdError::enospc);
  EXPECT_EQ(nbd_error_of(Errc::out_of_range), NbdError::einval);
  EXPECT_EQ(nbd_error_of(Errc::shutting_down), NbdError::eshutdown);
  EXPECT_EQ(nbd_error_of(Errc::volume_not_found), NbdError::eio);
  EXPECT_EQ(nbd_error_of(Errc::busy), NbdError::eio);
  EXPECT_EQ(nbd_error_of(Errc::rank_failed), NbdError::eio);
  // An error never turns into success.
  for (unsigned code = 1; code < 2000; ++code) EXPECT_NE(nbd_error_of(static_cast<Errc>(code)), NbdError::none);
}

}  // namespace
}  // namespace tt::nbd
