// SPDX-License-Identifier: Apache-2.0
// What may be done to an image: each command is looked at against the configuration, and nothing is changed. What comes
// out is a mutation for the journal, or the reason why not. Commands on attributes are in plan_change.h, on hosts in
// hosts.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "volume/mutation.h"

namespace tt::volume {

struct MakeVolumeRequest {
  VolumeId id;
  std::string name;
  std::uint16_t pool = 0;
  std::uint64_t block_count = 0;
  CapacityType capacity_type = CapacityType::ds;
  AllocationMethod method = AllocationMethod::standard;
  ExtentRotation rotation = ExtentRotation::automatic;
  std::vector<std::uint16_t> volume_groups = {};
  model::Os400Model os400 = model::Os400Model::none;
  bool t10dif = false;
  std::uint16_t resource_group = kPublicGroup;
};
/// object_not_found (pool, resource group), limit_reached (LSS beyond the personality's, too many extents), id_taken,
/// parity_differs (LSS and pool belong to different rank groups), out_of_range (size, also one that the model of IBM i
/// does not have), no_space also for a thin volume beyond what a pool with a virtual limit may promise,
/// repository_too_small for one of the method tse beyond the virtual capacity of a repository, not_combinable
/// (on 1750: thin, a model of any size, T10 DIF; a model with T10 DIF), no_space. Extents are chosen: rotateexts (round
/// robin over the pool's ranks; the default on 2107) or rotatevols (one rank until it is full; the default on 1750).
/// The detail is the volume id, or the pool or resource group for object_not_found. For volume groups see plan_join().
Result<MakeVolume> plan_make_volume(const ImageConfig& config, const MakeVolumeRequest& request, Generation generation,
                                    std::int64_t now_s);
/// volume_not_found; still_in_use while any relationship, closing ones included, names the volume, or it lends.
Result<RemoveVolume> plan_remove_volume(const ImageConfig& config, VolumeId id);
/// no_space when the pool, or the repository that the volume draws on, has no free extent on a rank that has not
/// failed; volume_not_found; out_of_range for an extent that the volume does not have; invalid_argument if it is
/// allocated already.
Result<AllocateExtent> plan_allocate_extent(const ImageConfig& config, VolumeId id, std::uint32_t extent_number);
/// The next free id of the rank group's parity; limit_reached, not_combinable (small extents on 1750),
/// invalid_argument (any other extent size, rank group above 1).
Result<MakePool> plan_make_pool(const ImageConfig& config, std::string name, std::uint8_t rank_group,
                                std::uint64_t extent_bytes);
/// object_not_found; still_in_use while a volume lives in the pool, or a repository.
Result<RemovePool> plan_remove_pool(const ImageConfig& config, std::uint16_t pool);
/// object_not_found (rank or pool); still_in_use when `pool` differs and the rank holds extents, or the repository of
/// its pool needs its space; rank_failed for a failed rank into a pool; limit_reached. parity_differs never: a rank
/// takes its pool's group.
Result<AssignRank> plan_assign_rank(const ImageConfig& config, std::uint16_t rank, std::optional<std::uint16_t> pool);

struct PairRequest {
  VolumeId source;
  VolumeId target;
  RelationshipOptions options;
  bool freeze = false;
  bool allows_space_efficient = false;  ///< A target of the method tse.
};
/// One verdict per pair, in order, each decided as if the valid ones before it were established: volume_not_found
/// (101), source_is_target (103), types_differ (104: T10 DIF, or the models of IBM i), target_too_small (105),
/// already_a_target (106), cascade_not_available (107: cascades come with a later release on every personality),
/// too_many_targets (108), volume_offline (117: the target has space on a failed rank; a source only needs to be read),
/// space_efficient_target (113: one of the method tse without permission or with background copy, or as a source; the
/// source is to be inhibited, with background copy). Closing relationships count for none of them.
std::vector<Result<void>> validate_pairs(const ImageConfig& config, std::span<const PairRequest> pairs);
/// Whether an establish gives back the space that the target has: it is thin and has some, the source is as large, so
/// that nothing of its own stays visible, and no other copy is made from it, by a relationship or by a loan.
bool empties_target(const ImageConfig& config, VolumeId source, VolumeId target);
/// The loans that come with relationships that are being made, whose T0 is younger than any other: from the target of
/// each to the other targets of its source, but those of `retired` relationships and those made after it. Without
/// generations.
std::vector<Loan> plan_loans(const ImageConfig& config, std::span<const Relationship> made,
                             std::span<const Generation> retired);
struct RangeRequest {
  VolumeId source;
  VolumeId target;
  std::vector<TrackRun> runs;
  bool background_copy = true;
  std::uint32_t sequence_number = 0;
};
/// One verdict per request, in their order: volume_not_found; out_of_range: a run is empty or not of whole tracks of
/// both volumes; types_differ; already_a_target: target tracks meet each other or those of a range copy, or the target
/// is one of a relationship; other_relationships: target tracks are the source of a range copy, or source tracks the
/// target of another of the same command; revertible; space_efficient_target; volume_offline; too_many_targets: more
/// than twelve copies of one track, or too many of one volume.
std::vector<Result<void>> validate_ranges(const ImageConfig& config, std::span<const RangeRequest> requests);
/// The copy of these two volumes without the given target tracks; with nothing given nothing is left.
std::vector<TrackRun> without_targets(std::span<const TrackRun> runs, std::span<const TrackRun> targets);
/// Whether the volume is source or target of a range copy.
[[nodiscard]] bool in_range_copy(const ImageConfig& config, VolumeId id) noexcept;
[[nodiscard]] bool is_range_target(const ImageConfig& config, VolumeId id) noexcept;
[[nodiscard]] bool is_range_source(const ImageConfig& config, VolumeId id) noexcept;
/// Whether more tracks may be lent.
[[nodiscard]] bool is_open(const ImageConfig& config, const Loan& loan) noexcept;
/// A track may be lent from this volume, or may still be.
[[nodiscard]] bool lends(const ImageConfig& config, VolumeId id) noexcept;
/// Whether the relationship may be resynchronised: relationship_failed (208),
/// being_removed (210), revertible (206), not_recording (202), volume_offline (117: the target cannot be written).
Result<void> validate_resync(const ImageConfig& config, Generation relationship, const RelationshipOptions& options);
/// As above; sizes_differ (204) when the target goes on in the track in which the source ends.
Result<void> validate_revertible(const ImageConfig& config, Generation relationship,
                                 const RelationshipOptions& options);
/// Whether it may be reversed: as above, and sizes_differ (204), other_relationships (207: another relationship needs
/// the old source). `fast` needs no recording. That the copy is complete (203) only the shards know.
Result<void> validate_reverse(const ImageConfig& config, Generation relationship, const RelationshipOptions& options,
                              bool fast);
/// The relationships of the source that commitflash and revertflash mean: the revertible ones, with that sequence
/// number if one is given. volume_not_found; no_such_relationship (none records); not_revertible (205).
Result<std::vector<Generation>> find_revertible(const ImageConfig& config, VolumeId source,
                                                std::optional<std::uint32_t> sequence);
/// Relationship source:target that is not closing, or no_such_relationship.
Result<Generation> find_relationship(const ImageConfig& config, VolumeId source, VolumeId target);
/// Whether its target may be compared with its image: relationship_failed (208).
Result<void> validate_verify(const ImageConfig& config, Generation relationship);
/// Whether everything may be copied in background: relationship_failed (208), target_space_efficient (209: the target
/// is of the method tse, or its source is to be inhibited when there is no space).
Result<void> validate_background_copy(const ImageConfig& config, Generation relationship);
/// Likewise before the relationship goes; also target_space_efficient (209).
Result<void> validate_copy_and_remove(const ImageConfig& config, Generation relationship);
/// Whether the target's space may go with the relationship: not_combinable when it is not thin; other_relationships
/// when another one names it.
Result<void> validate_withdraw_and_release(const ImageConfig& config, Generation relationship);

}  // namespace tt::volume
