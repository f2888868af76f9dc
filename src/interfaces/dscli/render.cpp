// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/render.h"

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

std::string qualified(IdKind kind, const std::string& id, const std::string& image) {
  if (kind == IdKind::none || image.empty() || id == "-") return id;
  const std::size_t colon = id.find(':');
  if (colon == std::string::npos) return image + "/" + id;
  return image + "/" + id.substr(0, colon) + ":" + image + "/" + id.substr(colon + 1);
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

std::vector<std::string> render_rows(const Command& command, const Settings& settings, const std::vector<json>& rows) {
  const ObjectClass* object_class = model::find_class(command.operation->object_class);
  TT_ASSERT(object_class != nullptr);
  TextTable table;
  const auto attributes = attributes_of(command, *object_class);
  for (const Attribute* attribute : attributes) {
    table.columns.push_back({std::string(attribute->heading), attribute->align});
  }
  for (const json& row : rows) {
    std::vector<std::string> cells;
    for (const Attribute* attribute : attributes) {
      std::string cell = cell_text(*attribute, row);
      cells.push_back(settings.fullid ? qualified(attribute->id_kind, cell, command.image) : std::move(cell));
    }
    table.rows.push_back(std::move(cells));
  }
  switch (settings.format) {
    case OutputFormat::xml:
      return xml_lines(table, object_class->xml_name);
    case OutputFormat::delim:
      return delimited_lines(table, settings.header, settings.delim);
    case OutputFormat::stanza:
      return stanza_lines(table);
    case OutputFormat::table:
      break;
  }
  const bool show = command.operation->shape == model::Shape::show;
  return show ? stanza_lines(table) : table_lines(table, settings.header);
}

std::string banner_line(std::int64_t epoch_seconds, std::string_view version, std::string_view image) {
  return "Date/Time: " + banner_date_text(epoch_seconds) + " IBM DSCLI Version: " + std::string(version) +
         " DS: " + std::string(image.empty() ? "-" : image);
}

}  // namespace tt::dscli
