// SPDX-License-Identifier: Apache-2.0
// The client's side of the NBD wire for tests: makes bytes, and takes the server's bytes apart strictly.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/nbd/wire.h"

namespace tt::host_testing {

using Bytes = std::vector<std::byte>;

Bytes text_bytes(std::string_view text);
Bytes join(std::initializer_list<Bytes> parts);

Bytes client_flags(std::uint32_t flags = 3);
Bytes option(nbd::Option option, const Bytes& data = {});
/// A header that claims `claimed` bytes of data, whatever follows.
Bytes option_header(std::uint32_t option, std::uint32_t claimed);
Bytes info_data(std::string_view name, const std::vector<std::uint16_t>& requests = {});
Bytes context_data(std::string_view name, const std::vector<std::string>& queries);
Bytes request(nbd::Command command, std::uint64_t cookie, std::uint64_t offset, std::uint32_t length,
              std::uint16_t flags = 0, const Bytes& payload = {});
/// Flags, structured replies, base:allocation, GO: all a modern client says before its first request.
Bytes modern_handshake(std::string_view export_name);

struct OptionAnswer {
  nbd::Option option{};
  nbd::OptionReply type{};
  Bytes data;
};
/// Nothing if the bytes are not exactly a sequence of option replies.
std::optional<std::vector<OptionAnswer>> parse_option_answers(const Bytes& bytes);

struct Answer {
  bool structured = false;
  std::uint64_t cookie = 0;
  std::uint32_t error = 0;
  bool done = true;
  nbd::ChunkType type = nbd::ChunkType::none;
  Bytes payload;
};
/// Nothing if the bytes are not exactly a sequence of replies. `simple_reads` has the length of each read in flight
/// that will be answered simply.
std::optional<std::vector<Answer>> parse_answers(const Bytes& bytes,
                                                 const std::map<std::uint64_t, std::size_t>& simple_reads = {});
/// Puts the content chunks of one structured read together; nothing if they do not cover it exactly once.
std::optional<Bytes> assemble_read(const std::vector<Answer>& answers, std::uint64_t cookie, std::uint64_t offset,
                                   std::size_t length);

}  // namespace tt::host_testing
