// SPDX-License-Identifier: Apache-2.0
#include "image/executor.h"

#include <fmt/format.h>

#include "image/executor_configuration.h"
#include "image/executor_hosts.h"
#include "image/executor_mirrors.h"
#include "image/executor_paths.h"
#include "image/executor_support.h"
#include "image/metrics.h"
#include "image/rows.h"
#include "image/scope_check.h"
#include "model/catalogue.h"
#include "model/ids.h"

namespace tt::image {

using model::Response;
using nlohmann::json;

namespace {

volume::AllocationMethod method_of(const std::string& sam) {
  if (sam == "tse") return volume::AllocationMethod::tse;
  return sam == "ese" ? volume::AllocationMethod::ese : volume::AllocationMethod::standard;
}

volume::ExtentRotation rotation_of(const std::string& eam) {
  if (eam == "rotatevols") return volume::ExtentRotation::volumes;
  return eam == "rotateexts" ? volume::ExtentRotation::extents : volume::ExtentRotation::automatic;
}

volume::RelationshipOptions flash_options(const json& arguments) {
  volume::RelationshipOptions options;
  options.background_copy = arguments.value("background_copy", true);
  options.recording = arguments.value("recording", false);
  options.multiple_incremental = arguments.value("multiple_incremental", false);
  options.persistent = arguments.value("persistent", false) || options.recording;
  options.inhibit_target_writes = arguments.value("target_write_inhibit", false);
  options.sequence_number = arguments.value("sequence_number", std::uint32_t{0});
  options.copy_limit = arguments.value("copy_rate_mib", std::uint64_t{0}) * 1_MiB;
  if (text_of(arguments, "out_of_space") == "inhibit_source") {
    options.out_of_space = volume::OutOfSpace::inhibit_source;
  }
  return options;
}

/// Rows name no predefined groups; who asks for one that has all volumes of a kind gets rows that do.
std::vector<json> volume_rows_for(const volume::ImageConfig& config, const std::string& group) {
  std::vector<json> rows = volume_rows(config);
  const auto id = number_of(model::IdKind::volume_group, group);
  if (id != volume::kAllFixedBlock512 && id != volume::kAllFixedBlock520) return rows;
  for (json& row : rows) {
    const bool os400 = row["capacity_type"] == "iseries";
    if (os400 == (id == volume::kAllFixedBlock520)) row["volume_groups"].push_back(group);
  }
  return rows;
}

std::vector<json> network_port_rows(const NetworkPorts* network) {
  if (network == nullptr) return {};
  std::vector<json> rows;
  for (const NetworkPortStatus& port : network->status()) {
    json row = {{"id", port.name}, {"state", port.up ? "Online" : "Offline"}, {"addresses", port.addresses}};
    if (!port.hardware_address.empty()) row["hardware_address"] = port.hardware_address;
    if (port.speed_mbit) row["speed_mbit"] = *port.speed_mbit;
    if (port.mtu) row["mtu"] = *port.mtu;
    rows.push_back(std::move(row));
  }
  return rows;
}

/// What concerns other images.
PathOperation find_remote_operation(std::string_view operation) {
  const PathOperation paths = find_path_operation(operation);
  return paths != nullptr ? paths : find_mirror_operation(operation);
}

}  // namespace

rt::Task<Response> ImageExecutor::execute(model::Request request) {
  const model::Operation* operation = model::find_operation(request.operation);
  const bool judged = operation != nullptr && operation->shape == model::Shape::change;
  if (!judged || request.scope == model::kScopeOfAll) {
    auto response = co_await carry_out(std::move(request));
    co_return response;
  }
  ScopedRequest scoped =
      within_scope(image_.control().config(), request.scope, *operation, std::move(request.arguments));
  if (scoped.nothing_left) co_return with_refusals(scoped, {});
  request.arguments = std::move(scoped.arguments);
  auto done = co_await carry_out(std::move(request));
  co_return with_refusals(scoped, std::move(done));
}

rt::Task<Response> ImageExecutor::carry_out(model::Request request) {
  const volume::ImageConfig& config = image_.control().config();
  const std::string& operation = request.operation;
  json arguments = std::move(request.arguments);
  const bool other = arguments.value("copy_pace", false) || arguments.value("read_cache", false);
  if (operation == "lssi" || (operation == "showsi" && !other)) {
    std::uint64_t nvs = 0;
    for (const auto& shard : image_.shards()) nvs += shard->ring().capacity_bytes();
    const ReadCacheCounters cache = co_await read_cache_counters(image_);
    co_return rows_of({image_row(config, code_level_, nvs, cache.capacity_bytes)});
  }
  if (operation == "lsextpool") co_return rows_of(pool_rows(config));
  if (operation == "lsrank") co_return rows_of(rank_rows(config));
  if (operation == "lsfbvol") co_return rows_of(volume_rows_for(config, text_of(arguments, "volume_group")));
  if (operation == "lslss") co_return rows_of(lss_rows(config));
  if (operation == "lsnetworkport") co_return rows_of(network_port_rows(network_));
  if (operation == "shownetworkport") co_return one_row(network_port_rows(network_), arguments);

  if (const std::string group = missing_group_of(config, arguments); !group.empty()) {
    Response refused;
    refused.results.push_back({group, Errc::object_not_found, 0});
    co_return refused;
  }
  rt::Task<Response> work;
  if (const ConfigurationOperation run = find_configuration_operation(operation)) {
    work = run(image_, std::move(arguments));
  } else if (const ConfigurationOperation copies = find_copy_operation(operation)) {
    work = copies(image_, std::move(arguments));
  } else if (const ConfigurationOperation scrub = find_scrub_operation(operation)) {
    work = scrub(image_, std::move(arguments));
  } else if (const ConfigurationOperation ranges = find_range_operation(operation)) {
    work = ranges(image_, std::move(arguments));
  } else if (const ConfigurationOperation groups = find_group_operation(operation)) {
    work = groups(image_, std::move(arguments));
  } else if (const ConfigurationOperation repositories = find_repository_operation(operation)) {
    work = repositories(image_, std::move(arguments));
  } else if (const ConfigurationOperation about = find_image_operation(operation)) {
    arguments["code_level"] = code_level_;
    work = about(image_, std::move(arguments));
  } else if (const HostOperation host = find_host_operation(operation)) {
    work = host(image_, ports_, std::move(arguments));
  } else if (const PathOperation mirror = find_remote_operation(operation)) {
    if (mirror_ == nullptr) co_return failed(Errc::not_in_this_release);
    work = mirror(image_, mirror_, std::move(arguments));
  } else if (operation == "rmextpool") {
    work = remove_pools(std::move(arguments));
  } else if (operation == "mkfbvol") {
    work = make_volumes(std::move(arguments));
  } else if (operation == "rmfbvol") {
    work = remove_volumes(std::move(arguments));
  } else if (operation == "mkflash") {
    work = make_flash(std::move(arguments));
  } else if (operation == "rmflash") {
    work = remove_flash(std::move(arguments));
  } else if (operation == "resyncflash" || operation == "reverseflash" || operation == "setflashrevertible") {
    work = renew_flash(operation, std::move(arguments));
  } else if (operation == "commitflash" || operation == "revertflash") {
    work = settle_flash(operation == "commitflash", std::move(arguments));
  } else if (operation == "unfreezeflash") {
    work = unfreeze_flash(std::move(arguments));
  } else if (operation == "lsflash") {
    work = list_flash();
  } else {
    co_return failed(Errc::not_in_this_release);
  }
  Response response = co_await work;
  co_return response;
}

rt::Task<Response> ImageExecutor::remove_pools(json arguments) {
  auto pools = objects_named(arguments, model::IdKind::extent_pool);
  for (auto& pool : pools) {
    if (pool.id) pool.done = co_await image_.control().remove_pool(*pool.id);
  }
  co_return results_of(pools);
}

rt::Task<Response> ImageExecutor::make_volumes(json arguments) {
  volume::MakeVolumeRequest request;
  const auto pool = number_of(model::IdKind::extent_pool, text_of(arguments, "extent_pool"));
  if (!pool) co_return failed(Errc::object_not_found);
  request.pool = *pool;
  request.block_count = arguments.value("capacity_blocks", std::uint64_t{0});
  const std::string type = text_of(arguments, "capacity_type");
  request.capacity_type = type == "ess"      ? volume::CapacityType::ess
                          : type == "blocks" ? volume::CapacityType::blocks
                                             : volume::CapacityType::ds;
  request.method = method_of(text_of(arguments, "sam"));
  request.rotation = rotation_of(text_of(arguments, "eam"));
  if (const auto* model = model::find_os400_model(text_of(arguments, "os400_model"))) request.os400 = model->model;
  request.t10dif = arguments.value("t10dif", false);
  request.resource_group = resource_group_of(arguments).value_or(volume::kPublicGroup);
  Response response;
  request.volume_groups = volume_groups_of(image_.control().config(), arguments, response);
  if (!response.results.empty()) co_return response;
  for (const json& item : arguments.at("volumes")) {
    const std::string text = text_of(item, "id");
    const auto id = model::parse_volume_id(text);
    Result<void> done = Errc::volume_not_found;
    if (id) {
      request.id = *id;
      request.name = text_of(item, "name");
      done = co_await image_.control().make_volume(request);
    }
    response.results.push_back(verdict(text, done));
    const auto& pools = image_.control().config().pools;
    const bool draws = pools.contains(*pool) && pools.at(*pool).repository.has_value();
    if (done && request.method == volume::AllocationMethod::tse && !draws)
      response.results.back().detail = model::kAllocatedLikeEse;
  }
  co_return response;
}

rt::Task<Response> ImageExecutor::remove_volumes(json arguments) {
  const std::string mode_text = text_of(arguments, "mode");
  const RemoveMode mode = mode_text == "force"  ? RemoveMode::force
                          : mode_text == "safe" ? RemoveMode::safe
                                                : RemoveMode::normal;
  auto volumes = volumes_named(arguments);
  for (auto& volume : volumes) {
    if (volume.id) volume.done = co_await image_.control().remove_volume(*volume.id, mode);
  }
  co_return results_of(volumes);
}

rt::Task<Response> ImageExecutor::make_flash(json arguments) {
  const volume::RelationshipOptions options = flash_options(arguments);
  const bool freeze = arguments.value("freeze", false);
  const bool space_efficient = arguments.value("target_space_efficient", false);
  const std::optional<NamedPairs> pairs = pairs_named(arguments);
  if (!pairs) co_return failed(Errc::volume_not_found);
  std::vector<volume::PairRequest> requests;
  for (const auto& [source, target] : pairs->ids) {
    requests.push_back({source, target, options, freeze, space_efficient});
  }
  const std::vector<Result<void>> verdicts = co_await image_.control().establish(std::move(requests));
  co_return results_of(pairs->names, verdicts);
}

rt::Task<Response> ImageExecutor::remove_flash(json arguments) {
  std::optional<std::uint32_t> number;
  if (const auto found = arguments.find("sequence_number"); found != arguments.end() && !found->is_null()) {
    number = found->get<std::uint32_t>();
  }
  if (!arguments.contains("pairs") || arguments["pairs"].empty()) {
    arguments["pairs"] = tagged_pairs(image_.control().config(), arguments);
  }
  std::optional<NamedPairs> pairs = pairs_named(arguments);
  if (!pairs) co_return failed(Errc::volume_not_found);
  ControlPlane& control = image_.control();
  rt::Task<std::vector<Result<void>>> work;
  if (arguments.value("copy_first", false)) {
    work = control.copy_and_remove(std::move(pairs->ids), number);
  } else if (arguments.value("release_target_space", false)) {
    work = control.withdraw_and_release(std::move(pairs->ids), number);
  } else {
    work = control.withdraw(std::move(pairs->ids), number);
  }
  const std::vector<Result<void>> verdicts = co_await work;
  co_return results_of(pairs->names, verdicts);
}

rt::Task<Response> ImageExecutor::renew_flash(std::string operation, json arguments) {
  const std::optional<NamedPairs> pairs = pairs_named(arguments);
  if (!pairs) co_return failed(Errc::volume_not_found);
  std::vector<RenewalRequest> requests;
  for (const auto& [source, target] : pairs->ids) {
    requests.push_back({source, target, flash_options(arguments), !arguments.contains("background_copy"),
                        arguments.value("freeze", false)});
  }
  rt::Task<std::vector<Result<void>>> work;
  if (operation == "reverseflash") {
    work = image_.control().reverse(std::move(requests), arguments.value("fast", false));
  } else if (operation == "setflashrevertible") {
    work = image_.control().set_revertible(std::move(requests));
  } else {
    work = image_.control().resync(std::move(requests));
  }
  const std::vector<Result<void>> verdicts = co_await work;
  co_return results_of(pairs->names, verdicts);
}

rt::Task<Response> ImageExecutor::settle_flash(bool commit, json arguments) {
  std::optional<std::uint32_t> number;
  if (const auto found = arguments.find("sequence_number"); found != arguments.end() && !found->is_null()) {
    number = found->get<std::uint32_t>();
  }
  std::vector<VolumeId> sources;
  std::vector<std::string> names;
  for (const json& item : arguments.at("ids")) {
    names.push_back(item.get<std::string>());
    const auto source = model::parse_volume_id(names.back());
    if (!source) co_return failed(Errc::volume_not_found);
    sources.push_back(*source);
  }
  rt::Task<std::vector<Result<void>>> work;
  if (commit) {
    work = image_.control().commit_flash(std::move(sources), number);
  } else {
    work = image_.control().revert_flash(std::move(sources), number);
  }
  const std::vector<Result<void>> verdicts = co_await work;
  co_return results_of(names, verdicts);
}

rt::Task<Response> ImageExecutor::unfreeze_flash(json arguments) {
  std::vector<std::uint8_t> lsses;
  std::vector<std::string> names;
  for (const json& item : arguments.at("ids")) {
    names.push_back(item.get<std::string>());
    const auto id = model::parse_lss_id(names.back());
    if (!id) co_return failed(Errc::object_not_found);
    lsses.push_back(*id);
  }
  const std::vector<Result<void>> verdicts = co_await image_.control().unfreeze(std::move(lsses));
  co_return results_of(names, verdicts);
}

rt::Task<Response> ImageExecutor::list_flash() {
  const std::vector<FlashStatus> all = co_await image_.control().flash_status();
  std::vector<json> rows;
  for (const FlashStatus& status : all) rows.push_back(flash_row(image_.control().config(), status));
  co_return rows_of(std::move(rows));
}

}  // namespace tt::image
