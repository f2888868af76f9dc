// SPDX-License-Identifier: Apache-2.0
// Ids as people write them: volumes "0100", LSSs "10", pools "P0", ranks "R3", images "IBM.2107-75ABCD1". Either case
// in, upper case out; a fully qualified id is "image/id".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace tt::model {

enum class Personality : std::uint8_t { ds6000 = 1, ds8000 = 2 };

/// What kind of object an operand or a column names.
enum class IdKind : std::uint8_t {
  none,
  volume,
  lss,
  extent_pool,
  rank,
  array,
  array_site,
  image,
  pair,
  user,
  free_text,
  storage_unit,
  volume_group,
  host_connection,
  io_port,
  wwpn,
  lun,
  resource_group,
  performance_group,
};

/// Exactly four hex digits. LSS FF does not exist.
std::optional<VolumeId> parse_volume_id(std::string_view text);
std::string volume_id_text(VolumeId id);

/// Exactly two hex digits, 00-FE.
std::optional<std::uint8_t> parse_lss_id(std::string_view text);
std::string lss_id_text(std::uint8_t lss);

/// "P12" or "R3": the letter in either case, a decimal number without leading zeros.
std::optional<std::uint32_t> parse_numbered_id(char letter, std::string_view text);
/// The letter of ids of this kind (P0, R3, A1, S2), or nothing.
std::optional<char> letter_of(IdKind kind);

/// The number that orders and ranges ids of one kind; nothing for text that is no such id, and for kinds without
/// order.
std::optional<std::uint32_t> id_number(IdKind kind, std::string_view text);
/// The canonical id of such a number.
std::optional<std::string> id_of_number(IdKind kind, std::uint32_t number);

/// "IBM.2107-75ABCD1" with upper-case serial, or nothing if the text has another form.
std::optional<std::string> parse_image_id(std::string_view text);
/// The storage unit that holds an image: the serial of a 2107 unit ends in 0.
std::string unit_of_image(std::string_view image_id);
/// The first image of a unit; the only one that a software unit has.
std::string image_of_unit(std::string_view unit_id);
Personality personality_of(std::string_view image_id);

/// An operand split at its slash: "IBM.2107-75ABCD1/0100" or just "0100" (image empty).
struct QualifiedId {
  std::string image;
  std::string id;
};
/// Nothing if there is an image part of a wrong form.
std::optional<QualifiedId> split_qualified(std::string_view text);

/// The short id of `kind` in canonical form ("p0" -> "P0", "01ab" -> "01AB"), or nothing.
std::optional<std::string> canonical_id(IdKind kind, std::string_view text);

/// Replaces #h by the four hex digits and #d by the decimal number of the volume.
std::string expand_name_pattern(std::string_view pattern, VolumeId id);

}  // namespace tt::model
