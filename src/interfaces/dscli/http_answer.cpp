// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/http_answer.h"

#include <charconv>

#include "model/catalogue.h"

namespace tt::dscli {

namespace {

constexpr std::size_t kLargestHead = 16U << 10U;
constexpr std::size_t kLargestBody = 128U << 20U;

template <class Number>
bool parse_number(std::string_view text, Number& into) {
  const auto [stopped, failure] = std::from_chars(text.data(), text.data() + text.size(), into);
  return failure == std::errc{} && stopped == text.data() + text.size();
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

void HttpAnswerReader::feed(std::string_view bytes) {
  if (state_ != State::more) return;
  pending_ += bytes;
  if (!have_head_) {
    const std::size_t end = pending_.find("\r\n\r\n");
    if (end == std::string::npos) {
      if (pending_.size() > kLargestHead) state_ = State::broken;
      return;
    }
    if (!read_head(std::string_view(pending_).substr(0, end))) {
      state_ = State::broken;
      return;
    }
    pending_.erase(0, end + 4);
    have_head_ = true;
  }
  if (pending_.size() < length_) return;
  answer_.body = pending_.substr(0, length_);
  state_ = State::complete;
}

bool HttpAnswerReader::read_head(std::string_view head) {
  // HTTP/1.1 200 OK
  if (head.substr(0, 7) != "HTTP/1." || head.size() < 12 || !parse_number(head.substr(9, 3), answer_.status)) {
    return false;
  }
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    if (!read_header_line(head.substr(0, end))) return false;
    head.remove_prefix(std::min(end + 2, head.size()));
  }
  return have_length_;
}

bool HttpAnswerReader::read_header_line(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim(line.substr(colon + 1));
  if (model::equals_ignoring_case(name, "Content-Length")) {
    have_length_ = true;
    return parse_number(value, length_) && length_ <= kLargestBody;
  }
  if (model::equals_ignoring_case(name, "Connection")) closes_ = model::equals_ignoring_case(value, "close");
  return true;
}

}  // namespace tt::dscli
