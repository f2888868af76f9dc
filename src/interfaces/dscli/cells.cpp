// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/cells.h"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/units.h"

namespace tt::dscli {

namespace {

using model::Format;
using nlohmann::json;

constexpr std::string_view kNoValue = "-";
constexpr double kGib = 1024.0 * 1024.0 * 1024.0;
constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                   "July",    "August",   "September", "October", "November", "December"};
constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

std::optional<std::uint64_t> number_of(const json& row, std::string_view key) {
  const auto found = row.find(key);
  if (found == row.end() || !found->is_number_integer() || *found < 0) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::string plain_text(const json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return text.empty() ? std::string(kNoValue) : text;
  }
  if (value.is_number_integer()) return value.dump();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  return std::string(kNoValue);
}

std::string joined_words(const json& value, char separator) {
  if (!value.is_array()) return plain_text(value);
  std::string text;
  for (const json& word : value) {
    if (!text.empty()) text += separator;
    text += plain_text(word);
  }
  return text.empty() ? std::string(kNoValue) : text;
}

std::string capacity_type_text(const json& value) {
  if (value == "ds") return "DS";
  if (value == "ess") return "ESS";
  if (value == "blocks") return "Blocks";
  if (value == "iseries") return "iSeries";
  return plain_text(value);
}

std::tm local_time(std::int64_t epoch_seconds) {
  const auto seconds = static_cast<std::time_t>(epoch_seconds);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return parts;
}

/// Formats that compute with further keys of the row.
std::string pool_text(Format format, std::uint64_t value, const json& row) {
  const std::uint64_t total = number_of(row, "total_extents").value_or(0);
  const std::uint64_t extent_bytes = number_of(row, "extent_bytes").value_or(1_GiB);
  const std::uint64_t percent = total == 0 ? 0 : value * 100 / total;
  switch (format) {
    case Format::extents_gib:
      return std::to_string(value * extent_bytes / 1_GiB);
    case Format::extents_mib:
      return std::to_string(value * extent_bytes / 1_MiB);
    case Format::limit_gib:
      return std::to_string(total * extent_bytes / 1_GiB * value / 100);
    case Format::percent_of_total:
      return std::to_string(percent);
    case Format::percent_left:
      return std::to_string(percent < 100 ? 100 - percent : 0);
    case Format::virtual_status: {
      const std::uint64_t threshold = number_of(row, "threshold_percent").value_or(0);
      if (percent >= 100) return "full";
      return 100 - percent < threshold ? "exceeded" : "below";
    }
    default:
      return std::string(kNoValue);
  }
}

std::string copy_text(Format format, std::uint64_t value, const json& row) {
  if (format == Format::rate_mib) return fmt::format("{:.1f}", static_cast<double>(value) / static_cast<double>(1_MiB));
  if (format == Format::tracks_percent) {
    const std::uint64_t total = number_of(row, "track_count").value_or(0);
    // Never 100 before the last track is copied.
    return total == 0 || value > total ? std::string(kNoValue) : std::to_string((total - value) * 100 / total);
  }
  const std::uint64_t left = number_of(row, "out_of_sync_tracks").value_or(0);
  if (left == 0) return "0:00:00";
  if (value == 0) return std::string(kNoValue);
  const std::uint64_t seconds = divide_up(left * kTrackBytes, value);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/// An ess volume of 10.0 GB is rounded up in blocks, so a tenth is cut off, not rounded.
std::string gb_text(std::uint64_t blocks, const json& row) {
  const auto type = row.find("capacity_type");
  if (type == row.end()) return std::string(kNoValue);
  if (*type == "iseries") return fmt::format("{:.1f}", static_cast<double>(blocks) * kBlockBytes / 1e9);
  if (*type != "ess") return std::string(kNoValue);
  const std::uint64_t tenths = blocks * kBlockBytes / 100'000'000;
  return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

std::string numeric_date_text(std::int64_t epoch_seconds) {
  const std::tm t = local_time(epoch_seconds);
  return fmt::format("{:02}/{:02}/{} {:02}:{:02}:{:02} {}", t.tm_mon + 1, t.tm_mday, 1900 + t.tm_year, t.tm_hour,
                     t.tm_min, t.tm_sec, t.tm_zone);
}

std::string number_text(const model::Attribute& attribute, std::uint64_t value, const json& row) {
  switch (attribute.format) {
    case Format::hex:
      return fmt::format("{:X}", value);
    case Format::hex_prefixed:
      return fmt::format("0x{:04X}", value);
    case Format::seconds_suffixed:
      return fmt::format("{} secs", value);
    case Format::days_suffixed:
      return fmt::format("{} days", value);
    case Format::date:
      return value == 0 ? std::string(kNoValue) : date_text(static_cast<std::int64_t>(value));
    case Format::numeric_date:
      return numeric_date_text(static_cast<std::int64_t>(value));
    case Format::blocks_gib:
      return fmt::format("{:.1f}", static_cast<double>(value) * kBlockBytes / kGib);
    case Format::blocks_gb:
      return gb_text(value, row);
    case Format::blocks_mib:
      return std::to_string(value * kBlockBytes / 1_MiB);
    case Format::bytes_gb:
      return fmt::format("{:.1f} GB", static_cast<double>(value) / kGib);
    case Format::bytes_decimal_gb:
      return fmt::format("{:.1f}", static_cast<double>(value) / 1e9);
    case Format::extent_size:
      return value >= 1_GiB ? "large" : "small";
    case Format::rate_mib:
    case Format::tracks_percent:
    case Format::time_left:
      return copy_text(attribute.format, value, row);
    case Format::extents_gib:
    case Format::extents_mib:
    case Format::limit_gib:
    case Format::percent_of_total:
    case Format::percent_left:
    case Format::virtual_status:
      return pool_text(attribute.format, value, row);
    default:
      return std::to_string(value);
  }
}

}  // namespace

std::string cell_text(const model::Attribute& attribute, const json& row) {
  const auto found = row.find(attribute.key);
  if (found == row.end() || found->is_null()) return std::string(kNoValue);
  if (attribute.format == Format::text) return plain_text(*found);
  if (attribute.format == Format::words) return joined_words(*found, ',');
  if (attribute.format == Format::listed) return joined_words(*found, ' ');
  if (attribute.format == Format::capacity_type) return capacity_type_text(*found);
  if (attribute.format == Format::enabled) {
    if (!found->is_boolean()) return std::string(kNoValue);
    return found->get<bool>() ? "Enabled" : "Disabled";
  }
  if (attribute.format == Format::on_off) {
    if (!found->is_boolean()) return std::string(kNoValue);
    return found->get<bool>() ? "On" : "Off";
  }
  const auto value = number_of(row, attribute.key);
  return value ? number_text(attribute, *value, row) : std::string(kNoValue);
}

std::string date_text(std::int64_t epoch_seconds) {
  const std::tm t = local_time(epoch_seconds);
  return fmt::format("{} {} {:02} {:02}:{:02}:{:02} {} {}", kDays[t.tm_wday], std::string_view(kMonths[t.tm_mon], 3),
                     t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, t.tm_zone, 1900 + t.tm_year);
}

std::string banner_date_text(std::int64_t epoch_seconds) {
  const std::tm t = local_time(epoch_seconds);
  const int hour = t.tm_hour % 12 == 0 ? 12 : t.tm_hour % 12;
  return fmt::format("{} {}, {} {}:{:02}:{:02} {} {}", kMonths[t.tm_mon], t.tm_mday, 1900 + t.tm_year, hour, t.tm_min,
                     t.tm_sec, t.tm_hour < 12 ? "AM" : "PM", t.tm_zone);
}

}  // namespace tt::dscli
