// SPDX-License-Identifier: Apache-2.0
// Text that people and programs write: ids, addresses, sizes, ranges, keys, JSON. The first byte chooses the parser.
// What is understood has one spelling, and that spelling means the same.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "host/peers/partner_file.h"
#include "host/tls/psk_file.h"
#include "interfaces/control/messages.h"
#include "interfaces/dscli/expansion.h"
#include "interfaces/dscli/lexer.h"
#include "interfaces/dscli/values.h"
#include "model/capacity.h"
#include "model/catalogue.h"
#include "model/host_identity.h"
#include "model/ids.h"
#include "model/resource_scope.h"
#include "model/track_runs.h"

namespace {

using namespace tt;
using model::IdKind;

constexpr auto kLastKind = static_cast<unsigned>(IdKind::performance_group);

/// The first byte as a number below `bound`; it is taken from the text.
unsigned choice(std::string_view& text, unsigned bound) {
  if (text.empty()) return 0;
  const unsigned value = static_cast<unsigned char>(text.front()) % bound;
  text.remove_prefix(1);
  return value;
}

void ids(std::string_view text) {
  const auto kind = static_cast<IdKind>(choice(text, kLastKind + 1));
  if (const auto canonical = model::canonical_id(kind, text)) {
    TT_ASSERT(model::canonical_id(kind, *canonical) == canonical);
    const auto number = model::id_number(kind, text);
    TT_ASSERT(model::id_number(kind, *canonical) == number);
    if (number) TT_ASSERT(model::id_of_number(kind, *number) == canonical);
  }
  if (const auto volume = model::parse_volume_id(text)) {
    TT_ASSERT(model::parse_volume_id(model::volume_id_text(*volume)) == volume);
    (void)model::expand_name_pattern(text, *volume);
  }
  if (const auto lss = model::parse_lss_id(text)) TT_ASSERT(model::parse_lss_id(model::lss_id_text(*lss)) == lss);
  if (const auto image = model::parse_image_id(text)) TT_ASSERT(model::parse_image_id(*image) == image);
  (void)model::expand_name_pattern(text, VolumeId{0x01AB});
  (void)model::split_qualified(text);
}

void hosts(std::string_view text) {
  if (const auto wwpn = model::parse_wwpn(text)) TT_ASSERT(model::parse_wwpn(model::wwpn_text(*wwpn)) == wwpn);
  if (const auto address = model::parse_ip_address(text)) {
    const std::string spelling = model::ip_address_text(*address);
    TT_ASSERT(model::parse_ip_address(spelling) == address);
  }
  if (const auto canonical = model::canonical_host_identity(text)) {
    TT_ASSERT(model::canonical_host_identity(*canonical) == canonical);
  }
  const bool scope = model::is_resource_scope(text);
  if (model::is_resource_label(text)) TT_ASSERT(scope && model::scope_covers(text, text));
  if (scope) (void)model::scope_covers(text, model::kPublicLabel);
}

void capacities(std::string_view text) {
  static constexpr std::string_view kUnits[] = {"ds", "ess", "blocks", "TiB", "GiB", "MiB"};
  const std::string_view unit = kUnits[choice(text, 6)];
  for (const auto personality : {model::Personality::ds6000, model::Personality::ds8000}) {
    const auto blocks = model::capacity_blocks(text, unit, personality);
    if (blocks) TT_ASSERT(*blocks > 0 && *blocks <= model::largest_volume_blocks(personality));
  }
}

void tracks(std::string_view text) {
  if (const auto run = model::parse_tracks(text)) {
    TT_ASSERT(run->count > 0 && run->first + run->count > run->first);
    const auto again = model::parse_tracks(model::tracks_text(*run));
    TT_ASSERT(again && again->first == run->first && again->count == run->count);
  }
  if (const auto run = model::parse_run(text)) TT_ASSERT(run->source.count > 0);
}

void operands(std::string_view text) {
  const auto kind = static_cast<IdKind>(choice(text, kLastKind + 1));
  const auto list = dscli::expand_ids(kind, text);
  TT_ASSERT(list.problem.empty() != list.ids.empty());
  for (const std::string& id : list.ids) TT_ASSERT(model::canonical_id(kind, id) == id);
  const auto pairs = dscli::expand_pairs(kind, text);
  TT_ASSERT(pairs.problem.empty() != pairs.pairs.empty());
  const auto selection = dscli::read_selection(kind, text);
  TT_ASSERT(!selection.problem.empty() || !selection.entries.empty());
}

/// The value of any flag of any command. What is taken is taken again when it is said in its canonical form.
void values(std::string_view text) {
  const auto operations = model::operations();
  const auto& operation = operations[choice(text, 256) % operations.size()];
  if (operation.arguments.empty()) return;
  const auto& argument = operation.arguments[choice(text, 256) % operation.arguments.size()];
  if (!argument.is_flag() || argument.kind == model::ArgumentKind::constant) return;
  nlohmann::json value;
  if (!dscli::read_value(argument, text, value).empty() || !value.is_string()) return;
  nlohmann::json again;
  TT_ASSERT(dscli::read_value(argument, value.get<std::string>(), again).empty() && again == value);
}

void words(std::string_view text) {
  const auto line = dscli::lex_line(text);
  std::string quoted;
  for (const dscli::Word& word : line.words) {
    // What has neither quotes nor backslashes inside can be said again between quotes.
    if (word.text.find_first_of("\"'\\") != std::string::npos) return;
    quoted += "\"" + word.text + "\" ";
  }
  const auto again = dscli::lex_line(quoted);
  TT_ASSERT(!again.open_quote && again.words.size() == line.words.size());
  for (std::size_t i = 0; i < line.words.size(); ++i) TT_ASSERT(again.words[i].text == line.words[i].text);
  (void)dscli::is_blank_or_comment(text);
}

void json_text(std::string_view text) {
  const auto value = control::parse_json(text);
  if (!value) return;
  const std::string written = control::dump_json(*value);
  const auto again = control::parse_json(written);
  TT_ASSERT(again && control::dump_json(*again) == written);
}

void keys(std::string_view text) {
  const auto table = tls::parse_psk_file(text);
  if (!table) return;
  std::string written;
  constexpr char kDigits[] = "0123456789abcdef";
  const auto add_hex = [&](const std::string& bytes) {
    for (const char c : bytes) {
      written += kDigits[static_cast<unsigned char>(c) >> 4U];
      written += kDigits[static_cast<unsigned char>(c) & 0xFU];
    }
  };
  for (const auto& [identity, key] : *table) {
    written += '#';
    add_hex(identity);
    written += ':';
    add_hex(key);
    written += '\n';
  }
  const auto again = tls::parse_psk_file(written);
  TT_ASSERT(again && *again == *table);
}

void partners(std::string_view text) {
  const auto table = peers::parse_partners(text);
  if (!table) return;
  std::string written;
  for (const auto& [partner, address] : *table) {
    const bool brackets = address.host.find(':') != std::string::npos;
    written += model::wwpn_text(partner.wwnn) + " " + *model::id_of_number(IdKind::io_port, partner.port) + " " +
               (brackets ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port) + "\n";
  }
  const auto again = peers::parse_partners(written);
  TT_ASSERT(again && *again == *table);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 64 * 1024) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  using Parser = void (*)(std::string_view);
  static constexpr Parser kParsers[] = {ids,    hosts, capacities, tracks, operands,
                                        values, words, json_text,  keys,   partners};
  kParsers[data[0] % std::size(kParsers)](text);
  return 0;
}
