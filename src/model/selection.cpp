// SPDX-License-Identifier: Apache-2.0
#include "model/selection.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace tt::model {

namespace {

using nlohmann::json;

const json kNull;

const json& member(const json& row, std::string_view key) {
  if (!row.is_object()) return kNull;
  const auto found = row.find(key);
  return found == row.end() ? kNull : *found;
}

std::string_view text_of(const json& value) {
  return value.is_string() ? std::string_view(value.get_ref<const std::string&>()) : std::string_view();
}

bool equal_values(const json& wanted, const json& actual) {
  if (actual.is_array()) {
    return std::any_of(actual.begin(), actual.end(), [&](const json& one) { return equal_values(wanted, one); });
  }
  if (wanted == "present") return !actual.is_null();
  if (wanted.is_string() && actual.is_string()) return equals_ignoring_case(text_of(wanted), text_of(actual));
  return wanted == actual;
}

bool fits_key(std::string_view key, const json& wanted, const json& row) {
  if (key == "id.lss") return equals_ignoring_case(text_of(member(row, "id")).substr(0, 2), text_of(wanted));
  return equal_values(wanted, member(row, key));
}

/// `keys` are alternatives: "access_state|configuration_state".
bool fits_filter(std::string_view keys, const json& wanted, const json& row) {
  while (!keys.empty()) {
    const std::size_t bar = std::min(keys.find('|'), keys.size());
    if (fits_key(keys.substr(0, bar), wanted, row)) return true;
    keys.remove_prefix(std::min(bar + 1, keys.size()));
  }
  return false;
}

/// A number that orders ids of one kind; ids of text have none. Pairs go by their source.
std::optional<std::uint32_t> rank_of(IdKind kind, std::string_view id) {
  return id_number(kind == IdKind::pair ? IdKind::volume : kind, id);
}

struct Range {
  std::string first;
  std::string last;
};

Range split_range(IdKind kind, std::string_view text) {
  // Image ids and user names hold dashes of their own.
  const bool can_be_range =
      kind != IdKind::image && kind != IdKind::storage_unit && kind != IdKind::user && kind != IdKind::free_text;
  const std::size_t dash = can_be_range ? text.find('-') : std::string_view::npos;
  if (dash == std::string_view::npos) return {std::string(text), std::string(text)};
  return {std::string(text.substr(0, dash)), std::string(text.substr(dash + 1))};
}

bool in_range(IdKind kind, const Range& range, std::string_view id) {
  const auto low = rank_of(kind, range.first);
  const auto here = rank_of(kind, id);
  // The end of a range of volumes may be FFFF, which is no volume itself.
  const auto high =
      range.last == "FFFF" || range.last == "FF" ? std::optional<std::uint32_t>(0xFFFF) : rank_of(kind, range.last);
  if (low && here && high) return *low <= *here && *here <= *high;
  return equals_ignoring_case(range.first, id);
}

bool selects(IdKind kind, std::string_view entry, const json& row) {
  const std::size_t colon = entry.find(':');
  if (kind == IdKind::pair) {
    const std::string_view source = text_of(member(row, "source"));
    const std::string_view target = text_of(member(row, "target"));
    if (colon != std::string_view::npos) {
      return equals_ignoring_case(entry.substr(0, colon), source) &&
             equals_ignoring_case(entry.substr(colon + 1), target);
    }
    const Range range = split_range(kind, entry);
    return in_range(kind, range, source) || in_range(kind, range, target);
  }
  return in_range(kind, split_range(kind, entry), text_of(member(row, "id")));
}

bool selected(IdKind kind, const json& selection, const json& row) {
  if (!selection.is_array() || selection.empty()) return true;
  return std::any_of(selection.begin(), selection.end(),
                     [&](const json& entry) { return selects(kind, text_of(entry), row); });
}

bool comes_before(IdKind kind, const json& a, const json& b) {
  if (kind == IdKind::pair) {
    const int by_source = text_of(member(a, "source")).compare(text_of(member(b, "source")));
    if (by_source != 0) return by_source < 0;
    return text_of(member(a, "target")) < text_of(member(b, "target"));
  }
  const std::string_view a_id = text_of(member(a, "id"));
  const std::string_view b_id = text_of(member(b, "id"));
  const auto a_rank = rank_of(kind, a_id);
  const auto b_rank = rank_of(kind, b_id);
  if (a_rank && b_rank && *a_rank != *b_rank) return *a_rank < *b_rank;
  if (a_id != b_id) return a_id < b_id;
  // Rows of one object, as the paths of an LSS are.
  for (const std::string_view key : {"target", "port", "attached_port"}) {
    const int order = text_of(member(a, key)).compare(text_of(member(b, key)));
    if (order != 0) return order < 0;
  }
  return false;
}

}  // namespace

void select_rows(const Operation& operation, const json& arguments, std::vector<json>& rows) {
  if (operation.shape != Shape::list) return;
  const ObjectClass* object_class = find_class(operation.object_class);
  TT_ASSERT(object_class != nullptr);
  const IdKind kind = object_class->id_kind;
  const auto unwanted = [&](const json& row) {
    for (const Argument& argument : operation.arguments) {
      const json& wanted = member(arguments, argument.key);
      if (argument.matches.empty() || wanted.is_null()) continue;
      if (!fits_filter(argument.matches, wanted, row)) return true;
    }
    return !selected(kind, member(arguments, "select"), row);
  };
  std::erase_if(rows, unwanted);
  std::sort(rows.begin(), rows.end(), [&](const json& a, const json& b) { return comes_before(kind, a, b); });
}

}  // namespace tt::model
