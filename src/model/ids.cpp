// SPDX-License-Identifier: Apache-2.0
#include "model/ids.h"

#include <algorithm>
#include <charconv>

#include "model/host_identity.h"

namespace tt::model {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::optional<std::uint32_t> parse_number(std::string_view text, int base) {
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, value, base);
  if (failure != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

std::string hex_text(std::uint32_t value, std::size_t digits) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text(digits, '0');
  for (std::size_t i = digits; i-- > 0; value >>= 4U) text[i] = kDigits[value & 0xFU];
  return text;
}

}  // namespace

std::optional<VolumeId> parse_volume_id(std::string_view text) {
  if (text.size() != 4) return std::nullopt;
  const auto value = parse_number(text, 16);
  if (!value || *value >= 0xFF00) return std::nullopt;
  return VolumeId{static_cast<std::uint16_t>(*value)};
}

std::string volume_id_text(VolumeId id) {
  return hex_text(id.value, 4);
}

std::optional<std::uint8_t> parse_lss_id(std::string_view text) {
  if (text.size() != 2) return std::nullopt;
  const auto value = parse_number(text, 16);
  if (!value || *value >= 0xFF) return std::nullopt;
  return static_cast<std::uint8_t>(*value);
}

std::string lss_id_text(std::uint8_t lss) {
  return hex_text(lss, 2);
}

std::optional<std::uint32_t> parse_numbered_id(char letter, std::string_view text) {
  if (text.size() < 2 || text.size() > 6 || upper(text[0]) != letter) return std::nullopt;
  text.remove_prefix(1);
  if (text[0] == '0' && text.size() > 1) return std::nullopt;
  if (!std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  return parse_number(text, 10);
}

std::optional<char> letter_of(IdKind kind) {
  switch (kind) {
    case IdKind::extent_pool:
      return 'P';
    case IdKind::rank:
      return 'R';
    case IdKind::array:
      return 'A';
    case IdKind::array_site:
      return 'S';
    case IdKind::volume_group:
      return 'V';
    default:
      return std::nullopt;
  }
}

namespace {

/// Exactly so many hex digits.
std::optional<std::uint32_t> parse_hex(std::string_view text, std::size_t digits) {
  if (text.size() != digits) return std::nullopt;
  return parse_number(text, 16);
}

}  // namespace

std::optional<std::uint32_t> id_number(IdKind kind, std::string_view text) {
  if (kind == IdKind::host_connection) return parse_hex(text, 4);
  if (kind == IdKind::lun) return parse_hex(text, 2);
  if (kind == IdKind::resource_group || kind == IdKind::performance_group) {
    const char first = kind == IdKind::resource_group ? 'R' : 'P';
    if (text.empty() || upper(text[0]) != first) return std::nullopt;
    return parse_numbered_id('G', text.substr(1));
  }
  if (kind == IdKind::io_port) {
    if (text.empty() || upper(text[0]) != 'I') return std::nullopt;
    return parse_hex(text.substr(1), 4);
  }
  if (kind == IdKind::volume) {
    const auto volume = parse_volume_id(text);
    if (!volume) return std::nullopt;
    return volume->value;
  }
  if (kind == IdKind::lss) return parse_lss_id(text);
  const auto letter = letter_of(kind);
  return letter ? parse_numbered_id(*letter, text) : std::nullopt;
}

std::optional<std::string> id_of_number(IdKind kind, std::uint32_t number) {
  switch (kind) {
    case IdKind::volume:
      return volume_id_text(VolumeId{static_cast<std::uint16_t>(number)});
    case IdKind::lss:
      return lss_id_text(static_cast<std::uint8_t>(number));
    case IdKind::host_connection:
      return hex_text(number, 4);
    case IdKind::io_port:
      return "I" + hex_text(number, 4);
    case IdKind::lun:
      return hex_text(number, 2);
    case IdKind::resource_group:
      return "RG" + std::to_string(number);
    case IdKind::performance_group:
      return "PG" + std::to_string(number);
    default:
      break;
  }
  const auto letter = letter_of(kind);
  if (!letter) return std::nullopt;
  return *letter + std::to_string(number);
}

std::optional<std::string> parse_image_id(std::string_view text) {
  // IBM.tttt-sssssss
  if (text.size() != 16 || text[8] != '-') return std::nullopt;
  std::string id(text);
  std::transform(id.begin(), id.end(), id.begin(), upper);
  if (id.compare(0, 4, "IBM.") != 0) return std::nullopt;
  const std::string_view type = std::string_view(id).substr(4, 4);
  if (type != "1750" && type != "2107") return std::nullopt;
  const auto serial_ok = [](char c) { return is_digit(c) || is_letter(c); };
  if (!std::all_of(id.begin() + 9, id.end(), serial_ok)) return std::nullopt;
  return id;
}

std::string unit_of_image(std::string_view image_id) {
  std::string unit(image_id);
  if (personality_of(image_id) == Personality::ds8000 && !unit.empty()) unit.back() = '0';
  return unit;
}

std::string image_of_unit(std::string_view unit_id) {
  std::string image(unit_id);
  if (personality_of(unit_id) == Personality::ds8000 && !image.empty()) image.back() = '1';
  return image;
}

Personality personality_of(std::string_view image_id) {
  return image_id.size() >= 8 && image_id.substr(4, 4) == "1750" ? Personality::ds6000 : Personality::ds8000;
}

std::optional<QualifiedId> split_qualified(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return QualifiedId{{}, std::string(text)};
  auto image = parse_image_id(text.substr(0, slash));
  if (!image) return std::nullopt;
  return QualifiedId{std::move(*image), std::string(text.substr(slash + 1))};
}

std::optional<std::string> canonical_id(IdKind kind, std::string_view text) {
  switch (kind) {
    case IdKind::volume:
    case IdKind::lss:
    case IdKind::extent_pool:
    case IdKind::rank:
    case IdKind::array:
    case IdKind::array_site:
    case IdKind::volume_group:
    case IdKind::host_connection:
    case IdKind::io_port:
    case IdKind::lun:
    case IdKind::resource_group:
    case IdKind::performance_group: {
      const auto number = id_number(kind, text);
      if (!number) return std::nullopt;
      return id_of_number(kind, *number);
    }
    case IdKind::wwpn: {
      const auto wwpn = parse_wwpn(text);
      if (!wwpn) return std::nullopt;
      return wwpn_text(*wwpn);
    }
    case IdKind::image:
    case IdKind::storage_unit:
      return parse_image_id(text);
    case IdKind::none:
    case IdKind::pair:
    case IdKind::user:
    case IdKind::free_text:
      return std::string(text);
  }
  return std::nullopt;
}

std::string expand_name_pattern(std::string_view pattern, VolumeId id) {
  std::string name;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (pattern[i] == '#' && (next == 'h' || next == 'H')) {
      name += volume_id_text(id);
      ++i;
    } else if (pattern[i] == '#' && (next == 'd' || next == 'D')) {
      name += std::to_string(id.value);
      ++i;
    } else {
      name += pattern[i];
    }
  }
  return name;
}

}  // namespace tt::model
