// SPDX-License-Identifier: Apache-2.0
#include "volume/paths.h"

#include <algorithm>

#include "base/assert.h"
#include "volume/apply_configuration.h"
#include "volume/config.h"
#include "volume/derived.h"

namespace tt::volume {

namespace {

/// LSSs of whatever image that the sets of `source` lead to, the one of `but` not counted.
std::uint64_t other_targets(const ImageConfig& config, const mirror::PathKey& but) {
  return static_cast<std::uint64_t>(std::ranges::count_if(config.path_sets, [&but](const auto& entry) {
    return entry.first.source_lss == but.source_lss && entry.first != but;
  }));
}

/// Whether the set may be one of `config`, beside the others.
Result<void> check_set(const ImageConfig& config, const PathSetConfig& set) {
  const Limits& limits = limits_of(config.personality);
  if (set.key.source_lss >= limits.lss_count) return {Errc::object_not_found, set.key.source_lss};
  TT_CHECK(mirror::check_ports(set.ports));
  const std::uint64_t others = other_targets(config, set.key);
  if (others >= limits.target_lsses) return {Errc::mirror_limit, others};
  return {};
}

}  // namespace

void ApplyPaths::operator()(const SetPaths& m) const {
  TT_ASSERT(check_set(config, m.set));
  const std::uint8_t lss = m.set.key.source_lss;
  config.lsses.emplace(lss, default_lss(config.personality, lss));
  config.path_sets[m.set.key] = m.set;
}

void ApplyPaths::operator()(const RemovePaths& m) const {
  TT_ASSERT(config.path_sets.erase(m.key) == 1);
  forget_unused_lss(config, m.key.source_lss);
}

bool has_paths(const ImageConfig& config, std::uint8_t source_lss) noexcept {
  return std::ranges::any_of(config.path_sets,
                             [source_lss](const auto& entry) { return entry.first.source_lss == source_lss; });
}

Result<void> check_paths(const ImageConfig& config) {
  for (const auto& [key, set] : config.path_sets) {
    if (!check_set(config, set) || !config.lsses.contains(key.source_lss)) return Errc::corrupt;
  }
  return {};
}

Result<SetPaths> plan_set_paths(const ImageConfig& config, const SetPathsRequest& request, std::uint64_t own_wwnn) {
  const mirror::PathKey& key = request.set.key;
  TT_CHECK(check_set(config, request.set));
  if (request.source_ssid && *request.source_ssid != ssid_of(key.source_lss)) {
    return {Errc::ssid_differs, ssid_of(key.source_lss)};
  }
  if (key.wwnn == own_wwnn && key.source_lss == key.target_lss) return {Errc::bad_combination, key.source_lss};
  return SetPaths{request.set};
}

Result<mirror::PathKey> find_paths(const ImageConfig& config, std::uint8_t source_lss, std::uint8_t target_lss,
                                   const std::optional<std::uint64_t>& wwnn,
                                   const std::optional<std::string>& partner) {
  std::vector<mirror::PathKey> fitting;
  for (const auto& [key, set] : config.path_sets) {
    if (key.source_lss != source_lss || key.target_lss != target_lss) continue;
    if (wwnn && *wwnn != key.wwnn) continue;
    if (partner && *partner != set.partner) continue;
    fitting.push_back(key);
  }
  if (fitting.empty()) return Errc::no_path;
  if (fitting.size() > 1) return {Errc::bad_combination, fitting.size()};
  return fitting.front();
}

Result<RemovePaths> plan_remove_paths(const ImageConfig& config, const RemovePathsRequest& request) {
  TT_TRY(const mirror::PathKey key,
         find_paths(config, request.source_lss, request.target_lss, request.wwnn, request.partner));
  const auto needs = [&key](const auto& entry) { return entry.second.is_source() && path_key(entry.second) == key; };
  if (!request.force && std::ranges::any_of(config.mirror_pairs, needs)) return {Errc::still_in_use, key.source_lss};
  return RemovePaths{key};
}

}  // namespace tt::volume
