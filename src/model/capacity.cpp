// SPDX-License-Identifier: Apache-2.0
#include "model/capacity.h"

#include <charconv>
#include <optional>

namespace tt::model {

namespace {

constexpr std::uint64_t kBlocksPerMib = 1_MiB / kBlockBytes;
/// ess capacities are rounded up to this boundary.
constexpr std::uint64_t kEssStepBytes = 32_KiB;
constexpr std::uint64_t kEssLargestTenths = 9822;

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, value);
  if (text.empty() || failure != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

/// "12.5" -> 125; at most one decimal.
std::optional<std::uint64_t> tenths(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto whole = whole_number(text.substr(0, dot));
  if (!whole || *whole > 1'000'000) return std::nullopt;
  if (dot == std::string_view::npos) return *whole * 10;
  const auto fraction = whole_number(text.substr(dot + 1));
  if (!fraction || text.size() - dot != 2) return std::nullopt;
  return *whole * 10 + *fraction;
}

Result<std::uint64_t> ess_blocks(std::string_view amount) {
  const auto value = tenths(amount);
  if (!value) return Errc::invalid_argument;
  if (*value == 0 || *value > kEssLargestTenths) return Errc::out_of_range;
  return round_up(*value * 100'000'000, kEssStepBytes) / kBlockBytes;
}

std::uint64_t unit_blocks(std::string_view unit) {
  if (unit == "blocks") return 1;
  if (unit == "MiB") return kBlocksPerMib;
  if (unit == "TiB") return kBlocksPerMib << 20U;
  return kBlocksPerMib << 10U;
}

}  // namespace

std::uint64_t largest_volume_blocks(Personality personality) {
  return (personality == Personality::ds6000 ? 2_TiB : 16_TiB) / kBlockBytes;
}

Result<std::uint64_t> capacity_blocks(std::string_view amount, std::string_view unit, Personality personality) {
  if (unit == "ess") return ess_blocks(amount);
  const auto value = whole_number(amount);
  if (!value) return Errc::invalid_argument;
  const std::uint64_t each = unit_blocks(unit);
  if (*value == 0 || *value > largest_volume_blocks(personality) / each) return Errc::out_of_range;
  return *value * each;
}

std::string_view capacity_type_of(std::string_view unit) {
  if (unit == "ess" || unit == "blocks") return unit;
  return "ds";
}

}  // namespace tt::model
