// SPDX-License-Identifier: Apache-2.0
// Operands: ranges (0100-0103), pairs (0100:0200), pair ranges (0100-0103:0200-0203), fully qualified or short.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"

namespace tt::dscli {

/// What one operand stands for. `problem` is empty if it was understood.
struct ExpandedIds {
  std::string image;  ///< Of a fully qualified operand.
  std::vector<std::string> ids;
  std::string problem;
};

struct IdPair {
  std::string source;
  std::string target;
  friend bool operator==(const IdPair&, const IdPair&) = default;
};

struct ExpandedPairs {
  std::string image;
  std::string other_image;   ///< Of the targets, when it differs from `image`.
  std::string source_image;  ///< As each end says; empty for short ids.
  std::string target_image;
  std::vector<IdPair> pairs;
  std::string problem;
};

/// One id or a range; a range of volumes stays in one LSS.
ExpandedIds expand_ids(model::IdKind kind, std::string_view operand);

/// Ranges of equal length, paired by position.
ExpandedPairs expand_pairs(model::IdKind kind, std::string_view operand);

/// An operand of a listing, checked and in canonical spelling but not expanded: "0000-FFFF", "0100:0200", "P0".
struct Selection {
  std::string image;
  std::vector<std::string> entries;
  std::string problem;
  std::string other_image = {};  ///< That of the targets, where it is another one.
};
Selection read_selection(model::IdKind kind, std::string_view operand);

}  // namespace tt::dscli
