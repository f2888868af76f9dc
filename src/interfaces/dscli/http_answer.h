// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 answer with a Content-Length, from bytes as they come. Sans-I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "interfaces/dscli/https_client.h"

namespace tt::dscli {

class HttpAnswerReader {
 public:
  enum class State : std::uint8_t { more, complete, broken };

  void feed(std::string_view bytes);
  [[nodiscard]] State state() const { return state_; }
  /// Once, when complete.
  HttpAnswer take() { return std::move(answer_); }
  /// The server ends the connection after this answer.
  [[nodiscard]] bool closes() const { return closes_; }

 private:
  bool read_head(std::string_view head);
  bool read_header_line(std::string_view line);

  State state_ = State::more;
  std::string pending_;
  bool have_head_ = false;
  bool closes_ = false;
  bool have_length_ = false;
  std::size_t length_ = 0;
  HttpAnswer answer_;
};

}  // namespace tt::dscli
