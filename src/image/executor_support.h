// SPDX-License-Identifier: Apache-2.0
// What the parts of the executor have in common: answers, and values of requests.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/executor.h"
#include "model/ids.h"
#include "volume/mutation.h"

namespace tt::image {

inline model::ObjectResult verdict(std::string name, const Result<void>& done) {
  if (done) return {std::move(name), Errc::ok, 0};
  return {std::move(name), done.error().code, done.error().detail};
}

inline model::Response failed(Errc code) {
  model::Response response;
  response.status = code;
  return response;
}

inline model::Response rows_of(std::vector<nlohmann::json> rows) {
  model::Response response;
  response.rows = std::move(rows);
  return response;
}

/// The row that `id` of the request names, else object_not_found.
inline model::Response one_row(std::vector<nlohmann::json> rows, const nlohmann::json& arguments) {
  const std::string id = arguments.value("id", "");
  for (nlohmann::json& row : rows) {
    if (row["id"] == id) return rows_of({std::move(row)});
  }
  return failed(Errc::object_not_found);
}

/// A pool "P3" is 3.
inline std::optional<std::uint16_t> number_of(model::IdKind kind, const std::string& text) {
  const auto number = model::id_number(kind, text);
  if (!number || *number > 0xFFFF) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

inline model::Response one_result(std::string name, const Result<void>& done) {
  model::Response response;
  response.results.push_back(verdict(std::move(name), done));
  return response;
}

/// One of the objects that a request names. Each is done in turn, and one failure does not stop the others.
template <class Id>
struct Subject {
  std::string name;
  std::optional<Id> id;  ///< Nothing if the name is none: then `done` stays what it is.
  Result<void> done;
};

template <class Parse>
auto subjects_of(const nlohmann::json& arguments, Errc unknown, Parse parse) {
  std::vector<Subject<typename decltype(parse(std::string()))::value_type>> subjects;
  for (const nlohmann::json& item : arguments.at("ids")) {
    auto name = item.get<std::string>();
    auto id = parse(name);
    subjects.push_back({std::move(name), id, unknown});
  }
  return subjects;
}

inline std::vector<Subject<VolumeId>> volumes_named(const nlohmann::json& arguments) {
  return subjects_of(arguments, Errc::volume_not_found, model::parse_volume_id);
}

/// Objects whose ids have numbers.
inline std::vector<Subject<std::uint16_t>> objects_named(const nlohmann::json& arguments, model::IdKind kind) {
  return subjects_of(arguments, Errc::object_not_found,
                     [kind](const std::string& text) { return number_of(kind, text); });
}

template <class Id>
model::Response results_of(const std::vector<Subject<Id>>& subjects) {
  model::Response response;
  for (const Subject<Id>& subject : subjects) response.results.push_back(verdict(subject.name, subject.done));
  return response;
}

inline model::Response results_of(const std::vector<std::string>& names, const std::vector<Result<void>>& verdicts) {
  model::Response response;
  for (std::size_t i = 0; i < verdicts.size(); ++i) response.results.push_back(verdict(names[i], verdicts[i]));
  return response;
}

/// The pairs that a request names; all or none.
struct NamedPairs {
  std::vector<std::pair<VolumeId, VolumeId>> ids;
  std::vector<std::string> names;  ///< "0100:0200"
};

/// Nothing if one of them names no volume.
inline std::optional<NamedPairs> pairs_named(const nlohmann::json& arguments) {
  NamedPairs pairs;
  for (const nlohmann::json& item : arguments.value("pairs", nlohmann::json::array())) {
    const auto source = item.value("source", std::string());
    const auto target = item.value("target", std::string());
    const auto source_id = model::parse_volume_id(source);
    const auto target_id = model::parse_volume_id(target);
    if (!source_id || !target_id) return std::nullopt;
    pairs.ids.emplace_back(*source_id, *target_id);
    pairs.names.push_back(source + ":" + target);
  }
  return pairs;
}

using Planned = Result<volume::Mutation>;

template <class Plan>
Planned as_mutation(Result<Plan> plan) {
  if (!plan) return plan.error();
  return volume::Mutation(std::move(plan).value());
}

inline std::string text_of(const nlohmann::json& arguments, const char* key) {
  return arguments.value(key, std::string());
}

/// The volume groups of -volgrp. `missing` gets a result for each that does not exist: then nothing is to be done.
inline std::vector<std::uint16_t> volume_groups_of(const volume::ImageConfig& config, const nlohmann::json& arguments,
                                                   model::Response& missing) {
  std::vector<std::uint16_t> groups;
  for (const nlohmann::json& item : arguments.value("volume_groups", nlohmann::json::array())) {
    const auto text = item.get<std::string>();
    const auto id = number_of(model::IdKind::volume_group, text);
    if (id && volume::find_volume_group(config, *id) != nullptr) {
      groups.push_back(*id);
    } else {
      missing.results.push_back({text, Errc::object_not_found, 0});
    }
  }
  return groups;
}

inline std::string resource_group_text(std::uint16_t id) {
  return *model::id_of_number(model::IdKind::resource_group, id);
}

/// The resource or performance group that a request names and that does not exist; empty if all is well. Everything is
/// in performance group PG0.
inline std::string missing_group_of(const volume::ImageConfig& config, const nlohmann::json& arguments) {
  const std::string resource = text_of(arguments, "resource_group");
  if (!resource.empty()) {
    const auto id = number_of(model::IdKind::resource_group, resource);
    if (!id || volume::find_resource_group(config, *id) == nullptr) return resource;
  }
  const std::string performance = text_of(arguments, "performance_group");
  return performance == "PG0" ? std::string() : performance;
}

/// The pairs of the relationships that carry the sequence number of the request, as an argument; none without one.
inline nlohmann::json tagged_pairs(const volume::ImageConfig& config, const nlohmann::json& arguments) {
  nlohmann::json pairs = nlohmann::json::array();
  const auto number = arguments.find("sequence_number");
  if (number == arguments.end() || number->is_null()) return pairs;
  for (const auto& [generation, r] : config.relationships) {
    if (r.closing() || r.options.sequence_number != number->get<std::uint32_t>()) continue;
    pairs.push_back({{"source", model::volume_id_text(r.source)}, {"target", model::volume_id_text(r.target)}});
  }
  return pairs;
}

/// Absent and null are "not given".
template <class T>
std::optional<T> given(const nlohmann::json& arguments, const char* key) {
  const auto found = arguments.find(key);
  if (found == arguments.end() || found->is_null()) return std::nullopt;
  return found->get<T>();
}

inline std::optional<std::uint16_t> resource_group_of(const nlohmann::json& arguments) {
  const std::string text = text_of(arguments, "resource_group");
  return text.empty() ? std::nullopt : number_of(model::IdKind::resource_group, text);
}

}  // namespace tt::image
