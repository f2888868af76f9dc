// SPDX-License-Identifier: Apache-2.0
#include "host/testing/nbd_client.h"

#include <algorithm>

namespace tt::host_testing {
namespace {

template <class T>
void put(Bytes& out, T value) {
  std::byte raw[sizeof(T)];
  nbd::store_be(raw, value);
  out.insert(out.end(), raw, raw + sizeof(T));
}

void put(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}

struct Cursor {
  const Bytes& bytes;
  std::size_t at = 0;
  bool failed = false;

  template <class T>
  T number() {
    if (bytes.size() - at < sizeof(T)) failed = true;
    if (failed) return 0;
    at += sizeof(T);
    return nbd::load_be<T>(bytes.data() + at - sizeof(T));
  }
  Bytes take(std::size_t count) {
    if (bytes.size() - at < count) failed = true;
    if (failed) return {};
    at += count;
    const auto start = bytes.begin() + static_cast<std::ptrdiff_t>(at - count);
    return {start, start + static_cast<std::ptrdiff_t>(count)};
  }
};

}  // namespace

Bytes text_bytes(std::string_view text) {
  const auto* start = reinterpret_cast<const std::byte*>(text.data());
  return {start, start + text.size()};
}

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) put(all, part);
  return all;
}

Bytes client_flags(std::uint32_t flags) {
  Bytes out;
  put(out, flags);
  return out;
}

Bytes option_header(std::uint32_t option, std::uint32_t claimed) {
  Bytes out;
  put(out, nbd::kOptionMagic);
  put(out, option);
  put(out, claimed);
  return out;
}

Bytes option(nbd::Option option, const Bytes& data) {
  Bytes out = option_header(static_cast<std::uint32_t>(option), static_cast<std::uint32_t>(data.size()));
  put(out, data);
  return out;
}

Bytes info_data(std::string_view name, const std::vector<std::uint16_t>& requests) {
  Bytes out;
  put(out, static_cast<std::uint32_t>(name.size()));
  put(out, text_bytes(name));
  put(out, static_cast<std::uint16_t>(requests.size()));
  for (const std::uint16_t r : requests) put(out, r);
  return out;
}

Bytes context_data(std::string_view name, const std::vector<std::string>& queries) {
  Bytes out;
  put(out, static_cast<std::uint32_t>(name.size()));
  put(out, text_bytes(name));
  put(out, static_cast<std::uint32_t>(queries.size()));
  for (const std::string& q : queries) {
    put(out, static_cast<std::uint32_t>(q.size()));
    put(out, text_bytes(q));
  }
  return out;
}

Bytes request(nbd::Command command, std::uint64_t cookie, std::uint64_t offset, std::uint32_t length,
              std::uint16_t flags, const Bytes& payload) {
  Bytes out;
  put(out, nbd::kRequestMagic);
  put(out, flags);
  put(out, static_cast<std::uint16_t>(command));
  put(out, cookie);
  put(out, offset);
  put(out, length);
  put(out, payload);
  return out;
}

Bytes modern_handshake(std::string_view export_name) {
  return join({client_flags(), option(nbd::Option::structured_reply),
               option(nbd::Option::set_meta_context, context_data(export_name, {"base:allocation"})),
               option(nbd::Option::go, info_data(export_name, {3}))});
}

std::optional<std::vector<OptionAnswer>> parse_option_answers(const Bytes& bytes) {
  std::vector<OptionAnswer> answers;
  Cursor cursor{bytes};
  while (cursor.at < bytes.size()) {
    if (cursor.number<std::uint64_t>() != nbd::kOptionReplyMagic) return std::nullopt;
    OptionAnswer answer;
    answer.option = static_cast<nbd::Option>(cursor.number<std::uint32_t>());
    answer.type = static_cast<nbd::OptionReply>(cursor.number<std::uint32_t>());
    answer.data = cursor.take(cursor.number<std::uint32_t>());
    if (cursor.failed) return std::nullopt;
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::optional<std::vector<Answer>> parse_answers(const Bytes& bytes,
                                                 const std::map<std::uint64_t, std::size_t>& simple_reads) {
  std::vector<Answer> answers;
  Cursor cursor{bytes};
  while (cursor.at < bytes.size()) {
    const auto magic = cursor.number<std::uint32_t>();
    Answer answer;
    if (magic == nbd::kSimpleReplyMagic) {
      answer.error = cursor.number<std::uint32_t>();
      answer.cookie = cursor.number<std::uint64_t>();
      const auto read = simple_reads.find(answer.cookie);
      if (answer.error == 0 && read != simple_reads.end()) answer.payload = cursor.take(read->second);
    } else if (magic == nbd::kStructuredReplyMagic) {
      answer.structured = true;
      answer.done = (cursor.number<std::uint16_t>() & nbd::kChunkDone) != 0;
      answer.type = static_cast<nbd::ChunkType>(cursor.number<std::uint16_t>());
      answer.cookie = cursor.number<std::uint64_t>();
      answer.payload = cursor.take(cursor.number<std::uint32_t>());
      const bool is_error = (static_cast<std::uint16_t>(answer.type) & 0x8000U) != 0;
      if (is_error && answer.payload.size() < 6) return std::nullopt;
      if (is_error) answer.error = nbd::load_be<std::uint32_t>(answer.payload.data());
    } else {
      return std::nullopt;
    }
    if (cursor.failed) return std::nullopt;
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::optional<Bytes> assemble_read(const std::vector<Answer>& answers, std::uint64_t cookie, std::uint64_t offset,
                                   std::size_t length) {
  Bytes content(length);
  std::size_t covered = 0;
  bool done = false;
  for (const Answer& answer : answers) {
    if (answer.cookie != cookie || done) continue;
    if (answer.payload.size() < 8) return std::nullopt;
    const std::uint64_t at = nbd::load_be<std::uint64_t>(answer.payload.data()) - offset;
    std::size_t bytes = answer.payload.size() - 8;
    if (answer.type == nbd::ChunkType::offset_hole) {
      if (bytes != 4) return std::nullopt;
      bytes = nbd::load_be<std::uint32_t>(answer.payload.data() + 8);
    } else if (answer.type != nbd::ChunkType::offset_data) {
      return std::nullopt;
    }
    if (bytes == 0 || at > length || bytes > length - at || at != covered) return std::nullopt;
    if (answer.type == nbd::ChunkType::offset_data) {
      std::copy(answer.payload.begin() + 8, answer.payload.end(), content.begin() + static_cast<std::ptrdiff_t>(at));
    }
    covered += bytes;
    done = answer.done;
  }
  if (!done || covered != length) return std::nullopt;
  return content;
}

}  // namespace tt::host_testing
