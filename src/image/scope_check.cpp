// SPDX-License-Identifier: Apache-2.0
#include "image/scope_check.h"

#include <algorithm>
#include <utility>

#include "image/executor_support.h"
#include "model/ids.h"

namespace tt::image {

using model::ArgumentKind;
using model::IdKind;
using model::ObjectResult;
using model::Reach;
using nlohmann::json;

namespace {

bool can_be_in_a_group(IdKind kind) {
  return kind == IdKind::volume || kind == IdKind::lss || kind == IdKind::volume_group ||
         kind == IdKind::host_connection || kind == IdKind::resource_group;
}

bool is_sent(const model::Argument& argument) {
  return !argument.has(model::kLocal) && !argument.has(model::kLater);
}

class ScopeCheck {
 public:
  ScopeCheck(const volume::ImageConfig& config, const std::string& scope, const model::Operation& operation,
             const json& arguments)
      : config_(config), scope_(scope), operation_(operation), arguments_(arguments) {}

  /// The first group that is not covered of what every object of the operand shares.
  std::optional<ObjectResult> shared() const {
    bool names_objects = false;
    for (const model::Argument& argument : operation_.arguments) {
      if (!is_sent(argument) || !can_be_in_a_group(argument.id_kind)) continue;
      if (argument.elsewhere && argument.kind != ArgumentKind::pairs) continue;
      names_objects = true;
      if (is_list_operand(argument)) continue;
      for (const std::string& name : names_of(argument)) {
        if (const auto group = refusing_group(argument.id_kind, name)) return refusal(name, *group);
      }
    }
    if (!names_objects && !covers(volume::kPublicGroup)) return refusal(own_name(), volume::kPublicGroup);
    return std::nullopt;
  }

  /// Of one object of the operand.
  std::optional<ObjectResult> of(const model::Argument& operand, const json& item) const {
    if (operand.kind == ArgumentKind::pairs) {
      const std::string source = item.value("source", std::string());
      const std::string target = item.value("target", std::string());
      const bool has_target = operand.elsewhere && arguments_.value("at", std::string()) == "tgt";
      std::vector<std::string> ends = {has_target ? target : source};
      if (!operand.elsewhere) ends.push_back(target);
      const bool whole = !source.empty() && !target.empty();
      for (const std::string& end : ends) {
        if (const auto group = refusing_group(operand.id_kind, end))
          return refusal(source + (whole ? ":" : "") + target, *group);
      }
      return std::nullopt;
    }
    const bool is_new = operand.kind == ArgumentKind::named_ids;
    const std::string name = is_new ? item.value("id", std::string()) : item.get<std::string>();
    const auto group = is_new ? refusing_lss_of_new(name) : refusing_group(operand.id_kind, name);
    if (group) return refusal(name, *group);
    if (const auto beyond = refusing_beyond(name)) return refusal(name, *beyond);
    return std::nullopt;
  }

  static bool is_list_operand(const model::Argument& argument) {
    return argument.is_operand() && !argument.has(model::kSingle);
  }

 private:
  using Group = std::optional<std::uint16_t>;

  static ObjectResult refusal(std::string name, std::uint16_t group) {
    return {std::move(name), Errc::outside_scope, group};
  }

  bool covers(std::uint16_t id) const {
    const volume::ResourceGroupConfig* group = volume::find_resource_group(config_, id);
    return group != nullptr && model::scope_covers(scope_, group->label);
  }
  Group unless_covered(std::uint16_t id) const { return covers(id) ? Group() : Group(id); }

  /// The ids an argument gives, as they are or by its fallback.
  std::vector<std::string> names_of(const model::Argument& argument) const {
    const auto found = arguments_.find(std::string(argument.key));
    if (found == arguments_.end() || found->is_null()) {
      if (argument.fallback.empty()) return {};
      return {std::string(argument.fallback)};
    }
    if (found->is_string()) return {found->get<std::string>()};
    std::vector<std::string> names;
    for (const json& item : *found) {
      if (item.is_string()) names.push_back(item.get<std::string>());
    }
    return names;
  }

  /// How a refusal of the whole request is called.
  std::string own_name() const {
    const model::Argument* operand = operation_.operand();
    std::vector<std::string> names;
    if (operand != nullptr) names = names_of(*operand);
    return names.empty() ? config_.storage_image_id : names.front();
  }

  /// The group of an object that there is and whose group is not covered. What does not exist is refused by whoever
  /// looks for it; an LSS exists as soon as it is named, in RG0.
  Group refusing_group(IdKind kind, const std::string& name) const {
    if (kind == IdKind::volume) {
      const auto id = model::parse_volume_id(name);
      return id ? of_volume(*id) : Group();
    }
    const auto id = number_of(kind, name);
    if (!id) return {};
    switch (kind) {
      case IdKind::lss:
        return of_lss(static_cast<std::uint8_t>(*id));
      case IdKind::volume_group:
        return of_volume_group(*id);
      case IdKind::host_connection: {
        const auto found = config_.host_connections.find(*id);
        return found != config_.host_connections.end() ? unless_covered(found->second.resource_group) : Group();
      }
      case IdKind::resource_group:
        return volume::find_resource_group(config_, *id) != nullptr ? unless_covered(*id) : Group();
      default:
        return {};
    }
  }

  Group of_volume(VolumeId id) const {
    const volume::VolumeConfig* found = config_.find_volume(id);
    return found != nullptr ? unless_covered(found->resource_group) : Group();
  }

  Group of_lss(std::uint8_t id) const {
    const auto found = config_.lsses.find(id);
    return unless_covered(found != config_.lsses.end() ? found->second.resource_group : volume::kPublicGroup);
  }

  Group of_volume_group(std::uint16_t id) const {
    const volume::VolumeGroupConfig* found = volume::find_volume_group(config_, id);
    if (found == nullptr) return {};
    if (!volume::is_predefined(id)) return unless_covered(found->resource_group);
    if (!covers(volume::kPublicGroup)) return volume::kPublicGroup;
    for (const auto& [number, group] : config_.resource_groups) {
      if (!covers(number)) return number;
    }
    return {};
  }

  /// A new volume is judged by the group it shall be in, which all of the request share, and by its LSS.
  Group refusing_lss_of_new(const std::string& name) const {
    const auto id = model::parse_volume_id(name);
    return id ? of_lss(static_cast<std::uint8_t>(id->value >> 8U)) : Group();
  }

  Group refusing_beyond(const std::string& name) const {
    switch (operation_.reach) {
      case Reach::copies_of_volume:
        return text_of(arguments_, "mode") == "force" ? of_other_ends(name) : Group();
      case Reach::copies_of_source:
        return of_revertible_targets(name);
      case Reach::frozen_sources:
        return of_frozen_sources(name);
      case Reach::tagged_copies:  // their pairs have become the operand
      case Reach::named:
        break;
    }
    return {};
  }

  Group of_other_ends(const std::string& name) const {
    const auto id = model::parse_volume_id(name);
    if (!id) return {};
    for (const volume::Relationship& r : config_.relationships.from(*id)) {
      if (const Group group = r.closing() ? Group() : of_volume(r.target)) return group;
    }
    for (const volume::Relationship& r : config_.relationships.onto(*id)) {
      if (const Group group = r.closing() ? Group() : of_volume(r.source)) return group;
    }
    for (const volume::RangeCopy& copy : config_.range_copies.from(*id)) {
      if (const Group group = of_volume(copy.target)) return group;
    }
    for (const volume::RangeCopy& copy : config_.range_copies.onto(*id)) {
      if (const Group group = of_volume(copy.source)) return group;
    }
    return {};
  }

  Group of_revertible_targets(const std::string& name) const {
    const auto source = model::parse_volume_id(name);
    const auto number = given<std::uint32_t>(arguments_, "sequence_number");
    if (!source) return {};
    for (const volume::Relationship& relationship : config_.relationships.from(*source)) {
      if (relationship.closing() || !relationship.revertible()) continue;
      if (number && relationship.options.sequence_number != *number) continue;
      if (const Group group = of_volume(relationship.target)) return group;
    }
    return {};
  }

  Group of_frozen_sources(const std::string& name) const {
    const auto lss = model::parse_lss_id(name);
    for (const VolumeId source : config_.frozen_sources) {
      if (lss != static_cast<std::uint8_t>(source.value >> 8U)) continue;
      if (const Group group = of_volume(source)) return group;
    }
    return {};
  }

  const volume::ImageConfig& config_;
  const std::string& scope_;
  const model::Operation& operation_;
  const json& arguments_;
};

bool names_no_pairs(const json& arguments) {
  const auto pairs = arguments.find("pairs");
  return pairs == arguments.end() || pairs->empty();
}

ScopedRequest refused_as_a_whole(ObjectResult refusal) {
  ScopedRequest request;
  request.refusals.emplace_back(std::move(refusal));
  request.nothing_left = true;
  return request;
}

}  // namespace

ScopedRequest within_scope(const volume::ImageConfig& config, const std::string& scope,
                           const model::Operation& operation, json arguments) {
  if (operation.reach == Reach::tagged_copies && names_no_pairs(arguments)) {
    arguments["pairs"] = tagged_pairs(config, arguments);
  }
  const ScopeCheck check(config, scope, operation, arguments);
  if (auto refusal = check.shared()) return refused_as_a_whole(std::move(*refusal));
  ScopedRequest request;
  request.arguments = arguments;
  const model::Argument* operand = operation.operand();
  if (operand == nullptr || !ScopeCheck::is_list_operand(*operand) || !can_be_in_a_group(operand->id_kind)) {
    return request;
  }
  const std::string key(operand->key);
  json kept = json::array();
  for (const json& item : arguments.value(key, json::array())) {
    request.refusals.push_back(check.of(*operand, item));
    if (!request.refusals.back()) kept.push_back(item);
  }
  request.nothing_left = kept.empty() && !request.refusals.empty();
  request.arguments[key] = std::move(kept);
  return request;
}

model::Response with_refusals(const ScopedRequest& request, model::Response done) {
  if (done.status != Errc::ok) return done;
  std::vector<ObjectResult> all;
  const auto kept = std::count(request.refusals.begin(), request.refusals.end(), std::nullopt);
  const bool one_each = static_cast<std::size_t>(kept) == done.results.size();
  auto next = done.results.begin();
  for (const auto& refusal : request.refusals) {
    if (refusal) {
      all.push_back(*refusal);
    } else if (one_each) {
      all.push_back(std::move(*next++));
    }
  }
  if (!one_each) all.insert(all.end(), done.results.begin(), done.results.end());
  done.results = std::move(all);
  return done;
}

}  // namespace tt::image
