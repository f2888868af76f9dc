// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/reply.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "host/testing/nbd_client.h"

namespace tt::nbd {
namespace {

using host_testing::Answer;
using host_testing::Bytes;

Bytes wire(const Reply& reply) {
  Bytes all;
  for (const iovec& piece : reply.pieces()) {
    const auto* start = static_cast<const std::byte*>(piece.iov_base);
    all.insert(all.end(), start, start + piece.iov_len);
  }
  EXPECT_EQ(all.size(), reply.total_bytes());
  return all;
}

TransmissionRules rules_with(bool structured) {
  TransmissionRules rules;
  rules.size_bytes = 1_GiB;
  rules.structured_replies = structured;
  return rules;
}

TEST(Reply, SimpleReadIsOneHeadAndTheDataItself) {
  Bytes data(4096, std::byte{7});
  Reply reply;
  reply.build_read({Command::read, 0, 42, 0, 4096}, rules_with(false), data);
  ASSERT_EQ(reply.pieces().size(), 2U);
  EXPECT_EQ(reply.pieces()[1].iov_base, data.data());
  const auto answers = host_testing::parse_answers(wire(reply), {{42, 4096}});
  ASSERT_TRUE(answers && answers->size() == 1);
  EXPECT_EQ(answers->front().payload, data);
}

TEST(Reply, ErrorsAreSimpleOrCarryTheirReason) {
  Reply reply;
  reply.build_error({Command::write, 0, 1, 0, 512}, rules_with(false), NbdError::enospc, "full");
  auto answers = host_testing::parse_answers(wire(reply));
  ASSERT_TRUE(answers && answers->size() == 1);
  EXPECT_FALSE(answers->front().structured);
  EXPECT_EQ(answers->front().error, 28U);

  reply.build_error({Command::read, 0, 1, 0, 512}, rules_with(true), NbdError::eio, "rank_failed");
  answers = host_testing::parse_answers(wire(reply));
  ASSERT_TRUE(answers && answers->size() == 1);
  EXPECT_TRUE(answers->front().structured && answers->front().done);
  EXPECT_EQ(answers->front().error, 5U);
  const Bytes& payload = answers->front().payload;
  EXPECT_EQ(Bytes(payload.begin() + 6, payload.end()), host_testing::text_bytes("rank_failed"));

  const std::string endless(5000, 'x');
  reply.build_error({Command::read, 0, 1, 0, 512}, rules_with(true), NbdError::eio, endless.c_str());
  EXPECT_EQ(reply.total_bytes(), kChunkHeaderBytes + 6 + kMaxErrorTextBytes);
}

/// Any content comes back as it was, however it is cut into data and holes.
TEST(Reply, StructuredReadsAreExactForAnyMixOfZeros) {
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    const std::size_t length = (1 + random.below(40 * 128)) * 512;
    const std::uint64_t offset = random.below(1000) * 512;
    Bytes data(length);
    for (std::size_t at = 0; at < length; at += kHoleUnitBytes) {
      if (random.chance(1, 2)) continue;
      const std::size_t bytes = std::min(kHoleUnitBytes, length - at);
      data[at + random.below(bytes)] = std::byte{1};  // one byte set anywhere makes it data
    }
    Bytes buffer = data;
    const bool df = random.chance(1, 4);
    Reply reply;
    reply.build_read(
        {Command::read, df ? command_flag::kDf : std::uint16_t{0}, 5, offset, static_cast<std::uint32_t>(length)},
        rules_with(true), buffer);
    const auto answers = host_testing::parse_answers(wire(reply));
    ASSERT_TRUE(answers);
    ASSERT_LE(answers->size(), df ? 1 : kMaxReadChunks);
    const auto content = host_testing::assemble_read(*answers, 5, offset, length);
    ASSERT_TRUE(content);
    ASSERT_EQ(*content, data);
  }
}

TEST(Reply, ZerosTravelAsAHole) {
  Bytes data(1_MiB);
  Reply reply;
  reply.build_read({Command::read, 0, 5, 4096, 1_MiB}, rules_with(true), data);
  EXPECT_EQ(reply.total_bytes(), kChunkHeaderBytes + 12);
  data.back() = std::byte{1};
  reply.build_read({Command::read, 0, 5, 4096, 1_MiB}, rules_with(true), data);
  EXPECT_EQ(reply.total_bytes(), kChunkHeaderBytes + 12 + kChunkHeaderBytes + 8 + kHoleUnitBytes);
}

using Descriptor = std::pair<std::uint32_t, std::uint32_t>;

std::vector<Descriptor> status(const Request& request, const std::vector<image::ExtentStatus>& runs) {
  Bytes scratch(block_status_bytes(std::max<std::size_t>(1, runs.size())));
  Reply reply;
  reply.build_block_status(request, runs, scratch);
  const auto answers = host_testing::parse_answers(wire(reply));
  EXPECT_TRUE(answers && answers->size() == 1);
  const Answer& answer = answers->front();
  EXPECT_TRUE(answer.done && answer.type == ChunkType::block_status);
  EXPECT_EQ(load_be<std::uint32_t>(answer.payload.data()), 1U);
  std::vector<Descriptor> list;
  for (std::size_t at = 4; at < answer.payload.size(); at += 8) {
    list.emplace_back(load_be<std::uint32_t>(answer.payload.data() + at),
                      load_be<std::uint32_t>(answer.payload.data() + at + 4));
  }
  return list;
}

TEST(Reply, BlockStatusMergesClipsAndNeverStaysEmpty) {
  const Request all{Command::block_status, 0, 9, 0, 1U << 20U};
  const Request one{Command::block_status, command_flag::kReqOne, 9, 0, 1U << 20U};
  const std::vector<image::ExtentStatus> runs = {
      {4096, false, false}, {4096, false, false}, {8192, true, true}, {8_MiB, false, true}};
  EXPECT_EQ(status(all, runs), (std::vector<Descriptor>{{8192, 0}, {8192, 3}, {(1U << 20U) - 16384, 2}}));
  EXPECT_EQ(status(one, runs), (std::vector<Descriptor>{{8192, 0}}));
  EXPECT_EQ(status(all, {}), (std::vector<Descriptor>{{1U << 20U, 0}}));
  EXPECT_EQ(status(one, {}), (std::vector<Descriptor>{{1U << 20U, 0}}));
  EXPECT_EQ(status(one, {{0, true, true}, {4096, true, false}}), (std::vector<Descriptor>{{4096, 1}}));
}

}  // namespace
}  // namespace tt::nbd
