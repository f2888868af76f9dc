// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/render.h"

#include <span>

#include "interfaces/dscli/cells.h"
#include "interfaces/dscli/text_table.h"

namespace tt::dscli {

namespace {

using model::Attribute;
using model::IdKind;
using model::ObjectClass;
using nlohmann::json;

std::vector<const Attribute*> attributes_of(const Command& command, const ObjectClass& object_class) {
  std::vector<const Attribute*> attributes;
  const bool ds6000 = !command.image.empty() && model::personality_of(command.image) == model::Personality::ds6000;
  const auto add = [&](std::string_view heading) {
    const Attribute* attribute = object_class.find(heading);
    TT_ASSERT(attribute != nullptr);
    if (!ds6000 || !attribute->only_ds8000) attributes.push_back(attribute);
  };
  if (command.operation->shape == model::Shape::show) {
    for (const auto heading : object_class.fields) add(heading);
    return attributes;
  }
  if (command.output.ids_only) {
    for (const Attribute& attribute : object_class.attributes) {
      if (attribute.key == "id") return {&attribute};
    }
  }
  for (const auto heading : command.output.all_columns ? object_class.wide : object_class.list) add(heading);
  for (const model::Argument& argument : command.operation->arguments) {
    if (!argument.has(model::kAddsColumns) || !command.locals.contains(argument.key)) continue;
    for (const auto heading : object_class.extra) add(heading);
  }
  return attributes;
}

std::string qualified(const std::string& id, const std::string& image) {
  return image.empty() || id == "-" ? id : image + "/" + id;
}

}  // namespace

Settings merged_settings(const Settings& session, const OutputChoice& choice) {
  Settings merged = session;
  if (choice.fullid) merged.fullid = *choice.fullid;
  if (choice.paging) merged.paging = choice.paging;
  if (choice.header) merged.header = *choice.header;
  if (choice.verbose) merged.verbose = *choice.verbose;
  if (choice.rows) merged.rows = *choice.rows;
  if (choice.format) merged.format = *choice.format;
  if (choice.delim) merged.delim = *choice.delim;
  // A date line would make the output no XML, so there it must be asked for.
  if (merged.format == OutputFormat::xml) merged.banner = false;
  if (choice.banner) merged.banner = *choice.banner;
  return merged;
}

namespace {

/// What a row says of the image that has the object; else it is the one that was asked.
std::string image_of(std::string_view key, const json& row, const std::string& asked) {
  return row.value(std::string(key) + "_image", asked);
}

/// With the image before it; each end of a pair with its own.
std::string full_id(const Attribute& attribute, const json& row, const std::string& id, const std::string& asked) {
  const std::size_t colon = id.find(':');
  if (attribute.id_kind == IdKind::none) return id;
  if (colon == std::string::npos) return qualified(id, image_of(attribute.key, row, asked));
  return qualified(id.substr(0, colon), image_of("source", row, asked)) + ":" +
         qualified(id.substr(colon + 1), image_of("target", row, asked));
}

TextTable table_of(const std::vector<const Attribute*>& attributes, std::span<const json> rows,
                   const Settings& settings, const std::string& image) {
  TextTable table;
  for (const Attribute* attribute : attributes) {
    table.columns.push_back({std::string(attribute->heading), attribute->align});
  }
  for (const json& row : rows) {
    std::vector<std::string> cells;
    for (const Attribute* attribute : attributes) {
      std::string cell = cell_text(*attribute, row);
      cells.push_back(settings.fullid ? full_id(*attribute, row, cell, image) : std::move(cell));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

/// `show`: in the default form one field per line.
std::vector<std::string> lines_of(const TextTable& table, const Settings& settings, std::string_view xml_name,
                                  bool show) {
  switch (settings.format) {
    case OutputFormat::xml:
      return xml_lines(table, xml_name);
    case OutputFormat::delim:
      return delimited_lines(table, settings.header, settings.delim);
    case OutputFormat::stanza:
      return stanza_lines(table);
    case OutputFormat::table:
      break;
  }
  return show ? stanza_lines(table) : table_lines(table, settings.header);
}

constexpr std::size_t kTitleWidth = 40;

/// "=====Rank extents====="
std::string title_line(std::string_view title) {
  const std::size_t rest = kTitleWidth > title.size() ? kTitleWidth - title.size() : 0;
  return std::string(rest / 2, '=') + std::string(title) + std::string(rest - rest / 2, '=');
}

/// The table below an object that an option of a show command asked for; nothing if none did.
const ObjectClass* appended_class(const Command& command) {
  for (const model::Argument& argument : command.operation->arguments) {
    if (!argument.appends.empty() && command.arguments.contains(argument.key))
      return model::find_class(argument.appends);
  }
  return nullptr;
}

const ObjectClass* shown_class(const Command& command) {
  for (const model::Argument& argument : command.operation->arguments) {
    if (!argument.shows.empty() && command.arguments.contains(argument.key)) return model::find_class(argument.shows);
  }
  return model::find_class(command.operation->object_class);
}

}  // namespace

std::vector<std::string> render_rows(const Command& command, const Settings& settings, const std::vector<json>& rows) {
  const ObjectClass* object_class = shown_class(command);
  TT_ASSERT(object_class != nullptr);
  const bool show = command.operation->shape == model::Shape::show;
  const ObjectClass* below = show ? appended_class(command) : nullptr;
  const std::span<const json> objects(rows.data(), below != nullptr ? 1 : rows.size());
  const TextTable table = table_of(attributes_of(command, *object_class), objects, settings, command.image);
  std::vector<std::string> lines = lines_of(table, settings, object_class->xml_name, show);
  if (below == nullptr) return lines;

  std::vector<const Attribute*> attributes;
  for (const auto heading : below->list) attributes.push_back(below->find(heading));
  const TextTable more = table_of(attributes, std::span<const json>(rows).subspan(1), settings, command.image);
  std::vector<std::string> added = lines_of(more, settings, below->xml_name, false);
  if (settings.format == OutputFormat::xml) {  // one document
    lines.pop_back();
    added.erase(added.begin());
  } else if (settings.header) {
    lines.push_back(title_line(below->title));
  }
  lines.insert(lines.end(), added.begin(), added.end());
  return lines;
}

std::string banner_line(std::int64_t epoch_seconds, std::string_view version, std::string_view image) {
  return "Date/Time: " + banner_date_text(epoch_seconds) + " IBM DSCLI Version: " + std::string(version) +
         " DS: " + std::string(image.empty() ? "-" : image);
}

}  // namespace tt::dscli
