// SPDX-License-Identifier: Apache-2.0
// Operations on resource groups.
#include "image/executor_configuration.h"
#include "image/executor_support.h"

namespace tt::image {

using model::IdKind;
using model::Response;
using nlohmann::json;
using Planner = ControlPlane::Planner;

namespace {

std::vector<json> group_rows(const volume::ImageConfig& config) {
  std::vector<json> rows;
  const auto add = [&](const volume::ResourceGroupConfig& group) {
    const volume::ResourceGroupUse use = volume::use_of(config, group.id);
    rows.push_back({{"id", resource_group_text(group.id)},
                    {"name", group.name},
                    {"state", "Normal"},
                    {"label", group.label},
                    {"description", group.description},
                    {"volumes", use.volumes},
                    {"lsses", use.lsses},
                    {"volume_groups", use.volume_groups},
                    {"host_connections", use.host_connections}});
  };
  add(volume::public_resource_group());
  for (const auto& [id, group] : config.resource_groups) add(group);
  return rows;
}

rt::Task<Response> list_groups(Image& image, json) {
  co_return rows_of(group_rows(image.control().config()));
}

rt::Task<Response> show_group(Image& image, json arguments) {
  co_return one_row(group_rows(image.control().config()), arguments);
}

/// Names the label if that was wrong, or else the group.
Response group_result(const json& arguments, const volume::ResourceGroupRequest& request, const Result<void>& done) {
  const bool about_label = !done && request.label &&
                           (done.error().code == Errc::invalid_argument ||
                            (done.error().code == Errc::id_taken && done.error().detail != request.id));
  return one_result(about_label ? *request.label : text_of(arguments, "id"), done);
}

volume::ResourceGroupRequest request_of(const json& arguments, std::uint16_t id) {
  volume::ResourceGroupRequest request;
  request.id = id;
  request.name = given<std::string>(arguments, "name");
  request.label = given<std::string>(arguments, "label");
  request.description = given<std::string>(arguments, "description");
  return request;
}

template <class Plan>
rt::Task<Response> record_group(Image& image, json arguments, Plan* plan_change) {
  const volume::ImageConfig& config = image.control().config();
  const std::string text = text_of(arguments, "id");
  const auto id = number_of(IdKind::resource_group, text);
  if (!id) co_return one_result(text, Errc::limit_reached);
  const volume::ResourceGroupRequest request = request_of(arguments, *id);
  const Planner plan = [&config, &request, plan_change] { return as_mutation(plan_change(config, request)); };
  auto done = co_await image.control().record(plan);
  co_return group_result(arguments, request, done);
}

rt::Task<Response> make_group(Image& image, json arguments) {
  auto response = co_await record_group(image, std::move(arguments), volume::plan_make_resource_group);
  co_return response;
}

rt::Task<Response> change_group(Image& image, json arguments) {
  auto response = co_await record_group(image, std::move(arguments), volume::plan_change_resource_group);
  co_return response;
}

rt::Task<Response> remove_groups(Image& image, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  auto groups = objects_named(arguments, IdKind::resource_group);
  for (auto& group : groups) {
    if (!group.id) continue;
    const Planner plan = [&config, id = *group.id] {
      return as_mutation(volume::plan_remove_resource_group(config, id));
    };
    group.done = co_await image.control().record(plan);
  }
  co_return results_of(groups);
}

constexpr ConfigurationEntry kOperations[] = {
    {"lsresgrp", list_groups},  {"showresgrp", show_group},  {"mkresgrp", make_group},
    {"chresgrp", change_group}, {"rmresgrp", remove_groups},
};

}  // namespace

ConfigurationOperation find_group_operation(std::string_view operation) {
  return find_in(kOperations, operation);
}

}  // namespace tt::image
