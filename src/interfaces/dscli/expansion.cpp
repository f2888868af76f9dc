// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/expansion.h"

namespace tt::dscli {

namespace {

using model::IdKind;

std::string_view noun(IdKind kind) {
  switch (kind) {
    case IdKind::volume:
    case IdKind::pair:
      return "a volume id (four hex digits)";
    case IdKind::lss:
      return "an LSS id (two hex digits)";
    case IdKind::extent_pool:
      return "an extent pool id (P0)";
    case IdKind::rank:
      return "a rank id (R0)";
    case IdKind::array:
      return "an array id (A0)";
    case IdKind::array_site:
      return "an array site id (S1)";
    case IdKind::volume_group:
      return "a volume group id (V0)";
    case IdKind::host_connection:
      return "a host connection id (four hex digits)";
    case IdKind::io_port:
      return "an I/O port id (I0000)";
    case IdKind::lun:
      return "a LUN from 00 to FF (two hex digits)";
    case IdKind::resource_group:
      return "a resource group id (RG0)";
    case IdKind::performance_group:
      return "a performance group id (PG0)";
    case IdKind::storage_unit:
      return "a storage unit id (IBM.2107-75ABCD0)";
    case IdKind::image:
      return "a storage image id (IBM.2107-75ABCD1)";
    default:
      return "a name";
  }
}

std::string not_an_id(IdKind kind, std::string_view text) {
  return "'" + std::string(text) + "' is not " + std::string(noun(kind)) + ".";
}

bool has_ranges(IdKind kind) {
  return model::id_of_number(kind, 0).has_value();
}

constexpr std::uint32_t kLongestRange = 65536;

std::string backwards(std::string_view range) {
  return "The range '" + std::string(range) + "' runs backwards.";
}

/// "0100-0103" or "0100", without image.
ExpandedIds expand_short(IdKind kind, std::string_view text) {
  ExpandedIds result;
  const std::size_t dash = has_ranges(kind) ? text.find('-') : std::string_view::npos;
  if (dash == std::string_view::npos) {
    const auto id = model::canonical_id(kind, text);
    if (id && !id->empty()) {
      result.ids.push_back(*id);
    } else {
      result.problem = not_an_id(kind, text);
    }
    return result;
  }
  const auto first = model::id_number(kind, text.substr(0, dash));
  const auto last = model::id_number(kind, text.substr(dash + 1));
  if (!first || !last) {
    result.problem = not_an_id(kind, text.substr(first ? dash + 1 : 0, first ? std::string_view::npos : dash));
  } else if (*last < *first) {
    result.problem = backwards(text);
  } else if (kind == IdKind::volume && (*first >> 8U) != (*last >> 8U)) {
    result.problem = "The range '" + std::string(text) + "' spans more than one LSS: give one range per LSS.";
  } else if (*last - *first >= kLongestRange) {
    result.problem = "The range '" + std::string(text) + "' is too long.";
  } else {
    for (std::uint32_t i = *first; i <= *last; ++i) result.ids.push_back(*model::id_of_number(kind, i));
  }
  return result;
}

/// "IBM.2107-75ABCD1/0100-0103"; also with the image at both ends of the range.
ExpandedIds expand_qualified(IdKind kind, std::string_view operand) {
  constexpr std::size_t kImageLength = 16;
  const std::size_t first_slash = operand.find('/');
  const std::size_t last_slash = operand.rfind('/');
  std::string_view first = operand;
  std::string range_end;
  if (first_slash != last_slash && last_slash > first_slash + kImageLength + 1) {
    // IMAGE/0100-IMAGE/0103: both ends must name the same image.
    const std::size_t dash = last_slash - kImageLength - 1;
    const auto last = model::split_qualified(operand.substr(dash + 1));
    if (operand[dash] == '-' && last && model::parse_image_id(operand.substr(0, first_slash)) == last->image) {
      first = operand.substr(0, dash);
      range_end = "-" + last->id;
    }
  }
  const auto split = model::split_qualified(first);
  if (!split) {
    ExpandedIds wrong;
    wrong.problem = not_an_id(kind, operand);
    return wrong;
  }
  ExpandedIds result = expand_short(kind, split->id + range_end);
  result.image = split->image;
  return result;
}

/// An end of a range in a listing; FFFF and FF are fine there.
bool selection_end(IdKind kind, std::string_view text, std::string& canonical) {
  if (kind == IdKind::volume && (text == "FFFF" || text == "ffff")) {
    canonical = "FFFF";
    return true;
  }
  if (kind == IdKind::lss && (text == "FF" || text == "ff")) {
    canonical = "FF";
    return true;
  }
  const auto id = model::canonical_id(kind, text);
  if (!id) return false;
  canonical = *id;
  return true;
}

/// Of canonical ends; FFFF and FF are numbers of no object and behind all of them.
bool runs_backwards(IdKind kind, std::string_view first, std::string_view last) {
  const auto low = model::id_number(kind, first);
  const auto high = model::id_number(kind, last);
  return high && (!low || *high < *low);
}

}  // namespace

ExpandedIds expand_ids(IdKind kind, std::string_view operand) {
  if (kind == IdKind::image || kind == IdKind::storage_unit) return expand_short(kind, operand);
  return expand_qualified(kind, operand);
}

ExpandedPairs expand_pairs(IdKind kind, std::string_view operand) {
  ExpandedPairs result;
  const std::size_t colon = operand.find(':');
  if (colon == std::string_view::npos || operand.find(':', colon + 1) != std::string_view::npos) {
    result.problem = "'" + std::string(operand) + "' is not a pair: write source:target, for example 0100:0200.";
    return result;
  }
  const ExpandedIds sources = expand_ids(kind, operand.substr(0, colon));
  const ExpandedIds targets = expand_ids(kind, operand.substr(colon + 1));
  if (!sources.problem.empty() || !targets.problem.empty()) {
    result.problem = sources.problem.empty() ? targets.problem : sources.problem;
    return result;
  }
  if (sources.ids.size() != targets.ids.size()) {
    result.problem = "The ranges of '" + std::string(operand) + "' have different lengths.";
    return result;
  }
  result.image = sources.image.empty() ? targets.image : sources.image;
  if (!targets.image.empty() && targets.image != result.image) result.other_image = targets.image;
  result.source_image = sources.image;
  result.target_image = targets.image;
  for (std::size_t i = 0; i < sources.ids.size(); ++i) result.pairs.push_back({sources.ids[i], targets.ids[i]});
  return result;
}

Selection read_selection(IdKind kind, std::string_view operand) {
  Selection result;
  if (kind == IdKind::pair && operand.find(':') != std::string_view::npos) {
    ExpandedPairs pairs = expand_pairs(IdKind::volume, operand);
    result.image = pairs.image;
    result.problem = pairs.problem;
    result.other_image = pairs.other_image;
    for (const IdPair& pair : pairs.pairs) result.entries.push_back(pair.source + ":" + pair.target);
    return result;
  }
  if (kind == IdKind::pair) kind = IdKind::volume;
  if (!has_ranges(kind)) {
    ExpandedIds ids = expand_short(kind, operand);
    return {std::move(ids.image), std::move(ids.ids), std::move(ids.problem)};
  }
  const auto split = model::split_qualified(operand);
  if (!split) return {{}, {}, not_an_id(kind, operand)};
  result.image = split->image;
  const std::string_view text = split->id;
  const std::size_t dash = text.find('-');
  std::string first;
  std::string last;
  if (!selection_end(kind, text.substr(0, dash), first)) {
    result.problem = not_an_id(kind, text.substr(0, dash));
  } else if (dash == std::string_view::npos) {
    result.entries.push_back(first);
  } else if (!selection_end(kind, text.substr(dash + 1), last)) {
    result.problem = not_an_id(kind, text.substr(dash + 1));
  } else if (runs_backwards(kind, first, last)) {
    result.problem = backwards(text);
  } else {
    result.entries.push_back(first + "-" + last);
  }
  return result;
}

}  // namespace tt::dscli
