// SPDX-License-Identifier: Apache-2.0
#include "image/executor.h"

#include <fmt/format.h>

#include "image/rows.h"
#include "model/ids.h"

namespace tt::image {

using model::ObjectResult;
using model::Response;
using nlohmann::json;

namespace {

ObjectResult verdict(std::string name, const Result<void>& done) {
  if (done) return {std::move(name), Errc::ok, 0};
  return {std::move(name), done.error().code, done.error().detail};
}

Response failed(Errc code) {
  Response response;
  response.status = code;
  return response;
}

Response rows_of(std::vector<json> rows) {
  Response response;
  response.rows = std::move(rows);
  return response;
}

Response one_row(std::vector<json> rows, const json& arguments) {
  const std::string id = arguments.value("id", "");
  for (json& row : rows) {
    if (row["id"] == id) return rows_of({std::move(row)});
  }
  return failed(Errc::object_not_found);
}

std::optional<std::uint16_t> numbered(char letter, const std::string& text) {
  const auto number = model::parse_numbered_id(letter, text);
  if (!number || *number > 0xFFFF) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::string text_of(const json& arguments, const char* key) {
  return arguments.value(key, std::string());
}

}  // namespace

rt::Task<Response> ImageExecutor::execute(model::Request request) {
  const volume::ImageConfig& config = image_.control().config();
  const std::string& operation = request.operation;
  json arguments = std::move(request.arguments);
  if (operation == "lssi" || operation == "showsi") {
    std::uint64_t nvs = 0;
    for (const auto& shard : image_.shards()) nvs += shard->ring().capacity_bytes();
    co_return rows_of({image_row(config, code_level_, nvs)});
  }
  if (operation == "lsextpool") co_return rows_of(pool_rows(config));
  if (operation == "showextpool") co_return one_row(pool_rows(config), arguments);
  if (operation == "lsrank") co_return rows_of(rank_rows(config));
  if (operation == "lsfbvol") co_return rows_of(volume_rows(config));
  if (operation == "showfbvol") co_return one_row(volume_rows(config), arguments);
  if (operation == "lslss") co_return rows_of(lss_rows(config));
  if (operation == "showlss") co_return one_row(lss_rows(config), arguments);

  rt::Task<Response> work;
  if (operation == "mkextpool") {
    work = make_pool(std::move(arguments));
  } else if (operation == "rmextpool") {
    work = remove_pools(std::move(arguments));
  } else if (operation == "chrank") {
    work = change_ranks(std::move(arguments));
  } else if (operation == "mkfbvol") {
    work = make_volumes(std::move(arguments));
  } else if (operation == "rmfbvol") {
    work = remove_volumes(std::move(arguments));
  } else if (operation == "mkflash") {
    work = make_flash(std::move(arguments));
  } else if (operation == "rmflash") {
    work = remove_flash(std::move(arguments));
  } else if (operation == "lsflash") {
    work = list_flash();
  } else {
    co_return failed(Errc::not_in_this_release);
  }
  Response response = co_await work;
  co_return response;
}

rt::Task<Response> ImageExecutor::make_pool(json arguments) {
  if (text_of(arguments, "storage_type") == "ckd") co_return failed(Errc::not_in_this_release);
  const std::uint64_t extent =
      text_of(arguments, "extent_size") == "small" ? volume::kSmallExtentBytes : volume::kLargeExtentBytes;
  const auto group = static_cast<std::uint8_t>(arguments.value("rank_group", 0U));
  auto made = co_await image_.control().make_pool(text_of(arguments, "name"), group, extent);
  Response response;
  if (made) {
    response.results.push_back({fmt::format("P{}", *made), Errc::ok, 0});
  } else {
    response.results.push_back(verdict(text_of(arguments, "name"), made.error()));
  }
  co_return response;
}

rt::Task<Response> ImageExecutor::remove_pools(json arguments) {
  Response response;
  for (const json& id : arguments.at("ids")) {
    const auto text = id.get<std::string>();
    const auto pool = numbered('P', text);
    Result<void> done = Errc::object_not_found;
    if (pool) done = co_await image_.control().remove_pool(*pool);
    response.results.push_back(verdict(text, done));
  }
  co_return response;
}

rt::Task<Response> ImageExecutor::change_ranks(json arguments) {
  std::optional<std::uint16_t> pool;
  if (text_of(arguments, "action") == "assign") {
    pool = numbered('P', text_of(arguments, "extent_pool"));
    if (!pool) co_return failed(Errc::object_not_found);
  }
  Response response;
  for (const json& id : arguments.at("ids")) {
    const auto text = id.get<std::string>();
    const auto rank = numbered('R', text);
    Result<void> done = Errc::object_not_found;
    if (rank) done = co_await image_.control().assign_rank(*rank, pool);
    response.results.push_back(verdict(text, done));
  }
  co_return response;
}

rt::Task<Response> ImageExecutor::make_volumes(json arguments) {
  volume::MakeVolumeRequest request;
  const auto pool = numbered('P', text_of(arguments, "extent_pool"));
  if (!pool) co_return failed(Errc::object_not_found);
  request.pool = *pool;
  request.block_count = arguments.value("capacity_blocks", std::uint64_t{0});
  const std::string type = text_of(arguments, "capacity_type");
  request.capacity_type = type == "ess"      ? volume::CapacityType::ess
                          : type == "blocks" ? volume::CapacityType::blocks
                                             : volume::CapacityType::ds;
  const std::string sam = text_of(arguments, "sam");
  request.method = sam == "ese" || sam == "tse" ? volume::AllocationMethod::ese : volume::AllocationMethod::standard;
  Response response;
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
  }
  co_return response;
}

rt::Task<Response> ImageExecutor::remove_volumes(json arguments) {
  const RemoveMode mode = text_of(arguments, "mode") == "force" ? RemoveMode::force : RemoveMode::normal;
  Response response;
  for (const json& item : arguments.at("ids")) {
    const auto text = item.get<std::string>();
    const auto id = model::parse_volume_id(text);
    Result<void> done = Errc::volume_not_found;
    if (id) done = co_await image_.control().remove_volume(*id, mode);
    response.results.push_back(verdict(text, done));
  }
  co_return response;
}

rt::Task<Response> ImageExecutor::make_flash(json arguments) {
  volume::RelationshipOptions options;
  options.background_copy = arguments.value("background_copy", true);
  options.persistent = arguments.value("persistent", false);
  options.inhibit_target_writes = arguments.value("target_write_inhibit", false);
  options.sequence_number = arguments.value("sequence_number", std::uint32_t{0});
  std::vector<volume::PairRequest> pairs;
  std::vector<std::string> names;
  for (const json& item : arguments.at("pairs")) {
    const auto source = model::parse_volume_id(text_of(item, "source"));
    const auto target = model::parse_volume_id(text_of(item, "target"));
    if (!source || !target) co_return failed(Errc::volume_not_found);
    pairs.push_back({*source, *target, options});
    names.push_back(text_of(item, "source") + ":" + text_of(item, "target"));
  }
  const std::vector<Result<void>> verdicts = co_await image_.control().establish(std::move(pairs));
  Response response;
  for (std::size_t i = 0; i < verdicts.size(); ++i) response.results.push_back(verdict(names[i], verdicts[i]));
  co_return response;
}

rt::Task<Response> ImageExecutor::remove_flash(json arguments) {
  std::optional<std::uint32_t> number;
  if (const auto found = arguments.find("sequence_number"); found != arguments.end() && !found->is_null()) {
    number = found->get<std::uint32_t>();
  }
  std::vector<std::pair<VolumeId, VolumeId>> pairs;
  std::vector<std::string> names;
  for (const json& item : arguments.value("pairs", json::array())) {
    const auto source = model::parse_volume_id(text_of(item, "source"));
    const auto target = model::parse_volume_id(text_of(item, "target"));
    if (!source || !target) co_return failed(Errc::volume_not_found);
    pairs.emplace_back(*source, *target);
    names.push_back(text_of(item, "source") + ":" + text_of(item, "target"));
  }
  if (pairs.empty() && number) {
    for (const auto& [generation, r] : image_.control().config().relationships) {
      if (r.closing() || r.options.sequence_number != *number) continue;
      pairs.emplace_back(r.source, r.target);
      names.push_back(model::volume_id_text(r.source) + ":" + model::volume_id_text(r.target));
    }
  }
  const std::vector<Result<void>> verdicts = co_await image_.control().withdraw(std::move(pairs), number);
  Response response;
  for (std::size_t i = 0; i < verdicts.size(); ++i) response.results.push_back(verdict(names[i], verdicts[i]));
  co_return response;
}

rt::Task<Response> ImageExecutor::list_flash() {
  const std::vector<FlashStatus> all = co_await image_.control().flash_status();
  std::vector<json> rows;
  for (const FlashStatus& status : all) rows.push_back(flash_row(image_.control().config(), status));
  co_return rows_of(std::move(rows));
}

}  // namespace tt::image
