// SPDX-License-Identifier: Apache-2.0
// One operator per mutation. Each asserts what its plan_ function has checked: a mutation that does not fit would make
// the replayed configuration differ from the one the users saw.
#include <set>
#include <string>

#include "base/assert.h"
#include "volume/apply_flash.h"
#include "volume/derived.h"
#include "volume/freeze.h"
#include "volume/loans.h"
#include "volume/plan.h"

namespace tt::volume {

namespace {

template <class Map>
void insert_new(Map& map, const typename Map::key_type& key, const typename Map::mapped_type& value) {
  const bool inserted = map.emplace(key, value).second;
  TT_ASSERT(inserted);
}

struct Apply : ApplyFlash {
  using ApplyFlash::operator();

  template <class M>
    requires std::invocable<ApplyHosts, const M&>
  void operator()(const M& m) const {
    ApplyHosts{config}(m);
  }
  template <class M>
    requires std::invocable<ApplyResourceGroups, const M&>
  void operator()(const M& m) const {
    ApplyResourceGroups{config}(m);
  }
  template <class M>
    requires std::invocable<ApplyPaths, const M&>
  void operator()(const M& m) const {
    ApplyPaths{config}(m);
  }
  template <class M>
    requires std::invocable<ApplyPairs, const M&>
  void operator()(const M& m) const {
    ApplyPairs{config}(m);
  }

  void put_into_pool(RankConfig& rank, std::optional<std::uint16_t> pool) const {
    rank.pool = pool;
    rank.reserved = rank.reserved && pool.has_value();
    config.taken_extents.erase(rank.id);
    if (!pool) return;
    const std::uint64_t count = extents_on(rank, existing(config.pools, *pool));
    TT_ASSERT(count <= kMaxImageExtents);
    config.taken_extents.emplace(rank.id, ExtentMap(static_cast<std::uint32_t>(count)));
  }

  void operator()(const AddRank& m) const {
    insert_new(config.ranks, m.rank.id, m.rank);
    RankConfig& rank = existing(config.ranks, m.rank.id);
    adopt(config, rank);
    put_into_pool(rank, m.rank.pool);
  }

  void operator()(const AssignRank& m) const {
    RankConfig& rank = existing(config.ranks, m.rank);
    if (rank.pool == m.pool) return;
    TT_ASSERT(!rank.pool || existing(config.taken_extents, m.rank).taken() == 0);
    put_into_pool(rank, m.pool);
  }

  void operator()(const MakePool& m) const { insert_new(config.pools, m.pool.id, m.pool); }

  void operator()(const RemovePool& m) const {
    for (auto& [id, rank] : config.ranks) {
      if (rank.pool == m.pool) (*this)(AssignRank{.rank = id, .pool = std::nullopt});
    }
    TT_ASSERT(config.pools.erase(m.pool) == 1);
  }

  void operator()(const MakeVolume& m) const {
    const VolumeConfig& volume = m.volume;
    const PoolConfig& pool = existing(config.pools, volume.pool);
    TT_ASSERT(volume.extents.size() == extents_for(volume.block_count, pool.extent_bytes));
    for (const auto& extent : volume.extents) {
      TT_ASSERT(extent.has_value() || volume.method != AllocationMethod::standard);
      if (extent) take_extent(config, volume, *extent);
    }
    TT_ASSERT(find_resource_group(config, volume.resource_group) != nullptr);
    insert_new(config.volumes, volume.id, volume);
    if (!m.places.empty()) ApplyHosts{config}(JoinVolumeGroups{volume.id, m.places});
    const std::uint8_t lss = lss_of(volume.id);
    config.lsses.emplace(lss, default_lss(config.personality, lss));
  }

  void operator()(const RemoveVolume& m) const {
    TT_ASSERT(!in_relationship(config, m.volume) && !lends(config, m.volume));
    end_loans_onto(config, m.volume);
    const VolumeConfig& volume = existing(config.volumes, m.volume);
    for (const auto& extent : volume.extents) {
      if (extent) release_extent(config, volume, *extent);
    }
    config.volumes.erase(m.volume);
    leave_volume_groups(config, m.volume);
    end_freeze(config, m.volume);

    forget_unused_lss(config, lss_of(m.volume));
  }

  void operator()(const AllocateExtent& m) const {
    VolumeConfig& volume = existing(config.volumes, m.volume);
    TT_ASSERT(m.extent_number < volume.extents.size() && !volume.extents[m.extent_number]);
    take_extent(config, volume, m.extent);
    volume.extents[m.extent_number] = m.extent;
  }

  void operator()(const FreeExtent& m) const {
    VolumeConfig& volume = existing(config.volumes, m.volume);
    TT_ASSERT(volume.method != AllocationMethod::standard);
    TT_ASSERT(m.extent_number < volume.extents.size() && volume.extents[m.extent_number]);
    release_extent(config, volume, *volume.extents[m.extent_number]);
    volume.extents[m.extent_number].reset();
  }

  void freeze_source_of(const Relationship& made) const {
    if (!made.frozen) return;
    begin_freeze(config, made.source);
    existing(config.relationships, made.generation).frozen = is_frozen(config, made.source);
  }

  void operator()(const Establish& m) const {
    std::set<VolumeId> targets;
    for (const Relationship& pair : m.pairs) {
      TT_ASSERT(pair.t0 == m.pairs.front().t0 && pair.source != pair.target && !pair.closing());
      TT_ASSERT(pair.track_count == existing(config.volumes, pair.source).track_count());
      VolumeConfig& target = existing(config.volumes, pair.target);
      TT_ASSERT(pair.track_count <= target.track_count() && targets.insert(pair.target).second);
      end_loans_onto(config, pair.target);
      add_kill(target.kills, Kill{.lsn = pair.t0, .track_count = pair.track_count});
    }
    for (const VolumeId target : targets) {
      while (!config.relationships.onto(target).empty()) {
        const Relationship& replaced = config.relationships.onto(target).front();
        TT_ASSERT(replaced.closing());
        config.relationships.erase(replaced.generation);
      }
    }
    for (const EmptiedTarget& emptied : m.emptied) {
      VolumeConfig& target = existing(config.volumes, emptied.volume);
      TT_ASSERT(targets.contains(emptied.volume) && !in_relationship(config, emptied.volume));
      TT_ASSERT(!lends(config, emptied.volume));
      give_back_space(config, target, emptied.maps);
    }
    for (const Relationship& pair : m.pairs) {
      insert_new(config.relationships, pair.generation, pair);
      freeze_source_of(pair);
    }
    make_loans(config, m.loans);
  }

  void forget_saved(Relationship& relationship) const {
    if (!relationship.saved) return;
    TT_ASSERT(config.saved.erase(*relationship.saved) == 1);
    relationship.saved.reset();
  }

  void operator()(const Withdraw& m) const {
    for (const Generation generation : m.relationships) {
      Relationship& relationship = existing(config.relationships, generation);
      TT_ASSERT(!relationship.closing());
      forget_saved(relationship);
      leave_freeze(config, relationship);
      relationship.withdrawn_at = m.at;
    }
  }

  void operator()(const EndRelationship& m) const {
    forget_saved(existing(config.relationships, m.relationship));
    config.relationships.erase(m.relationship);
  }

  void operator()(const FailRelationship& m) const {
    Generation failed = m.relationship;
    if (const auto loan = config.loans.find(m.relationship); loan != config.loans.end()) {
      loan->second.failed = true;
      failed = loan->second.borrower_relationship;
      if (!config.relationships.contains(failed)) {
        const std::string name = pair_name(loan->second.lender, loan->second.borrower);
        add_problem(config, ProblemKind::relationship_failed, m.at_s, name);
        return;
      }
    }
    if (const auto copy = config.range_copies.find(failed); copy != config.range_copies.end()) {
      copy->second.state = RelationshipState::failed;
      add_problem(config, ProblemKind::relationship_failed, m.at_s,
                  pair_name(copy->second.source, copy->second.target));
      return;
    }
    Relationship& relationship = existing(config.relationships, failed);
    relationship.state = RelationshipState::failed;
    add_problem(config, ProblemKind::relationship_failed, m.at_s, pair_name(relationship));
  }

  void operator()(const FailRank& m) const {
    existing(config.ranks, m.rank).failed = true;
    add_problem(config, ProblemKind::rank_failed, m.at_s, "R" + std::to_string(m.rank));
  }

  void operator()(const RenewRelationships& m) const {
    for (const Renewal& renewal : m.renewals) {
      const Relationship old = existing(config.relationships, renewal.retired);
      TT_ASSERT(!old.closing() && !old.revertible());
      config.relationships.erase(renewal.retired);
      const Relationship& made = renewal.made;
      TT_ASSERT(made.renewed && made.generation != renewal.retired && made.track_count == old.track_count);
      if (made.revertible()) {
        TT_ASSERT(*made.saved == renewal.retired);
        Relationship kept = old;
        kept.frozen = false;  // what comes back holds nobody up
        insert_new(config.saved, renewal.retired, kept);
      }
      add_kill(existing(config.volumes, made.target).kills, Kill{.lsn = made.t0, .track_count = made.track_count});
      end_loans_onto(config, made.target);
      insert_new(config.relationships, made.generation, made);
      freeze_source_of(made);
    }
    make_loans(config, m.loans);
  }

  void operator()(const CommitRevertible& m) const {
    for (const Generation generation : m.relationships) {
      Relationship& relationship = existing(config.relationships, generation);
      TT_ASSERT(relationship.revertible() && config.saved.erase(*relationship.saved) == 1);
      relationship.saved.reset();
    }
  }

  void operator()(const RevertRelationships& m) const {
    for (const Generation generation : m.relationships) {
      const Relationship relationship = existing(config.relationships, generation);
      TT_ASSERT(relationship.revertible());
      const Relationship before = existing(config.saved, *relationship.saved);
      config.relationships.erase(generation);
      config.saved.erase(before.generation);
      insert_new(config.relationships, before.generation, before);
    }
  }

  void operator()(const SetIdentity& m) const {
    config.personality = m.personality;
    config.storage_image_id = m.storage_image_id;
    config.name = m.name;
  }
};

}  // namespace

void apply(ImageConfig& config, const Mutation& mutation) {
  std::visit(Apply{{{config}}}, mutation);
}

}  // namespace tt::volume
