// SPDX-License-Identifier: Apache-2.0
// The disk models that IBM i knows. Their blocks have 520 bytes, of which hosts get 512; capacities count those. An
// unprotected model is as safe as a protected one: it tells the host that it may mirror the disk itself.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tt::model {

enum class Os400Model : std::uint8_t { none, a01, a81, a02, a82, a04, a84, a05, a85, a06, a86, a07, a87, v099, v050 };

struct Os400ModelFacts {
  Os400Model model = Os400Model::none;
  std::string_view name;
  bool is_protected = true;
  std::uint64_t blocks = 0;  ///< 0: of any size within the bounds below.

  [[nodiscard]] constexpr bool is_variable() const { return blocks == 0; }
  /// "FB 520P", "FB 520UV"
  [[nodiscard]] std::string_view data_type() const;
};

inline constexpr std::uint64_t kSmallestOs400Gib = 1;
inline constexpr std::uint64_t kLargestOs400Gib = 2000;
bool is_os400_size(std::uint64_t blocks);

std::span<const Os400ModelFacts> os400_models();
/// In either case; null if unknown.
const Os400ModelFacts* find_os400_model(std::string_view name);
/// Null for none.
const Os400ModelFacts* facts_of(Os400Model model);

}  // namespace tt::model
