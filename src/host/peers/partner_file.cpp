// SPDX-License-Identifier: Apache-2.0
#include "host/peers/partner_file.h"

#include <charconv>
#include <vector>

#include "model/host_identity.h"
#include "model/ids.h"

namespace tt::peers {

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  line = line.substr(0, line.find('#'));
  for (;;) {
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return words;
    const std::size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

bool add_line(std::string_view line, PartnerTable& table) {
  const std::vector<std::string_view> words = words_of(line);
  if (words.empty()) return true;
  if (words.size() != 3) return false;
  const auto wwnn = model::parse_wwpn(words[0]);
  const auto port = model::id_number(model::IdKind::io_port, words[1]);
  auto address = parse_address(words[2]);
  if (!wwnn || !port || *port > 0xFFFF || !address || address->port == 0) return false;
  return table.emplace(PartnerPort{*wwnn, static_cast<std::uint16_t>(*port)}, std::move(*address)).second;
}

}  // namespace

Result<TcpAddress> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return Errc::invalid_argument;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  TcpAddress address;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return Errc::invalid_argument;
  const bool brackets = host.front() == '[' && host.back() == ']' && host.size() > 2;
  if (brackets) host = host.substr(1, host.size() - 2);
  if (!brackets && host.find(':') != std::string_view::npos) return Errc::invalid_argument;
  if (host.find_first_of("[]") != std::string_view::npos) return Errc::invalid_argument;
  address.host = std::string(host);
  return address;
}

Result<PartnerTable> parse_partners(std::string_view text) {
  PartnerTable table;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!add_line(line, table)) return {Errc::invalid_argument, number};
  }
  return table;
}

}  // namespace tt::peers
