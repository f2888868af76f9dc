// SPDX-License-Identifier: Apache-2.0
#include "image/executor_configuration.h"

#include <fmt/format.h>

#include "image/executor_support.h"
#include "image/metrics.h"
#include "image/rows.h"

namespace tt::image {

using model::IdKind;
using model::Response;
using nlohmann::json;
using Planner = ControlPlane::Planner;

namespace {

std::optional<std::uint16_t> existing_pool(Image& image, const std::string& name) {
  const auto id = number_of(IdKind::extent_pool, name);
  if (!id || !image.control().config().pools.contains(*id)) return std::nullopt;
  return id;
}

// ---- volumes --------------------------------------------------------------------------------------------------------

volume::CapacityType capacity_type_of(const json& arguments) {
  const std::string type = text_of(arguments, "capacity_type");
  if (type == "ess") return volume::CapacityType::ess;
  return type == "blocks" ? volume::CapacityType::blocks : volume::CapacityType::ds;
}

/// Their volume groups come last: what cannot be changed is in no new group.
rt::Task<Result<void>> join_groups(Image& image, VolumeId id, std::vector<std::uint16_t> groups) {
  if (groups.empty()) co_return Result<void>{};
  const ControlPlane::HostPlanner plan = [&](const volume::ImageConfig& config) {
    return as_mutation(volume::plan_join_volume_groups(config, id, groups));
  };
  auto done = co_await image.control().change_hosts(plan);
  co_return done;
}

rt::Task<Response> change_volumes(Image& image, json arguments) {
  const auto pattern = given<std::string>(arguments, "name");
  volume::ChangeVolumeRequest request;
  request.block_count = given<std::uint64_t>(arguments, "capacity_blocks");
  request.capacity_type = capacity_type_of(arguments);
  if (const auto* model = model::find_os400_model(text_of(arguments, "os400_model"))) request.os400 = model->model;
  request.t10dif = arguments.value("t10dif", false);
  request.resource_group = resource_group_of(arguments);
  const bool changes = request.block_count || request.os400 || request.t10dif || request.resource_group;
  Response missing;
  const std::vector<std::uint16_t> groups = volume_groups_of(image.control().config(), arguments, missing);
  if (!missing.results.empty()) co_return missing;
  auto volumes = volumes_named(arguments);
  for (auto& volume : volumes) {
    if (!volume.id) continue;
    request.id = *volume.id;
    if (pattern) request.name = model::expand_name_pattern(*pattern, *volume.id);
    volume.done = Result<void>{};
    if (request.name || changes) volume.done = co_await image.control().change_volume(request);
    if (volume.done) volume.done = co_await join_groups(image, *volume.id, groups);
  }
  co_return results_of(volumes);
}

rt::Task<Response> release_space(Image& image, json arguments) {
  auto volumes = volumes_named(arguments);
  for (auto& volume : volumes) {
    if (volume.id) volume.done = co_await image.control().release_space(*volume.id);
  }
  co_return results_of(volumes);
}

rt::Task<Response> show_volume(Image& image, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  Response response = one_row(volume_rows(config), arguments);
  const auto id = model::parse_volume_id(text_of(arguments, "id"));
  if (response.status != Errc::ok || !id) co_return response;
  if (arguments.value("metrics", false)) {
    json row = co_await volume_metrics(image, *id);
    row["id"] = text_of(arguments, "id");
    co_return rows_of({std::move(row)});
  }
  const volume::VolumeConfig& volume = config.volumes.at(*id);
  std::vector<json> table;
  if (arguments.value("rank_table", false)) table = volume_rank_rows(volume);
  if (arguments.value("pool_table", false)) table = volume_pool_rows(volume);
  if (arguments.value("target_table", false)) table = thin_target_rows(config, *id);
  response.rows.insert(response.rows.end(), table.begin(), table.end());
  co_return response;
}

// ---- LSSs and pools -------------------------------------------------------------------------------------------------

rt::Task<Response> show_lss(Image& image, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  Response response = one_row(lss_rows(config), arguments);
  const auto id = model::parse_lss_id(text_of(arguments, "id"));
  if (response.status != Errc::ok || !id || !arguments.value("summary", false)) co_return response;
  const std::vector<json> table = lss_sum_rows(config, *id);
  response.rows.insert(response.rows.end(), table.begin(), table.end());
  co_return response;
}

rt::Task<Response> change_lsses(Image& image, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  volume::ChangeLssRequest request;
  request.consistency_group = given<bool>(arguments, "consistency_group");
  request.long_busy_timeout_s = given<std::uint32_t>(arguments, "long_busy_seconds");
  request.resource_group = resource_group_of(arguments);
  auto lsses = subjects_of(arguments, Errc::object_not_found, model::parse_lss_id);
  for (auto& lss : lsses) {
    if (!lss.id) continue;
    request.id = *lss.id;
    const Planner plan = [&config, request] { return as_mutation(volume::plan_change_lss(config, request)); };
    lss.done = co_await image.control().record(plan);
  }
  co_return results_of(lsses);
}

volume::ChangePoolRequest pool_request(const json& arguments) {
  volume::ChangePoolRequest request;
  request.name = given<std::string>(arguments, "name");
  request.threshold_percent = given<std::uint8_t>(arguments, "threshold_percent");
  request.limit_percent = given<std::uint8_t>(arguments, "limit_percent");
  request.limited = given<bool>(arguments, "extent_limit");
  request.virtual_limited = given<bool>(arguments, "virtual_extent_limit");
  return request;
}

rt::Task<Response> make_pool(Image& image, json arguments) {
  if (text_of(arguments, "storage_type") == "ckd") co_return failed(Errc::not_in_this_release);
  const volume::ImageConfig& config = image.control().config();
  const std::string name = text_of(arguments, "name");
  const auto group = arguments.value("rank_group", std::uint8_t{0});
  const std::uint64_t extent =
      text_of(arguments, "extent_size") == "small" ? volume::kSmallExtentBytes : volume::kLargeExtentBytes;
  const volume::ChangePoolRequest limits = pool_request(arguments);
  std::string id = name;
  const Planner plan = [&config, &id, name, group, extent, limits]() -> Planned {
    TT_TRY(auto made, volume::plan_make_pool(config, name, group, extent));
    if (limits.threshold_percent) made.pool.threshold_percent = *limits.threshold_percent;
    if (limits.limit_percent) made.pool.limit_percent = *limits.limit_percent;
    if (limits.limited) made.pool.limited = *limits.limited;
    if (limits.virtual_limited) made.pool.virtual_limited = *limits.virtual_limited;
    id = fmt::format("P{}", made.pool.id);
    return volume::Mutation(std::move(made));
  };
  auto done = co_await image.control().record(plan);
  co_return one_result(id, done);
}

rt::Task<Response> change_pool(Image& image, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  const std::string text = text_of(arguments, "id");
  const auto id = number_of(IdKind::extent_pool, text);
  if (!id) co_return one_result(text, Errc::object_not_found);
  volume::ChangePoolRequest request = pool_request(arguments);
  request.id = *id;
  Result<void> done;
  const bool limits = request.limit_percent || request.limited || request.virtual_limited;
  if (request.name || request.threshold_percent || limits) {
    const Planner plan = [&config, request] { return as_mutation(volume::plan_change_pool(config, request)); };
    done = co_await image.control().record(plan);
  }
  if (const auto from = given<std::string>(arguments, "merge"); done && from) {
    const auto merged = number_of(IdKind::extent_pool, *from);
    if (!merged) co_return one_result(*from, Errc::object_not_found);
    const Planner plan = [&config, into = *id, from_id = *merged] {
      return as_mutation(volume::plan_merge_pools(config, into, from_id));
    };
    done = co_await image.control().record(plan);
    if (!done) co_return one_result(*from, done);
  }
  co_return one_result(text, done);
}

rt::Task<Response> show_pool(Image& image, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  Response response = one_row(pool_rows(config), arguments);
  const auto id = number_of(IdKind::extent_pool, text_of(arguments, "id"));
  if (response.status != Errc::ok || !id) co_return response;
  if (arguments.value("metrics", false)) {
    json row = co_await pool_metrics(image, *id);
    row["id"] = text_of(arguments, "id");
    co_return rows_of({std::move(row)});
  }
  std::vector<json> table;
  if (arguments.value("rank_table", false)) table = pool_rank_rows(config, *id);
  if (arguments.value("volume_table", false)) table = pool_volume_rows(config, *id);
  if (arguments.value("summary", false)) table = pool_sum_rows(config, *id);
  response.rows.insert(response.rows.end(), table.begin(), table.end());
  co_return response;
}

// ---- array sites, arrays, ranks -------------------------------------------------------------------------------------

rt::Task<Response> list_sites(Image& image, json) {
  co_return rows_of(site_rows(image.control().config()));
}

rt::Task<Response> show_site(Image& image, json arguments) {
  co_return one_row(site_rows(image.control().config()), arguments);
}

rt::Task<Response> list_arrays(Image& image, json) {
  co_return rows_of(array_rows(image.control().config()));
}

rt::Task<Response> show_array(Image& image, json arguments) {
  co_return one_row(array_rows(image.control().config()), arguments);
}

rt::Task<Response> show_rank(Image& image, json arguments) {
  Response response = one_row(rank_rows(image.control().config()), arguments);
  const auto id = number_of(IdKind::rank, text_of(arguments, "id"));
  if (response.status != Errc::ok || !id || !arguments.value("metrics", false)) co_return response;
  json row = co_await rank_metrics(image, *id);
  row["id"] = text_of(arguments, "id");
  co_return rows_of({std::move(row)});
}

/// The original joins several array sites to one array; a file or device is one.
rt::Task<Response> make_array(Image& image, json arguments) {
  const auto sites = arguments.at("array_sites").get<std::vector<std::string>>();
  if (sites.size() != 1) co_return one_result(sites.empty() ? "-" : sites.front(), Errc::not_combinable);
  const auto site = number_of(IdKind::array_site, sites.front());
  if (!site) co_return one_result(sites.front(), Errc::object_not_found);
  const std::string type = text_of(arguments, "raid_type");
  const auto raid = static_cast<std::uint8_t>(type == "10" ? 10 : type[0] - '0');
  auto made = co_await image.control().make_array(*site, raid);
  if (!made) co_return one_result(sites.front(), made.error());
  co_return one_result(fmt::format("A{}", *made), {});
}

rt::Task<Response> remove_arrays(Image& image, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  auto arrays = objects_named(arguments, IdKind::array);
  for (auto& array : arrays) {
    if (!array.id) continue;
    const Planner plan = [&config, id = *array.id] { return as_mutation(volume::plan_remove_array(config, id)); };
    array.done = co_await image.control().record(plan);
  }
  co_return results_of(arrays);
}

rt::Task<Response> make_rank(Image& image, json arguments) {
  if (text_of(arguments, "storage_type") == "ckd") co_return failed(Errc::not_in_this_release);
  const std::string text = text_of(arguments, "array");
  const auto array = number_of(IdKind::array, text);
  std::optional<std::uint16_t> pool;
  if (const auto name = given<std::string>(arguments, "extent_pool")) {
    pool = existing_pool(image, *name);
    if (!pool) co_return one_result(*name, Errc::object_not_found);
  }
  if (!array) co_return one_result(text, Errc::object_not_found);
  auto made = co_await image.control().make_rank(*array, pool);
  if (!made) co_return one_result(text, made.error());
  co_return one_result(fmt::format("R{}", *made), {});
}

rt::Task<Response> remove_ranks(Image& image, json arguments) {
  auto ranks = objects_named(arguments, IdKind::rank);
  for (auto& rank : ranks) {
    if (rank.id) rank.done = co_await image.control().remove_rank(*rank.id);
  }
  co_return results_of(ranks);
}

Planned plan_rank_change(const volume::ImageConfig& config, std::uint16_t rank, const std::string& action,
                         std::optional<std::uint16_t> pool) {
  if (action == "assign") return as_mutation(volume::plan_assign_rank(config, rank, pool));
  if (action == "reserve" || action == "release") {
    return as_mutation(volume::plan_reserve_rank(config, rank, action == "reserve"));
  }
  const auto found = config.ranks.find(rank);
  if (pool && found != config.ranks.end() && found->second.pool != pool) return {Errc::not_combinable, rank};
  return as_mutation(volume::plan_assign_rank(config, rank, std::nullopt));
}

rt::Task<Result<void>> change_rank(Image& image, std::uint16_t rank, std::string action,
                                   std::optional<std::uint16_t> pool) {
  const volume::ImageConfig& config = image.control().config();
  // -extpool with -reserve or -release: into the pool first.
  if (pool && action != "assign" && action != "unassign") {
    const Planner assign = [&config, rank, pool] { return plan_rank_change(config, rank, "assign", pool); };
    auto assigned = co_await image.control().record(assign);
    if (!assigned) co_return assigned;
  }
  const Planner change = [&config, rank, &action, pool] { return plan_rank_change(config, rank, action, pool); };
  auto done = co_await image.control().record(change);
  co_return done;
}

rt::Task<Response> change_ranks(Image& image, json arguments) {
  std::optional<std::uint16_t> pool;
  if (const auto name = given<std::string>(arguments, "extent_pool")) {
    pool = existing_pool(image, *name);
    if (!pool) co_return one_result(*name, Errc::object_not_found);
  }
  const std::string action = text_of(arguments, "action");
  if (action == "assign" && !pool) co_return failed(Errc::invalid_argument);
  auto ranks = objects_named(arguments, IdKind::rank);
  for (auto& rank : ranks) {
    if (rank.id) rank.done = co_await change_rank(image, *rank.id, action, pool);
  }
  co_return results_of(ranks);
}

constexpr ConfigurationEntry kOperations[] = {
    {"chfbvol", change_volumes}, {"initfbvol", release_space}, {"showfbvol", show_volume}, {"chlss", change_lsses},
    {"showlss", show_lss},       {"mkextpool", make_pool},     {"chextpool", change_pool}, {"showextpool", show_pool},
    {"lsarraysite", list_sites}, {"showarraysite", show_site}, {"lsarray", list_arrays},   {"showarray", show_array},
    {"mkarray", make_array},     {"rmarray", remove_arrays},   {"mkrank", make_rank},      {"showrank", show_rank},
    {"chrank", change_ranks},    {"rmrank", remove_ranks},
};

}  // namespace

ConfigurationOperation find_configuration_operation(std::string_view operation) {
  return find_in(kOperations, operation);
}

}  // namespace tt::image
