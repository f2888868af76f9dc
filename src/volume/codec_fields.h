// SPDX-License-Identifier: Apache-2.0
// Every stored field, declared once. A tag is never reused and never changes its meaning; a new field gets a new tag
// and a default that means what its absence meant before.
#pragma once

#include "volume/codec.h"
#include "volume/codec_hosts.h"
#include "volume/codec_mirror.h"
#include "volume/mutation.h"

namespace tt::volume {

namespace codec {

template <>
struct LastOf<Personality> {
  static constexpr Personality value = Personality::ds8000;
};
template <>
struct LastOf<AllocationMethod> {
  static constexpr AllocationMethod value = AllocationMethod::tse;
};
template <>
struct LastOf<CapacityType> {
  static constexpr CapacityType value = CapacityType::blocks;
};
template <>
struct LastOf<model::Os400Model> {
  static constexpr model::Os400Model value = model::Os400Model::v050;
};
template <>
struct LastOf<ExtentRotation> {
  static constexpr ExtentRotation value = ExtentRotation::extents;
};
template <>
struct LastOf<ProblemKind> {
  static constexpr ProblemKind value = ProblemKind::pairs_suspended;
};
template <>
struct LastOf<OutOfSpace> {
  static constexpr OutOfSpace value = OutOfSpace::inhibit_source;
};
template <>
struct LastOf<RelationshipState> {
  static constexpr RelationshipState value = RelationshipState::failed;
};

}  // namespace codec

// ---- parts -------------------------------------------------------------------------------------------------------
template <class Archive, Is<RankConfig> Self>
void fields(Archive& archive, Self& rank) {
  archive(1, rank.id);
  archive(2, rank.device);
  archive(3, rank.data_bytes);
  archive(4, rank.pool);
  archive(5, rank.failed);
  archive(6, rank.array);
  archive(7, rank.reserved);
}

template <class Archive, Is<Repository> Self>
void fields(Archive& archive, Self& repository) {
  archive(1, repository.real_extents);
  archive(2, repository.virtual_extents);
  archive(3, repository.threshold_percent);
}

template <class Archive, Is<PoolConfig> Self>
void fields(Archive& archive, Self& pool) {
  archive(1, pool.id);
  archive(2, pool.name);
  archive(3, pool.extent_bytes);
  archive(4, pool.threshold_percent);
  archive(5, pool.limit_percent);
  archive(6, pool.limited);
  archive(7, pool.virtual_limited);
  archive(8, pool.repository);
}

template <class Archive, Is<SiteConfig> Self>
void fields(Archive& archive, Self& site) {
  archive(1, site.id);
  archive(2, site.device);
  archive(3, site.data_bytes);
}

template <class Archive, Is<ArrayConfig> Self>
void fields(Archive& archive, Self& array) {
  archive(1, array.id);
  archive(2, array.site);
  archive(3, array.raid_type);
}

template <class Archive, Is<Problem> Self>
void fields(Archive& archive, Self& problem) {
  archive(1, problem.id);
  archive(2, problem.kind);
  archive(3, problem.at_s);
  archive(4, problem.closed_s);
  archive(5, problem.object);
}

template <class Archive, Is<Names> Self>
void fields(Archive& archive, Self& names) {
  archive(1, names.image_description);
  archive(2, names.unit_name);
  archive(3, names.unit_description);
  archive(4, names.os400_serial);
}

template <class Archive, Is<Kill> Self>
void fields(Archive& archive, Self& kill) {
  archive(1, kill.lsn);
  archive(2, kill.track_count);
}

template <class Archive, Is<ExtentRef> Self>
void fields(Archive& archive, Self& extent) {
  archive(1, extent.rank);
  archive(2, extent.index);
}

template <class Archive, Is<VolumeConfig> Self>
void fields(Archive& archive, Self& volume) {
  archive(1, volume.id);
  archive(2, volume.generation);
  archive(3, volume.name);
  archive(4, volume.block_count);
  archive(5, volume.capacity_type);
  archive(6, volume.pool);
  archive(7, volume.method);
  archive(8, volume.created_s);
  archive(9, volume.extents);
  archive(10, volume.kills);
  archive(16, volume.rotation);
  archive(17, volume.maps);
  archive(40, volume.os400);
  archive(41, volume.t10dif);
  archive(50, volume.resource_group);
}

template <class Archive, Is<LssConfig> Self>
void fields(Archive& archive, Self& lss) {
  archive(1, lss.id);
  archive(2, lss.long_busy_timeout_s);
  archive(3, lss.consistency_group);
  archive(4, lss.resource_group);
}

template <class Archive, Is<RelationshipOptions> Self>
void fields(Archive& archive, Self& options) {
  archive(1, options.background_copy);
  archive(2, options.persistent);
  archive(3, options.inhibit_target_writes);
  archive(4, options.sequence_number);
  archive(11, options.recording);
  archive(12, options.multiple_incremental);
  archive(13, options.copy_limit);
  archive(40, options.out_of_space);
}

template <class Archive, Is<Relationship> Self>
void fields(Archive& archive, Self& relationship) {
  archive(1, relationship.source);
  archive(2, relationship.target);
  archive(3, relationship.generation);
  archive(4, relationship.t0);
  archive(5, relationship.track_count);
  archive(6, relationship.options);
  archive(7, relationship.state);
  archive(8, relationship.created_s);
  archive(9, relationship.synced_s);
  archive(10, relationship.withdrawn_at);
  archive(11, relationship.renewed);
  archive(12, relationship.saved);
  archive(20, relationship.removing);
  archive(21, relationship.frozen);
  archive(40, relationship.source_inhibited);
}
inline Generation key_of(const Relationship& relationship) {
  return relationship.generation;
}

template <class Archive, Is<Loan> Self>
void fields(Archive& archive, Self& loan) {
  archive(1, loan.lender);
  archive(2, loan.borrower);
  archive(3, loan.generation);
  archive(4, loan.t0);
  archive(5, loan.since);
  archive(6, loan.track_count);
  archive(7, loan.lender_relationship);
  archive(8, loan.borrower_relationship);
  archive(9, loan.failed);
}
inline Generation key_of(const Loan& loan) {
  return loan.generation;
}

template <class Archive, Is<TrackRun> Self>
void fields(Archive& archive, Self& run) {
  archive(1, run.source);
  archive(2, run.target);
  archive(3, run.count);
}
template <class Archive, Is<RangeCopy> Self>
void fields(Archive& archive, Self& copy) {
  archive(1, copy.source);
  archive(2, copy.target);
  archive(3, copy.generation);
  archive(4, copy.t0);
  archive(5, copy.runs);
  archive(6, copy.background_copy);
  archive(7, copy.sequence_number);
  archive(8, copy.state);
  archive(9, copy.created_s);
}
inline Generation key_of(const RangeCopy& copy) {
  return copy.generation;
}

template <class Archive, Is<CopyRates> Self>
void fields(Archive& archive, Self& rates) {
  archive(1, rates.limit_bytes_per_second);
  archive(2, rates.floor_bytes_per_second);
}

template <class Archive, Is<ScrubSettings> Self>
void fields(Archive& archive, Self& settings) {
  archive(1, settings.bytes_per_second);
  archive(2, settings.interval_s);
}

template <class Archive, Is<ResourceGroupConfig> Self>
void fields(Archive& archive, Self& group) {
  archive(1, group.id);
  archive(2, group.name);
  archive(3, group.label);
  archive(4, group.description);
}

template <class Archive, Is<ImageConfig> Self>
void fields(Archive& archive, Self& image) {
  archive(1, image.personality);
  archive(2, image.storage_image_id);
  archive(3, image.name);
  archive(4, image.ranks);
  archive(5, image.pools);
  archive(6, image.volumes);
  archive(7, image.lsses);
  archive(8, image.relationships);
  archive(20, image.sites);
  archive(21, image.arrays);
  archive(22, image.names);
  archive(23, image.problems);
  archive(24, image.last_problem);
  archive(25, image.saved);
  archive(26, image.volume_groups);
  archive(27, image.host_connections);
  archive(28, image.io_ports);
  archive(29, image.host_access_begun);
  archive(30, image.frozen_sources);
  archive(31, image.expired_freezes);
  archive(32, image.copy_rates);
  archive(33, image.scrub);
  archive(60, image.loans);
  archive(61, image.range_copies);
  archive(62, image.resource_groups);
  archive(63, image.path_sets);
  archive(64, image.mirror_pairs);
}

// ---- mutations ---------------------------------------------------------------------------------------------------
template <class Archive, Is<AddRank> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.rank);
}
template <class Archive, Is<AssignRank> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.rank);
  archive(2, m.pool);
}
template <class Archive, Is<MakePool> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.pool);
}
template <class Archive, Is<RemovePool> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.pool);
}
template <class Archive, Is<MakeVolume> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.volume);
  archive(2, m.places);
}
template <class Archive, Is<RemoveVolume> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.volume);
}
template <class Archive, Is<AllocateExtent> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.volume);
  archive(2, m.extent_number);
  archive(3, m.extent);
}
template <class Archive, Is<FreeExtent> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.volume);
  archive(2, m.extent_number);
}
template <class Archive, Is<EmptiedTarget> Self>
void fields(Archive& archive, Self& target) {
  archive(1, target.volume);
  archive(2, target.maps);
}
template <class Archive, Is<Establish> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.pairs);
  archive(2, m.emptied);
  archive(3, m.loans);
}
template <class Archive, Is<EstablishRanges> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.copies);
}
template <class Archive, Is<ChangeRanges> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.copy);
  archive(2, m.runs);
}
template <class Archive, Is<Withdraw> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.relationships);
  archive(2, m.at);
}
template <class Archive, Is<EndRelationship> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.relationship);
}
template <class Archive, Is<EndLoans> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.loans);
}
template <class Archive, Is<FailRelationship> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.relationship);
  archive(2, m.at_s);
}
template <class Archive, Is<FailRank> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.rank);
  archive(2, m.at_s);
}
template <class Archive, Is<SetIdentity> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.personality);
  archive(2, m.storage_image_id);
  archive(3, m.name);
}

template <class Archive, Is<ChangeVolume> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.volume);
  archive(2, m.name);
  archive(3, m.block_count);
  archive(4, m.capacity_type);
  archive(5, m.extents);
  archive(6, m.os400);
  archive(7, m.t10dif);
  archive(50, m.resource_group);
}
template <class Archive, Is<ReleaseSpace> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.volume);
  archive(2, m.at);
  archive(3, m.maps);
}
template <class Archive, Is<ChangeLss> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.lss);
}
template <class Archive, Is<ChangePool> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.pool);
}
template <class Archive, Is<MergePools> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.into);
  archive(2, m.from);
}
template <class Archive, Is<ReserveRank> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.rank);
  archive(2, m.reserved);
}
template <class Archive, Is<RemoveRank> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.rank);
}
template <class Archive, Is<AddSite> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.site);
}
template <class Archive, Is<MakeArray> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.array);
}
template <class Archive, Is<RemoveArray> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.array);
}
template <class Archive, Is<Renewal> Self>
void fields(Archive& archive, Self& renewal) {
  archive(1, renewal.retired);
  archive(2, renewal.made);
}
template <class Archive, Is<RenewRelationships> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.renewals);
  archive(2, m.loans);
}
template <class Archive, Is<CommitRevertible> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.relationships);
}
template <class Archive, Is<RevertRelationships> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.relationships);
}
template <class Archive, Is<ChangeNames> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.image_name);
  archive(2, m.names);
}
template <class Archive, Is<RecordProblem> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.kind);
  archive(2, m.at_s);
  archive(3, m.object);
}
template <class Archive, Is<CloseProblem> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.problem);
  archive(2, m.at_s);
}

template <class Archive, Is<StartCopy> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.relationships);
  archive(2, m.remove);
}

template <class Archive, Is<Thaw> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.lsses);
  archive(2, m.expired);
}

template <class Archive, Is<ChangeCopyRates> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.rates);
}

template <class Archive, Is<ChangeScrub> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.settings);
}

template <class Archive, Is<LimitCopies> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.relationships);
  archive(2, m.bytes_per_second);
}

template <class Archive, Is<InhibitSource> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.relationship);
  archive(2, m.at_s);
}

template <class Archive, Is<MakeResourceGroup, ChangeResourceGroup, RemoveResourceGroup> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.group);
}

/// Number of each mutation in the journal; never reused. The order of the variant means nothing.
template <>
inline constexpr std::uint32_t kKind<AddRank> = 1;
template <>
inline constexpr std::uint32_t kKind<AssignRank> = 2;
template <>
inline constexpr std::uint32_t kKind<MakePool> = 3;
template <>
inline constexpr std::uint32_t kKind<RemovePool> = 4;
template <>
inline constexpr std::uint32_t kKind<MakeVolume> = 5;
template <>
inline constexpr std::uint32_t kKind<RemoveVolume> = 6;
template <>
inline constexpr std::uint32_t kKind<AllocateExtent> = 7;
template <>
inline constexpr std::uint32_t kKind<FreeExtent> = 8;
template <>
inline constexpr std::uint32_t kKind<Establish> = 9;
template <>
inline constexpr std::uint32_t kKind<Withdraw> = 10;
template <>
inline constexpr std::uint32_t kKind<EndRelationship> = 11;
template <>
inline constexpr std::uint32_t kKind<FailRelationship> = 12;
template <>
inline constexpr std::uint32_t kKind<FailRank> = 13;
template <>
inline constexpr std::uint32_t kKind<SetIdentity> = 14;
template <>
inline constexpr std::uint32_t kKind<ChangeVolume> = 40;
template <>
inline constexpr std::uint32_t kKind<ReleaseSpace> = 41;
template <>
inline constexpr std::uint32_t kKind<ChangeLss> = 42;
template <>
inline constexpr std::uint32_t kKind<ChangePool> = 43;
template <>
inline constexpr std::uint32_t kKind<MergePools> = 44;
template <>
inline constexpr std::uint32_t kKind<ReserveRank> = 45;
template <>
inline constexpr std::uint32_t kKind<RemoveRank> = 46;
template <>
inline constexpr std::uint32_t kKind<AddSite> = 47;
template <>
inline constexpr std::uint32_t kKind<MakeArray> = 48;
template <>
inline constexpr std::uint32_t kKind<RemoveArray> = 49;
template <>
inline constexpr std::uint32_t kKind<RenewRelationships> = 15;
template <>
inline constexpr std::uint32_t kKind<CommitRevertible> = 16;
template <>
inline constexpr std::uint32_t kKind<RevertRelationships> = 17;
template <>
inline constexpr std::uint32_t kKind<ChangeNames> = 50;
template <>
inline constexpr std::uint32_t kKind<RecordProblem> = 51;
template <>
inline constexpr std::uint32_t kKind<CloseProblem> = 52;
template <>
inline constexpr std::uint32_t kKind<StartCopy> = 30;
template <>
inline constexpr std::uint32_t kKind<Thaw> = 31;
template <>
inline constexpr std::uint32_t kKind<ChangeCopyRates> = 32;
template <>
inline constexpr std::uint32_t kKind<LimitCopies> = 33;
template <>
inline constexpr std::uint32_t kKind<ChangeScrub> = 34;
template <>
inline constexpr std::uint32_t kKind<InhibitSource> = 80;
template <>
inline constexpr std::uint32_t kKind<EndLoans> = 81;
template <>
inline constexpr std::uint32_t kKind<EstablishRanges> = 82;
template <>
inline constexpr std::uint32_t kKind<ChangeRanges> = 83;
template <>
inline constexpr std::uint32_t kKind<MakeResourceGroup> = 90;
template <>
inline constexpr std::uint32_t kKind<ChangeResourceGroup> = 91;
template <>
inline constexpr std::uint32_t kKind<RemoveResourceGroup> = 92;

}  // namespace tt::volume
