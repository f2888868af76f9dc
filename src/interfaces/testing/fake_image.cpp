// SPDX-License-Identifier: Apache-2.0
#include "interfaces/testing/fake_image.h"

#include <algorithm>

namespace tt::testing {

namespace {

using nlohmann::json;

constexpr std::uint64_t kExtentBlocks = 1_GiB / kBlockBytes;
constexpr std::uint64_t kRankExtents = 100;
constexpr std::uint64_t kMostTargets = 12;
/// A relationship is copied in as many listings.
constexpr std::uint64_t kCopySteps = 4;

unsigned lss_of(VolumeId id) {
  return id.value >> 8U;
}

model::Response failed(Errc code) {
  model::Response response;
  response.status = code;
  return response;
}

VolumeId volume_id(const json& text) {
  return model::parse_volume_id(text.get<std::string>()).value();
}
std::uint32_t number_of(char letter, const std::string& id) {
  return model::parse_numbered_id(letter, id).value();
}

}  // namespace

FakeImage::FakeImage(std::string image_id) : image_id_(std::move(image_id)) {
  pools_[0] = {"fb_even", kRankExtents};
  pools_[1] = {"fb_odd", kRankExtents};
  ranks_ = {{0, 0}, {1, 1}, {2, -1}};
}

rt::Task<model::Response> FakeImage::execute(model::Request request) {
  co_return run(request);
}

model::Response FakeImage::run(const model::Request& request) {
  const std::string& name = request.operation;
  const json& arguments = request.arguments;
  model::Response response;
  const auto list = [&](std::string_view object_class) { response.rows = rows_of(object_class); };
  const auto show = [&](std::string_view object_class) {
    for (json& row : rows_of(object_class)) {
      if (row["id"] == arguments["id"]) response.rows.push_back(std::move(row));
    }
    if (response.rows.empty()) response.status = Errc::object_not_found;
  };
  if (name == "mkextpool") return make_pool(arguments);
  if (name == "mkfbvol") return make_volumes(arguments);
  if (name == "mkflash") return make_flash(arguments);
  if (name == "rmflash") return remove_flash(arguments);
  if (name == "lssi" || name == "showsi") {
    response.rows.push_back(image_row());
  } else if (name == "lsextpool") {
    list("extent_pool");
  } else if (name == "showextpool") {
    show("extent_pool");
  } else if (name == "lsrank") {
    list("rank");
  } else if (name == "lsfbvol") {
    list("fb_volume");
  } else if (name == "showfbvol") {
    show("fb_volume");
  } else if (name == "lslss") {
    list("lss");
  } else if (name == "showlss") {
    show("lss");
  } else if (name == "lsflash") {
    copy_a_step();
    list("flash");
  } else if (name == "rmfbvol" || name == "rmextpool" || name == "chrank") {
    for (const json& item : arguments["ids"]) {
      const auto id = item.get<std::string>();
      const Errc code =
          name == "chrank" ? change_rank(id, arguments) : remove_one(name, id, arguments.value("mode", ""));
      response.results.push_back({id, code, 0});
    }
  } else {
    return failed(Errc::not_in_this_release);
  }
  return response;
}

std::vector<json> FakeImage::rows_of(std::string_view object_class) const {
  std::vector<json> rows;
  if (object_class == "extent_pool") {
    for (const auto& [number, pool] : pools_) rows.push_back(pool_row(number, pool));
  } else if (object_class == "rank") {
    for (const auto& [number, pool] : ranks_) {
      const bool assigned = pool >= 0;
      rows.push_back({{"id", "R" + std::to_string(number)},
                      {"rank_group", assigned ? json(pool % 2) : json()},
                      {"state", assigned ? "Normal" : "Unassigned"},
                      {"data_state", "Normal"},
                      {"array", "A" + std::to_string(number)},
                      {"raid_type", "5"},
                      {"extent_pool", assigned ? json("P" + std::to_string(pool)) : json()},
                      {"extent_pool_name", assigned ? json(pools_.at(static_cast<std::uint32_t>(pool)).name) : json()},
                      {"storage_type", "fb"},
                      {"extents", kRankExtents},
                      {"used_extents", assigned ? used_extents(static_cast<std::uint32_t>(pool)) : 0}});
    }
  } else if (object_class == "fb_volume") {
    for (const auto& [id, volume] : volumes_) rows.push_back(volume_row(id, volume));
  } else if (object_class == "lss") {
    std::map<unsigned, unsigned> counts;
    for (const auto& [id, volume] : volumes_) ++counts[lss_of(id)];
    for (const auto& [lss, count] : counts) rows.push_back(lss_row(lss, count));
  } else if (object_class == "flash") {
    for (const auto& [target, flash] : flashes_) rows.push_back(flash_row(target, flash));
  }
  return rows;
}

std::uint64_t FakeImage::used_extents(std::uint32_t pool) const {
  std::uint64_t used = 0;
  for (const auto& [id, volume] : volumes_) {
    if (volume.pool == pool && volume.sam == "standard") used += divide_up(volume.blocks, kExtentBlocks);
  }
  return used;
}

bool FakeImage::in_relationship(VolumeId id) const {
  return flashes_.contains(id) ||
         std::any_of(flashes_.begin(), flashes_.end(), [&](const auto& entry) { return entry.second.source == id; });
}

model::Response FakeImage::make_pool(const json& arguments) {
  std::uint32_t number = arguments["rank_group"].get<std::uint32_t>();
  while (pools_.contains(number)) number += 2;
  Pool pool;
  pool.name = arguments["name"].get<std::string>();
  pool.threshold_percent = arguments["threshold_percent"].get<std::uint64_t>();
  pool.limit_percent = arguments["limit_percent"].get<std::uint64_t>();
  pools_[number] = pool;
  model::Response response;
  response.results.push_back({"P" + std::to_string(number), Errc::ok, 0});
  return response;
}

model::Response FakeImage::make_volumes(const json& arguments) {
  model::Response response;
  for (const json& item : arguments["volumes"]) {
    const Errc code = make_volume(volume_id(item["id"]), arguments, item["name"].get<std::string>());
    response.results.push_back({item["id"].get<std::string>(), code, 0});
  }
  return response;
}

Errc FakeImage::make_volume(VolumeId id, const json& arguments, const std::string& name) {
  const std::uint32_t pool = number_of('P', arguments["extent_pool"].get<std::string>());
  Volume volume{name, pool, arguments["capacity_blocks"].get<std::uint64_t>(),
                arguments["capacity_type"].get<std::string>(), arguments["sam"].get<std::string>()};
  if (!pools_.contains(pool)) return Errc::object_not_found;
  if (volumes_.contains(id)) return Errc::id_taken;
  if (pool % 2 != lss_of(id) % 2) return Errc::parity_differs;
  const std::uint64_t wanted = volume.sam == "standard" ? divide_up(volume.blocks, kExtentBlocks) : 0;
  if (used_extents(pool) + wanted > pools_[pool].total_extents) return Errc::no_space;
  volumes_[id] = std::move(volume);
  return Errc::ok;
}

Errc FakeImage::remove_one(std::string_view operation, const std::string& id, const std::string& mode) {
  if (operation == "rmextpool") {
    const std::uint32_t number = number_of('P', id);
    if (!pools_.contains(number)) return Errc::object_not_found;
    for (const auto& [volume_id, volume] : volumes_) {
      if (volume.pool == number) return Errc::still_in_use;
    }
    pools_.erase(number);
    for (auto& [rank, pool] : ranks_) {
      if (pool == number) pool = -1;
    }
    return Errc::ok;
  }
  const VolumeId volume = model::parse_volume_id(id).value();
  if (!volumes_.contains(volume)) return Errc::volume_not_found;
  if (in_relationship(volume) && mode != "force") return Errc::still_in_use;
  std::erase_if(flashes_, [&](const auto& entry) { return entry.first == volume || entry.second.source == volume; });
  volumes_.erase(volume);
  return Errc::ok;
}

Errc FakeImage::change_rank(const std::string& id, const json& arguments) {
  const std::uint32_t rank = number_of('R', id);
  if (!ranks_.contains(rank)) return Errc::object_not_found;
  if (arguments["action"] == "unassign") {
    if (ranks_[rank] >= 0 && used_extents(static_cast<std::uint32_t>(ranks_[rank])) > 0) return Errc::still_in_use;
    if (ranks_[rank] >= 0) pools_[static_cast<std::uint32_t>(ranks_[rank])].total_extents -= kRankExtents;
    ranks_[rank] = -1;
    return Errc::ok;
  }
  const std::uint32_t pool = number_of('P', arguments["extent_pool"].get<std::string>());
  if (!pools_.contains(pool)) return Errc::object_not_found;
  if (ranks_[rank] >= 0) return Errc::still_in_use;
  ranks_[rank] = pool;
  pools_[pool].total_extents += kRankExtents;
  return Errc::ok;
}

model::Response FakeImage::make_flash(const json& arguments) {
  model::Response response;
  for (const json& pair : arguments["pairs"]) {
    const Errc code = establish(volume_id(pair["source"]), volume_id(pair["target"]), arguments);
    response.results.push_back({pair["source"].get<std::string>() + ":" + pair["target"].get<std::string>(), code, 0});
  }
  return response;
}

Errc FakeImage::establish(VolumeId source, VolumeId target, const json& arguments) {
  if (!volumes_.contains(source) || !volumes_.contains(target)) return Errc::volume_not_found;
  if (source == target) return Errc::source_is_target;
  if (volumes_[target].blocks < volumes_[source].blocks) return Errc::target_too_small;
  if (flashes_.contains(target)) return Errc::already_a_target;
  const auto from_here = [&](const auto& entry) { return entry.second.source == source; };
  if (std::count_if(flashes_.begin(), flashes_.end(), from_here) >= static_cast<std::int64_t>(kMostTargets)) {
    return Errc::too_many_targets;
  }
  if (flashes_.contains(source) || in_relationship(target)) return Errc::cascade_not_available;
  Flash flash;
  flash.source = source;
  flash.track_count = flash.out_of_sync = divide_up(volumes_[source].blocks, kTrackBlocks);
  flash.sequence_number = arguments["sequence_number"].get<std::uint64_t>();
  flash.background_copy = arguments["background_copy"].get<bool>();
  flash.persistent = arguments["persistent"].get<bool>();
  flash.target_write_inhibit = arguments["target_write_inhibit"].get<bool>();
  flash.created = now_;
  flashes_[target] = flash;
  return Errc::ok;
}

model::Response FakeImage::remove_flash(const json& arguments) {
  model::Response response;
  const bool by_number = arguments.contains("sequence_number");
  const auto has_number = [&](const Flash& flash) {
    return !by_number || flash.sequence_number == arguments["sequence_number"].get<std::uint64_t>();
  };
  json pairs = arguments.value("pairs", json::array());
  if (pairs.empty()) {
    for (const auto& [target, flash] : flashes_) {
      if (!has_number(flash)) continue;
      pairs.push_back({{"source", model::volume_id_text(flash.source)}, {"target", model::volume_id_text(target)}});
    }
  }
  for (const json& pair : pairs) {
    const auto found = flashes_.find(volume_id(pair["target"]));
    const bool there =
        found != flashes_.end() && found->second.source == volume_id(pair["source"]) && has_number(found->second);
    if (there) flashes_.erase(found);
    response.results.push_back({pair["source"].get<std::string>() + ":" + pair["target"].get<std::string>(),
                                there ? Errc::ok : Errc::no_such_relationship, 0});
  }
  return response;
}

void FakeImage::copy_a_step() {
  for (auto& [target, flash] : flashes_) {
    if (!flash.background_copy) continue;
    flash.out_of_sync -= std::min(flash.out_of_sync, flash.track_count / kCopySteps);
  }
  std::erase_if(flashes_, [](const auto& entry) { return entry.second.out_of_sync == 0 && !entry.second.persistent; });
}

json FakeImage::image_row() const {
  std::string unit = image_id_;
  if (model::personality_of(image_id_) == model::Personality::ds8000) unit.back() = '0';
  return {{"id", image_id_},
          {"storage_unit", unit},
          {"name", "test"},
          {"description", ""},
          {"model", "961"},
          {"wwnn", "5005076304FFD7EA"},
          {"signature", "9719-5d08-1865-1091"},
          {"state", "Online"},
          {"es_net", true},
          {"volume_group", "V0"},
          {"os400_serial", "795"},
          {"nvs_bytes", 1_GiB},
          {"cache_bytes", 2_GiB},
          {"processor_bytes", 4_GiB},
          {"personality", image_id_.substr(4, 4)},
          {"code_level", "test level"}};
}

json FakeImage::pool_row(std::uint32_t number, const Pool& pool) const {
  const std::uint64_t used = used_extents(number);
  std::uint64_t volume_count = 0;
  std::uint64_t virtual_extents = 0;
  for (const auto& [id, volume] : volumes_) {
    if (volume.pool != number) continue;
    ++volume_count;
    if (volume.sam != "standard") virtual_extents += divide_up(volume.blocks, kExtentBlocks);
  }
  std::uint64_t rank_count = 0;
  for (const auto& [rank, in_pool] : ranks_) rank_count += in_pool == number ? 1 : 0;
  const std::uint64_t free_percent =
      pool.total_extents == 0 ? 0 : (pool.total_extents - used) * 100 / pool.total_extents;
  return {{"id", "P" + std::to_string(number)},
          {"name", pool.name},
          {"storage_type", "fb"},
          {"extent_bytes", 1_GiB},
          {"rank_group", number % 2},
          {"status", free_percent < pool.threshold_percent ? "exceeded" : "below"},
          {"total_extents", pool.total_extents},
          {"available_extents", pool.total_extents - used},
          {"reserved_extents", 0},
          {"allocated_extents", used},
          {"rank_count", rank_count},
          {"volume_count", volume_count},
          {"limit_percent", pool.limit_percent},
          {"threshold_percent", pool.threshold_percent},
          {"virtual_extents", virtual_extents}};
}

json FakeImage::volume_row(VolumeId id, const Volume& volume) const {
  const std::uint64_t extents = divide_up(volume.blocks, kExtentBlocks);
  const bool thin = volume.sam != "standard";
  const std::string text = model::volume_id_text(id);
  return {{"id", text},
          {"name", volume.name},
          {"access_state", "Online"},
          {"data_state", "Normal"},
          {"configuration_state", "Normal"},
          {"device_mtm", image_id_.substr(4, 4) + "-900"},
          {"data_type", "FB 512"},
          {"address_group", text.substr(0, 1)},
          {"extent_pool", "P" + std::to_string(volume.pool)},
          {"extents", extents},
          {"capacity_blocks", volume.blocks},
          {"requested_blocks", volume.blocks},
          {"capacity_type", volume.capacity_type},
          {"sam", volume.sam},
          {"eam", "rotateexts"},
          {"volume_groups", json::array()},
          {"ranks", 1},
          {"real_extents", thin ? 0 : extents},
          {"virtual_extents", thin ? extents : 0},
          {"guid", "6005076304FFD7EA000000000000" + text},
          {"resource_group", "RG0"},
          {"performance_group", "PG0"}};
}

json FakeImage::lss_row(unsigned lss, unsigned volumes) const {
  const std::string id = model::lss_id_text(static_cast<std::uint8_t>(lss));
  return {{"id", id},
          {"group", lss % 2},
          {"address_group", id.substr(0, 1)},
          {"storage_type", "fb"},
          {"volume_count", volumes},
          {"subsystem_id", 0xFF00 + lss},
          {"consistency_group", false},
          {"long_busy_seconds", 60},
          {"resource_group", "RG0"}};
}

json FakeImage::flash_row(VolumeId target, const Flash& flash) {
  const std::string source = model::volume_id_text(flash.source);
  const bool active = flash.background_copy && flash.out_of_sync > 0;
  return {{"id", source + ":" + model::volume_id_text(target)},
          {"source", source},
          {"target", model::volume_id_text(target)},
          {"source_lss", source.substr(0, 2)},
          {"sequence_number", flash.sequence_number},
          {"timeout_seconds", 60},
          {"active_copy", active},
          {"recording", false},
          {"persistent", flash.persistent},
          {"revertible", false},
          {"source_write_enabled", true},
          {"target_write_enabled", !flash.target_write_inhibit},
          {"background_copy", flash.background_copy},
          {"out_of_sync_tracks", flash.out_of_sync},
          {"date_created", flash.created},
          {"date_synced", flash.created},
          {"state", "Valid"},
          {"target_se", nullptr},
          {"track_count", flash.track_count},
          {"copied_tracks", flash.track_count - flash.out_of_sync},
          {"copy_bytes_per_second", active ? 64_MiB : 0}};
}

}  // namespace tt::testing
