// SPDX-License-Identifier: Apache-2.0
// The catalogue: what can be asked, of which objects, by whom, and what is answered. Declared once in the tables of
// operations.cpp, object_classes.cpp, later_commands.cpp and messages.cpp; everything here is constant and any thread
// may read it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/ids.h"
#include "model/roles.h"

namespace tt::model {

/// Where an operation is carried out.
enum class Place : std::uint8_t {
  client,   ///< In the program the user runs (help, setenv).
  console,  ///< In the management console (users).
  image,    ///< In a storage image.
};

/// What an operation does to objects; decides which output options it has.
enum class Shape : std::uint8_t { tool, list, show, change };

/// What an operation does something to beyond the objects that its arguments name: a user's scope must cover that too.
enum class Reach : std::uint8_t {
  named,             ///< Nothing.
  copies_of_volume,  ///< The other ends of the volumes' FlashCopies, when they are withdrawn (mode "force").
  copies_of_source,  ///< The targets of the sources' revertible relationships.
  tagged_copies,     ///< Without pairs: both ends of every relationship of the sequence number.
  frozen_sources,    ///< Frozen volumes of the LSSs.
};

enum class ArgumentKind : std::uint8_t {
  constant,    ///< A flag without value; `value` is stored under the key ("true" and "false" as booleans).
  text,        ///< low..high characters.
  secret,      ///< Text that is never logged or shown.
  choice,      ///< One of `value`: "fb|ckd"; further spellings follow with commas: "blocks,lbs".
  on_off,      ///< on or off, stored as boolean.
  enabling,    ///< enable or disable, stored as boolean.
  number,      ///< Decimal, low..high.
  hex_number,  ///< Hexadecimal, low..high.
  id,          ///< One id of id_kind.
  words,       ///< Comma-separated list, stored as array.
  id_list,     ///< Ids and ranges of id_kind, separated by commas; expanded to an array of ids.
  // Operands (flag is empty):
  ids,        ///< Ids and ranges, expanded to an array of ids.
  selection,  ///< Ids, ranges and pairs kept as written; for listings.
  pairs,      ///< source:target and pair ranges, expanded to an array of {source, target}.
  names,      ///< Free words, an array.
  named_ids,  ///< Ids and ranges; the request holds an array of {id, name}.
};

/// Traits of an argument.
inline constexpr std::uint8_t kRequired = 1;
inline constexpr std::uint8_t kLater = 2;         ///< Known, but not in this release.
inline constexpr std::uint8_t kOnlyDs8000 = 4;    ///< Not known to a 1750 image.
inline constexpr std::uint8_t kLocal = 8;         ///< For the client only; not part of the request.
inline constexpr std::uint8_t kSingle = 16;       ///< An operand given exactly once at most; stored as a scalar.
inline constexpr std::uint8_t kDerived = 128;     ///< Part of the request, made by the interface from other arguments.
inline constexpr std::uint8_t kAddsColumns = 32;  ///< Adds the extra columns of the object class.
inline constexpr std::uint8_t kExtension = 64;    ///< Ours; the original has no such option.

struct Argument {
  std::string_view flag = {};  ///< Without the dash; empty for the operand.
  std::string_view key = {};   ///< In the request.
  ArgumentKind kind = ArgumentKind::constant;
  std::string_view value = {};     ///< Choices, the constant, or the placeholder shown in the synopsis.
  std::string_view fallback = {};  ///< Used when not given, as the user would write it; empty = key stays absent.
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::string_view exclusive = {};  ///< At most one argument of the same set may be given.
  std::uint8_t traits = 0;
  IdKind id_kind = IdKind::none;
  std::string_view shows = {};    ///< In show commands: the class of the rows, instead of the operation's.
  std::string_view appends = {};  ///< In show commands: the class of a table below the object; its rows follow.
  std::string_view matches = {};  ///< In listings: row keys ("a|b") one of which must equal the value.
  std::string_view help = {};
  bool elsewhere = false;  ///< What it names, or the target of each pair, is of another image.

  [[nodiscard]] constexpr bool has(std::uint8_t trait) const { return (traits & trait) != 0; }
  [[nodiscard]] constexpr bool is_operand() const { return flag.empty() && !has(kDerived); }
  [[nodiscard]] constexpr bool is_flag() const { return !flag.empty(); }
};

enum class Align : std::uint8_t { left, right };

/// How a raw value becomes a cell; the views (DS CLI, later pages) implement each of them.
enum class Format : std::uint8_t {
  text,
  number,
  words,             ///< An array, joined by commas.
  listed,            ///< An array, joined by blanks.
  enabled,           ///< true = Enabled.
  hex,               ///< Upper-case hex without leading zeros.
  hex_prefixed,      ///< 0xFF10
  seconds_suffixed,  ///< "90 secs"
  days_suffixed,     ///< "90 days"
  numeric_date,      ///< 07/11/2005 20:34:03 CEST
  date,              ///< Mon Jul 11 20:34:03 CEST 2005
  blocks_gib,        ///< Blocks as 2^30 bytes, one decimal.
  blocks_gb,         ///< Blocks as 10^9 bytes, one decimal.
  blocks_mib,
  capacity_type,     ///< ds = DS, ess = ESS, blocks = Blocks.
  bytes_gb,          ///< "127.5 GB" of 2^30 bytes.
  bytes_decimal_gb,  ///< Bytes as 10^9 bytes, one decimal.
  on_off,            ///< true = On.
  extents_gib,       ///< Extents times the row's extent_bytes, as 2^30 bytes.
  percent_of_total,  ///< Extents as part of the row's total_extents.
  percent_left,      ///< 100 minus that.
  extents_mib,       ///< Extents times 1 GiB or the row's extent_bytes, as MiB.
  extent_size,       ///< large or small, from bytes.
  limit_gib,         ///< total_extents limited by a percentage, as 2^30 bytes.
  virtual_status,    ///< below, exceeded or full, from virtual_extents against total_extents.
  tracks_percent,    ///< Share of track_count that is no longer out of sync.
  rate_mib,          ///< Bytes per second as MiB per second, one decimal.
  time_left,         ///< From out_of_sync_tracks and copy_bytes_per_second: h:mm:ss.
};

struct Attribute {
  std::string_view key = {};
  std::string_view heading = {};
  Format format = Format::text;
  Align align = Align::left;
  IdKind id_kind = IdKind::none;  ///< Shown fully qualified with -fullid.
  bool only_ds8000 = false;
};

struct ObjectClass {
  std::string_view name = {};
  std::string_view title = {};     ///< As in "No FB Volume found."
  std::string_view xml_name = {};  ///< CLASSNAME of the xml format.
  IdKind id_kind = IdKind::none;
  std::span<const Attribute> attributes = {};
  std::span<const std::string_view> list = {};    ///< Headings of the default listing, in order.
  std::span<const std::string_view> wide = {};    ///< Headings with -l.
  std::span<const std::string_view> fields = {};  ///< Headings of the show command.
  std::span<const std::string_view> extra = {};   ///< Appended by an argument with kAddsColumns.

  [[nodiscard]] const Attribute* find(std::string_view heading) const;
};

struct Operation {
  std::string_view name = {};
  std::string_view summary = {};
  Place place = Place::image;
  Shape shape = Shape::tool;
  Access access = Access::monitor;
  Reach reach = Reach::named;
  std::string_view object_class = {};
  std::span<const Argument> arguments = {};
  std::string_view success = {};    ///< Message per object that went well.
  std::string_view cancelled = {};  ///< The same with -cancel.
  std::string_view prompt = {};     ///< Question per object before a destructive operation; -quiet leaves it out.
  std::string_view asks_with = {};  ///< Only asked when this key is given; empty = always.
  /// Asked only of objects that the image, asked with `preview`, answers with the message of `prompt`; and only where
  /// there is somebody to ask.
  bool asks_by_preview = false;
  std::string_view loses = {};  ///< What is lost, for help and confirmations.
  bool needs_image = true;      ///< Wants -dev, devid or a fully qualified operand.
  bool only_ds8000 = false;
  std::string_view example = {};
  std::uint16_t audit_code = 0;  ///< Of the audit log record per object; 0 = not recorded.
  std::string_view audit_event = {};

  [[nodiscard]] const Argument* find_flag(std::string_view flag) const;
  [[nodiscard]] const Argument* operand() const;
};

/// A command of the original that this release does not have.
struct LaterCommand {
  std::string_view name = {};
  std::string_view area = {};
};

struct Message {
  std::string_view id = {};    ///< "CMUC00137I"; the last letter is the severity.
  std::string_view text = {};  ///< {0} the object, {1} a detail.
  std::string_view cause = {};
  std::string_view action = {};
};

std::span<const Operation> operations();
/// Case-insensitive; also by alias (exit, q).
const Operation* find_operation(std::string_view name);
std::span<const std::pair<std::string_view, std::string_view>> command_aliases();

std::span<const LaterCommand> later_commands();
const LaterCommand* find_later_command(std::string_view name);

/// At most five names of the catalogue that resemble `name`, best first; for "did you mean".
std::vector<std::string_view> similar_commands(std::string_view name);

std::span<const ObjectClass> object_classes();
const ObjectClass* find_class(std::string_view name);

std::span<const Message> messages();
const Message* find_message(std::string_view id);

/// The message that reports `code` for `operation` (some operations have one of their own). Never empty for a code
/// other than ok.
std::string_view message_id_of(Errc code, std::string_view operation);

/// What a message's second slot shows of an object's result: the number, or what it stands for.
std::string detail_text(Errc code, std::uint64_t detail);

/// `text` with {0}, {1}, ... replaced.
std::string fill_slots(std::string_view text, std::span<const std::string_view> values);

bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace tt::model
