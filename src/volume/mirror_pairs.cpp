// SPDX-License-Identifier: Apache-2.0
#include "volume/mirror_pairs.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/assert.h"
#include "mirror/pair_machine.h"
#include "volume/config.h"
#include "volume/derived.h"
#include "volume/plan.h"

namespace tt::volume {

using mirror::PairRole;

namespace {

bool is_valid(const ImageConfig& config, const PairConfig& pair) noexcept {
  const mirror::PairPhase& phase = pair.phase;
  if (!known(phase.role) || !known(phase.type) || !known(phase.state) || !known(phase.reason)) return false;
  const VolumeConfig* volume = config.find_volume(pair.volume);
  return volume != nullptr && pair.track_count > 0 && pair.track_count <= volume->track_count() && is_possible(phase) &&
         pair.epoch > 0;
}

const PairConfig* find_by_role(const ImageConfig& config, VolumeId id, PairRole role) noexcept {
  const auto found = std::ranges::find_if(config.mirror_pairs, [id, role](const auto& entry) {
    return entry.second.volume == id && entry.second.phase.role == role;
  });
  return found != config.mirror_pairs.end() ? &found->second : nullptr;
}

/// No other pair has it as its target.
bool is_free_for(const ImageConfig& config, VolumeId id, Generation pair) noexcept {
  return std::ranges::none_of(config.mirror_pairs, [id, pair](const auto& entry) {
    return entry.first != pair && entry.second.volume == id && !entry.second.is_source();
  });
}

bool is_flash_target(const ImageConfig& config, VolumeId id) noexcept {
  return is_range_target(config, id) || !config.relationships.onto(id).empty();
}

bool names(const PairConfig& pair, VolumeId other, std::uint64_t wwnn) noexcept {
  return pair.other == other && pair.peer_wwnn == wwnn;
}

}  // namespace

mirror::PathKey path_key(const PairConfig& pair) noexcept {
  return {pair.peer_wwnn, lss_of(pair.volume), lss_of(pair.other)};
}

void ApplyPairs::operator()(const MakePair& m) const {
  TT_ASSERT(is_valid(config, m.pair));
  TT_ASSERT(m.pair.is_source() || find_by_role(config, m.pair.volume, PairRole::target) == nullptr);
  const bool is_new = config.mirror_pairs.emplace(m.pair.generation, m.pair).second;
  TT_ASSERT(is_new);
}

void ApplyPairs::operator()(const ChangePair& m) const {
  PairConfig& pair = existing(config.mirror_pairs, m.pair.generation);
  TT_ASSERT(is_valid(config, m.pair) && pair.volume == m.pair.volume && pair.other == m.pair.other);
  TT_ASSERT(m.pair.is_source() || is_free_for(config, m.pair.volume, m.pair.generation));
  pair = m.pair;
}

void ApplyPairs::operator()(const RemovePair& m) const {
  TT_ASSERT(config.mirror_pairs.erase(m.pair) == 1);
}

Result<void> check_mirror_pairs(const ImageConfig& config) {
  std::set<VolumeId> targets;
  for (const auto& [generation, pair] : config.mirror_pairs) {
    if (!is_valid(config, pair)) return Errc::corrupt;
    if (!pair.is_source() && !targets.insert(pair.volume).second) return Errc::corrupt;
  }
  return {};
}

bool in_mirror_pair(const ImageConfig& config, VolumeId id) noexcept {
  return std::ranges::any_of(config.mirror_pairs, [id](const auto& entry) { return entry.second.volume == id; });
}

const PairConfig* mirror_onto(const ImageConfig& config, VolumeId id) noexcept {
  return find_by_role(config, id, PairRole::target);
}

const PairConfig* mirror_from(const ImageConfig& config, VolumeId id) noexcept {
  return find_by_role(config, id, PairRole::source);
}

bool may_be_target(const ImageConfig& config, VolumeId id, Generation pair) noexcept {
  const auto stands_against = [id, pair](const auto& entry) {
    return entry.first != pair && entry.second.volume == id && entry.second.is_source() &&
           !entry.second.attributes.cascade;
  };
  return is_free_for(config, id, pair) && !is_flash_target(config, id) &&
         std::ranges::none_of(config.mirror_pairs, stands_against);
}

Result<void> check_attributes(mirror::PairType type, const mirror::PairAttributes& attributes, VolumeId id) noexcept {
  const bool only_metro_mirror = attributes.target_read || attributes.critical_mode;
  const bool excluded =
      (attributes.cascade && attributes.critical_mode) || (type == mirror::PairType::global_copy && only_metro_mirror);
  return excluded ? Result<void>{Errc::bad_combination, id.value} : Result<void>{};
}

Result<void> check_flash_onto(const ImageConfig& config, VolumeId id) noexcept {
  if (mirror_onto(config, id) != nullptr) return {Errc::target_is_secondary, id.value};
  if (mirror_from(config, id) != nullptr) return {Errc::target_is_primary, id.value};
  return {};
}

Result<PairConfig> plan_make_pair(const ImageConfig& config, const MakePairRequest& request) {
  const std::uint64_t id = request.source.value;
  const VolumeConfig* source = config.find_volume(request.source);
  if (source == nullptr) return {Errc::volume_not_found, id};
  const mirror::PairAttributes& attributes = request.attributes;
  const bool is_global_copy = request.type == mirror::PairType::global_copy;
  TT_CHECK(check_attributes(request.type, attributes, request.source));
  if (const PairConfig* from = mirror_from(config, request.source); from != nullptr) {
    const bool same = names(*from, request.target, request.peer_wwnn);
    return {same && !from->is_active() ? Errc::wrong_pair_state : Errc::already_a_pair, id};
  }
  const PairConfig* onto = mirror_onto(config, request.source);
  if (onto != nullptr && !(attributes.cascade && is_global_copy)) return {Errc::source_not_eligible, id};
  if (onto != nullptr && names(*onto, request.target, request.peer_wwnn)) return {Errc::source_not_eligible, id};
  if (is_flash_target(config, request.source)) return {Errc::source_not_eligible, id};
  if (source->method == AllocationMethod::tse) return {Errc::source_not_eligible, id};
  PairConfig pair;
  pair.volume = request.source;
  pair.peer_wwnn = request.peer_wwnn;
  pair.partner = request.partner;
  pair.other = request.target;
  pair.phase = mirror::first_phase(PairRole::source, request.type, request.copies);
  pair.attributes = attributes;
  pair.track_count = source->track_count();
  pair.begins_marked = request.copies;
  pair.first_pass = !request.copies;
  return pair;
}

Result<PairConfig> plan_accept_pair(const ImageConfig& config, const AcceptPairRequest& request) {
  const std::uint64_t id = request.target.value;
  const VolumeConfig* target = config.find_volume(request.target);
  if (target == nullptr) return {Errc::volume_not_found, id};
  if (target->block_count < request.block_count) return {Errc::mirror_sizes, id};
  if (const PairConfig* former = mirror_onto(config, request.target); former != nullptr) {
    if (!names(*former, request.source, request.peer_wwnn)) return {Errc::already_a_pair, id};
  }
  const PairConfig* onto = mirror_onto(config, request.target);
  if (!may_be_target(config, request.target, onto != nullptr ? onto->generation : Generation{}))
    return {Errc::target_not_eligible, id};
  const PairConfig* from = mirror_from(config, request.target);
  if (from != nullptr && names(*from, request.source, request.peer_wwnn)) return {Errc::target_not_eligible, id};
  if (target->method == AllocationMethod::tse) return {Errc::target_not_eligible, id};
  PairConfig pair;
  pair.volume = request.target;
  pair.peer_wwnn = request.peer_wwnn;
  pair.partner = request.partner;
  pair.other = request.source;
  pair.peer_generation = request.peer_generation;
  pair.phase = mirror::first_phase(PairRole::target, request.type, request.copies);
  pair.attributes = request.attributes;
  pair.attributes.reset_reserve = false;
  pair.epoch = request.epoch;
  pair.lineage = request.lineage;
  pair.track_count = divide_up(request.block_count, kTrackBlocks);
  return pair;
}

Result<Generation> find_pair(const ImageConfig& config, const PairName& name) {
  std::vector<Generation> fitting;
  bool paired = false;
  for (const auto& [generation, pair] : config.mirror_pairs) {
    if (pair.volume != name.volume) continue;
    paired = true;
    if (name.other && pair.other != *name.other) continue;
    if (name.partner && pair.partner != *name.partner) continue;
    fitting.push_back(generation);
  }
  if (fitting.size() == 1) return fitting.front();
  if (fitting.size() > 1) return {Errc::bad_combination, fitting.size()};
  return {paired ? Errc::wrong_partner : Errc::no_such_pair, name.volume.value};
}

}  // namespace tt::volume
