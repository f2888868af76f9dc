// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/binder.h"

#include <algorithm>

#include "interfaces/dscli/expansion.h"
#include "interfaces/dscli/finish.h"
#include "interfaces/dscli/values.h"

namespace tt::dscli {

namespace {

using model::Argument;
using model::ArgumentKind;
using model::IdKind;
using model::Operation;
using model::Shape;
using nlohmann::json;

// Keys of the common arguments; they never reach a request.
constexpr Argument kCommon[] = {
    {.flag = "dev",
     .key = "dev",
     .kind = ArgumentKind::id,
     .value = "storage_image",
     .id_kind = IdKind::image,
     .help = "the storage image, IBM.2107-75ABCD1; default is devid of the profile"},
    {.flag = "quiet", .key = "quiet", .value = "true", .help = "do not ask for a confirmation"},
    {.flag = "s", .key = "s", .value = "true", .exclusive = "length", .help = "ids only"},
    {.flag = "l", .key = "l", .value = "true", .exclusive = "length", .help = "all columns"},
    {.flag = "fmt",
     .key = "fmt",
     .kind = ArgumentKind::choice,
     .value = "default|xml|delim|stanza",
     .help = "form of the output"},
    {.flag = "delim",
     .key = "delim",
     .kind = ArgumentKind::text,
     .value = "c",
     .low = 1,
     .high = 1,
     .help = "separator of -fmt delim"},
    {.flag = "hdr", .key = "hdr", .kind = ArgumentKind::on_off, .value = "on|off", .help = "column headings"},
    {.flag = "bnr", .key = "bnr", .kind = ArgumentKind::on_off, .value = "on|off", .help = "date and version line"},
    {.flag = "p", .key = "p", .kind = ArgumentKind::on_off, .value = "on|off", .help = "stop after each page"},
    {.flag = "r",
     .key = "r",
     .kind = ArgumentKind::number,
     .value = "n",
     .low = 1,
     .high = 100,
     .help = "rows per page"},
    {.flag = "fullid", .key = "fullid", .value = "true", .help = "ids with the storage image"},
    {.flag = "v", .key = "v", .kind = ArgumentKind::on_off, .value = "on|off", .help = "tell what is done"},
};

Rejection syntax_error(std::string text) {
  return {"CMUC09011E", {std::move(text)}, {}, kExitSyntax};
}

bool is_help_flag(std::string_view flag) {
  return flag == "?" || model::equals_ignoring_case(flag, "h") || model::equals_ignoring_case(flag, "help");
}

/// State of binding one line; each step returns false after setting `rejection`.
class Binder {
 public:
  Binder(const Operation& operation, const BindContext& context) : operation_(operation), context_(context) {
    command_.operation = &operation;
  }

  std::variant<Command, Rejection> bind(std::span<const Word> words) {
    if (!read_flags(words)) return rejection_;
    if (command_.help) return std::move(command_);
    const bool good = read_operands() && apply_defaults() && check_required() && settle_image() && check_available();
    if (!good) return rejection_;
    apply_common();
    std::string problem = finish_command(command_);
    if (!problem.empty()) return syntax_error(std::move(problem));
    return std::move(command_);
  }

 private:
  bool fail(std::string text) {
    rejection_ = syntax_error(std::move(text));
    return false;
  }

  bool read_flags(std::span<const Word> words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      const Word& word = words[i];
      if (!is_plain_text(word.text)) return fail("a word holds characters that are no text (UTF-8).");
      const bool is_flag = !word.quoted && word.text.size() > 1 && word.text[0] == '-';
      if (!is_flag) {
        operands_.push_back(word.text);
        continue;
      }
      const std::string_view name = std::string_view(word.text).substr(1);
      if (is_help_flag(name)) {
        command_.help = true;
        return true;
      }
      const Argument* argument = find_argument(name);
      if (argument == nullptr) return fail(word.text + " is not a parameter of " + std::string(operation_.name) + ".");
      if (!operands_.empty()) return fail(word.text + " stands behind an operand: operands come last.");
      if (!read_flag(*argument, words, i)) return false;
    }
    return true;
  }

  const Argument* find_argument(std::string_view name) const {
    if (const Argument* own = operation_.find_flag(name)) return own;
    for (const Argument& common : kCommon) {
      if (model::equals_ignoring_case(common.flag, name) && has_common_argument(operation_, common)) return &common;
    }
    return nullptr;
  }

  bool read_flag(const Argument& argument, std::span<const Word> words, std::size_t& i) {
    const std::string dashed = "-" + std::string(argument.flag);
    for (const Argument* earlier : given_) {
      if (earlier == &argument) return fail(dashed + " is given twice.");
      if (!argument.exclusive.empty() && earlier->exclusive == argument.exclusive) {
        return fail(dashed + " and -" + std::string(earlier->flag) + " exclude each other.");
      }
    }
    given_.push_back(&argument);
    std::string_view text = argument.value;
    if (argument.kind != ArgumentKind::constant) {
      if (i + 1 >= words.size()) return fail(dashed + " needs a value.");
      text = words[++i].text;
      if (!is_plain_text(text)) return fail(dashed + ": the value holds characters that are no text (UTF-8).");
    }
    json value;
    const std::string problem = read_value(argument, text, value);
    if (!problem.empty()) return fail(dashed + ": " + problem);
    destination(argument)[std::string(argument.key)] = std::move(value);
    return true;
  }

  static bool is_common(const Argument& argument) {
    return &argument >= std::begin(kCommon) && &argument < std::end(kCommon);
  }

  json& destination(const Argument& argument) {
    if (is_common(argument)) return common_;
    return argument.has(model::kLocal) ? command_.locals : command_.arguments;
  }

  bool read_operands() {
    const Argument* operand = operation_.operand();
    if (operand == nullptr) {
      if (operands_.empty()) return true;
      return fail("'" + operands_[0] + "' is too much: " + std::string(operation_.name) + " has no operands.");
    }
    if (operands_.size() == 1 && operands_[0] == "-" && !operand->has(model::kSingle)) {
      if (!context_.read_operands) {
        rejection_ = {"CMUC09014E", {}, {}, kExitSyntax};
        return false;
      }
      operands_ = context_.read_operands();
      for (const std::string& text : operands_) {
        if (!is_plain_text(text)) return fail("standard input holds characters that are no text (UTF-8).");
      }
    }
    if (operand->has(model::kSingle) && operands_.size() > 1) {
      return fail("'" + operands_[1] + "' is too much: " + std::string(operation_.name) + " has one operand.");
    }
    switch (operand->kind) {
      case ArgumentKind::pairs:
        return read_pairs(*operand);
      case ArgumentKind::selection:
        return read_selections(*operand);
      case ArgumentKind::ids:
      case ArgumentKind::named_ids:
        return read_ids(*operand);
      default:
        return read_names(*operand);
    }
  }

  bool read_names(const Argument& operand) {
    json names = json::array();
    for (const std::string& text : operands_) {
      const auto length = static_cast<std::int64_t>(text.size());
      if (operand.high > 0 && (length < operand.low || length > operand.high)) {
        return fail("'" + text + "' must have " + std::to_string(operand.low) + " to " + std::to_string(operand.high) +
                    " characters.");
      }
      names.push_back(text);
    }
    store_operand(operand, std::move(names));
    return true;
  }

  bool read_ids(const Argument& operand) {
    json ids = json::array();
    for (const std::string& text : operands_) {
      ExpandedIds expanded = expand_ids(operand.id_kind, text);
      if (!expanded.problem.empty()) return fail(expanded.problem);
      if (operand.has(model::kSingle) && expanded.ids.size() > 1) return fail("'" + text + "': one object only.");
      if (!note_image(expanded.image)) return false;
      for (std::string& id : expanded.ids) {
        if (std::find(ids.begin(), ids.end(), id) != ids.end()) return fail("'" + id + "' is given twice.");
        ids.push_back(std::move(id));
      }
    }
    store_operand(operand, std::move(ids));
    return true;
  }

  bool read_selections(const Argument& operand) {
    json entries = json::array();
    for (const std::string& text : operands_) {
      const Selection selection = read_selection(operand.id_kind, text);
      if (!selection.problem.empty()) return fail(selection.problem);
      if (!operand.elsewhere && !selection.other_image.empty()) {
        return fail("Source and target are in different storage images.");
      }
      // Either end may be that of the image that is asked.
      const bool one_end = operand.elsewhere && text.find(':') != std::string::npos;
      if (!one_end && !note_image(selection.image)) return false;
      for (const std::string& entry : selection.entries) entries.push_back(entry);
    }
    store_operand(operand, std::move(entries));
    return true;
  }

  bool read_pairs(const Argument& operand) {
    json pairs = json::array();
    // With -at the volumes of this image are enough; with -at tgt it has the targets.
    const bool takes_volumes = command_.arguments.contains("at") && operation_.find_flag("at") != nullptr;
    const bool has_targets = takes_volumes && command_.arguments["at"] == "tgt";
    for (const std::string& text : operands_) {
      if (takes_volumes && text.find(':') == std::string::npos) {
        ExpandedIds volumes = expand_ids(operand.id_kind, text);
        if (!volumes.problem.empty()) return fail(volumes.problem);
        if (!note_image(volumes.image)) return false;
        for (std::string& id : volumes.ids) pairs.push_back({{has_targets ? "target" : "source", std::move(id)}});
        continue;
      }
      ExpandedPairs expanded = expand_pairs(operand.id_kind, text);
      if (!expanded.problem.empty()) return fail(expanded.problem);
      if (has_targets) std::swap(expanded.source_image, expanded.target_image);
      if (operand.elsewhere) {
        if (!note_remote_image(expanded.target_image)) return false;
      } else if (!expanded.other_image.empty()) {
        rejection_ = {std::string(model::message_id_of(Errc::images_differ, operation_.name)), {}, text, kExitServer};
        return false;
      }
      if (!note_image(operand.elsewhere ? expanded.source_image : expanded.image)) return false;
      for (const IdPair& pair : expanded.pairs) {
        pairs.push_back({{"source", pair.source}, {"target", pair.target}});
      }
    }
    store_operand(operand, std::move(pairs));
    return true;
  }

  void store_operand(const Argument& operand, json values) {
    if (values.empty()) return;
    const std::string key(operand.key);
    destination(operand)[key] = operand.has(model::kSingle) ? values[0] : std::move(values);
  }

  bool note_image(const std::string& image) {
    if (image.empty()) return true;
    if (!operand_image_.empty() && operand_image_ != image) {
      return fail("the operands name two storage images, " + operand_image_ + " and " + image + ".");
    }
    operand_image_ = image;
    return true;
  }

  /// Of the target of a pair whose ends are in two images.
  bool note_remote_image(const std::string& image) {
    if (image.empty()) return true;
    const std::string given = command_.arguments.value("remote_image", image);
    if (given != image) return fail("the targets are in two storage images, " + given + " and " + image + ".");
    command_.arguments["remote_image"] = image;
    return true;
  }

  /// The profile's other image, unless the command says by itself which one is meant.
  bool settle_remote_image() {
    const auto takes_remote = [](const Argument& argument) { return argument.key == "remote_image"; };
    if (context_.remotedevid.empty() || std::ranges::none_of(operation_.arguments, takes_remote)) return true;
    if (command_.arguments.contains("remote_image") || command_.arguments.contains("remote_wwnn")) return true;
    const auto image = model::parse_image_id(context_.remotedevid);
    if (!image) return fail("remotedevid of the profile, '" + context_.remotedevid + "', is not a storage image id.");
    command_.arguments["remote_image"] = *image;
    return true;
  }

  bool apply_defaults() {
    if (!settle_remote_image()) return false;
    for (const Argument& argument : operation_.arguments) {
      json& into = destination(argument);
      if (argument.fallback.empty() || into.contains(argument.key)) continue;
      const std::string problem = read_value(argument, argument.fallback, into[std::string(argument.key)]);
      TT_ASSERT(problem.empty());
    }
    return true;
  }

  bool check_required() {
    for (const Argument& argument : operation_.arguments) {
      const bool wanted = argument.has(model::kRequired) && !argument.has(model::kDerived);
      if (!wanted || destination(argument).contains(argument.key)) continue;
      if (argument.is_operand()) return fail("an operand is missing: " + std::string(argument.value) + ".");
      return fail("-" + std::string(argument.flag) + " is missing.");
    }
    return true;
  }

  bool settle_image() {
    const std::string given = common_.value("dev", std::string());
    if (!given.empty() && !operand_image_.empty() && given != operand_image_) {
      return fail("-dev " + given + " and the operand's storage image " + operand_image_ + " differ.");
    }
    command_.image = !given.empty() ? given : operand_image_;
    const Argument* operand = operation_.operand();
    if (operand != nullptr && command_.arguments.contains("id")) {
      if (operand->id_kind == IdKind::image) command_.image = command_.arguments["id"].get<std::string>();
      if (operand->id_kind == IdKind::storage_unit) {
        command_.image = model::image_of_unit(command_.arguments["id"].get<std::string>());
      }
    }
    if (operation_.needs_image && command_.image.empty()) command_.image = context_.devid;
    if (operation_.needs_image && command_.image.empty()) {
      rejection_ = {"CMUC09012E", {}, {}, kExitSyntax};
      return false;
    }
    return true;
  }

  /// Parameters that exist, but not here; after everything is known to be spelled well.
  bool check_available() {
    const bool is_ds6000 =
        !command_.image.empty() && model::personality_of(command_.image) == model::Personality::ds6000;
    if (is_ds6000 && operation_.only_ds8000) {
      rejection_ = {std::string(model::message_id_of(Errc::not_in_this_release, operation_.name)),
                    {"", std::string(operation_.name)},
                    {},
                    kExitServer};
      return false;
    }
    for (const Argument* argument : given_) {
      const bool missing = argument->has(model::kLater) || (is_ds6000 && argument->has(model::kOnlyDs8000));
      if (!missing) continue;
      rejection_ = {std::string(model::message_id_of(Errc::not_in_this_release, operation_.name)),
                    {"", "-" + std::string(argument->flag)},
                    {},
                    kExitServer};
      return false;
    }
    return true;
  }

  template <class T>
  void take(std::string_view key, std::optional<T>& into) {
    if (const auto found = common_.find(key); found != common_.end()) into = found->get<T>();
  }

  void apply_common() {
    OutputChoice& output = command_.output;
    command_.quiet = common_.contains("quiet");
    output.ids_only = common_.contains("s");
    output.all_columns = common_.contains("l");
    take("fullid", output.fullid);
    take("p", output.paging);
    take("hdr", output.header);
    take("bnr", output.banner);
    take("v", output.verbose);
    take("r", output.rows);
    if (common_.contains("fmt")) output.format = parse_format(common_["fmt"].get<std::string>());
    if (common_.contains("delim")) output.delim = common_["delim"].get<std::string>()[0];
  }

  const Operation& operation_;
  const BindContext& context_;
  Command command_;
  Rejection rejection_;
  json common_ = json::object();
  std::vector<const Argument*> given_;
  std::vector<std::string> operands_;
  std::string operand_image_;
};

Rejection unknown_command(std::string_view name) {
  if (const model::LaterCommand* later = model::find_later_command(name)) {
    return {std::string(model::message_id_of(Errc::not_in_this_release, name)),
            {"", std::string(later->name) + " (" + std::string(later->area) + ")"},
            {},
            kExitServer};
  }
  std::string hint;
  for (const std::string_view similar : model::similar_commands(name)) {
    hint += hint.empty() ? " Did you mean: " : ", ";
    hint += similar;
  }
  if (!hint.empty()) hint += "?";
  return {"CMUC09010E", {std::string(name), hint}, {}, kExitSyntax};
}

}  // namespace

std::span<const Argument> common_arguments() {
  return kCommon;
}

bool has_common_argument(const Operation& operation, const Argument& common) {
  if (common.flag == "dev") return operation.place == model::Place::image;
  if (common.flag == "quiet") return !operation.prompt.empty();
  if (common.flag == "v") return operation.shape != Shape::tool;
  if (operation.shape == Shape::list) return true;
  const bool lists_only = common.flag == "s" || common.flag == "l" || common.flag == "p" || common.flag == "r";
  return operation.shape == Shape::show && !lists_only;
}

std::variant<Command, Rejection> bind_command(std::span<const Word> words, const BindContext& context) {
  TT_ASSERT(!words.empty());
  const Operation* operation = model::find_operation(words[0].text);
  if (operation == nullptr) return unknown_command(words[0].text);
  return Binder(*operation, context).bind(words.subspan(1));
}

}  // namespace tt::dscli
