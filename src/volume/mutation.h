// SPDX-License-Identifier: Apache-2.0
// What changes a configuration, and nothing else does: the control journal holds these, and replays them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "volume/config.h"

namespace tt::volume {

struct AddRank {
  RankConfig rank;
};
/// Into `pool`, or out of its pool. The rank holds no extents.
struct AssignRank {
  std::uint16_t rank = 0;
  std::optional<std::uint16_t> pool;
};
struct MakePool {
  PoolConfig pool;
};
/// Its ranks belong to no pool afterwards.
struct RemovePool {
  std::uint16_t pool = 0;
};
/// With all extents when not thin. Makes the volume's LSS if it is the first in it.
struct MakeVolume {
  VolumeConfig volume;
  std::vector<GroupPlace> places = {};
};
/// Frees its extents, and it leaves its volume groups. What it has borrowed nobody misses. The LSS goes with its last
/// volume unless somebody changed an attribute of it.
struct RemoveVolume {
  VolumeId volume;
};
struct AllocateExtent {
  VolumeId volume;
  std::uint32_t extent_number = 0;
  ExtentRef extent;
};
struct FreeExtent {
  VolumeId volume;
  std::uint32_t extent_number = 0;
};
/// A target whose former data and space go with the establish; its maps get a new generation.
struct EmptiedTarget {
  VolumeId volume;
  Generation maps;
};
/// All with one T0. Implied for each target: a kill of its dirty data, and the end of closing relationships and of
/// loans onto it.
struct Establish {
  std::vector<Relationship> pairs;
  std::vector<EmptiedTarget> emptied = {};
  std::vector<Loan> loans = {};
};
/// All with one T0.
struct EstablishRanges {
  std::vector<RangeCopy> copies;
};
/// What is left of a range copy; nothing: it has ended. The target shows its own tracks elsewhere.
struct ChangeRanges {
  Generation copy;
  std::vector<TrackRun> runs;
};
/// They become closing.
struct Withdraw {
  std::vector<Generation> relationships;
  Lsn at;
};
/// Implicit end, withdrawal while nothing is owed, or a closing one that owes nothing more.
struct EndRelationship {
  Generation relationship;
};
/// They are not open and hold no track.
struct EndLoans {
  std::vector<Generation> loans;
};
/// These two record a problem as well. A loan fails together with the borrower's relationship; a range copy may fail.
struct FailRelationship {
  Generation relationship;
  std::int64_t at_s = 0;
};
struct FailRank {
  std::uint16_t rank = 0;
  std::int64_t at_s = 0;
};
/// A relationship gets a new T0, perhaps another direction, and with them a new generation (engine notes 3.8 to 3.10).
/// All dirty data of the new target that is older than T0 is on its medium by then; implied: it is void in the journal,
/// and what the new target had borrowed is uncopied in the new relationship.
struct Renewal {
  Generation retired;
  Relationship made;  ///< With `saved` = retired when it is revertible.
  friend bool operator==(const Renewal&, const Renewal&) = default;
};
struct RenewRelationships {
  std::vector<Renewal> renewals;
  std::vector<Loan> loans = {};
};
/// The relationship stays as it is and can no longer be reverted.
struct CommitRevertible {
  std::vector<Generation> relationships;
};
/// The saved relationships come back, with their generation, T0 and maps.
struct RevertRelationships {
  std::vector<Generation> relationships;
};
struct SetIdentity {
  Personality personality = Personality::ds8000;
  std::string storage_image_id;
  std::string name;
};

/// What is given replaces what was. A larger volume brings the extents of its new end: all of them, or gaps when thin.
struct ChangeVolume {
  VolumeId volume;
  std::optional<std::string> name;
  std::optional<std::uint64_t> block_count;
  std::optional<CapacityType> capacity_type;
  std::vector<std::optional<ExtentRef>> extents;
  std::optional<model::Os400Model> os400 = std::nullopt;
  std::optional<bool> t10dif = std::nullopt;
  std::optional<std::uint16_t> resource_group = std::nullopt;
};
/// A thin volume is empty again: no extents, no data older than `at`, and maps of a new generation.
struct ReleaseSpace {
  VolumeId volume;
  Lsn at;
  Generation maps;
};
/// An LSS with other than the defaults stays without volumes; one without both goes.
struct ChangeLss {
  LssConfig lss;
};
/// Everything but id and size of extents; the repository is part of it.
struct ChangePool {
  PoolConfig pool;
};
/// Ranks and volumes of `from`, which has no repository, belong to `into`; `from` is gone.
struct MergePools {
  std::uint16_t into = 0;
  std::uint16_t from = 0;
};
struct ReserveRank {
  std::uint16_t rank = 0;
  bool reserved = false;
};
/// The rank is in no pool.
struct RemoveRank {
  std::uint16_t rank = 0;
};
struct AddSite {
  SiteConfig site;
};
struct MakeArray {
  ArrayConfig array;
};
/// No rank is on it.
struct RemoveArray {
  std::uint16_t array = 0;
};

struct ChangeNames {
  std::string image_name;
  Names names;
};
struct RecordProblem {
  ProblemKind kind = ProblemKind::rank_failed;
  std::int64_t at_s = 0;
  std::string object;
};
struct CloseProblem {
  std::uint32_t problem = 0;
  std::int64_t at_s = 0;
};

using AnyMutation =
    std::variant<AddRank, AssignRank, MakePool, RemovePool, MakeVolume, RemoveVolume, AllocateExtent, FreeExtent,
                 Establish, Withdraw, EndRelationship, FailRelationship, FailRank, SetIdentity, ChangeVolume,
                 ReleaseSpace, ChangeLss, ChangePool, MergePools, ReserveRank, RemoveRank, AddSite, MakeArray,
                 RemoveArray, ChangeNames, RecordProblem, CloseProblem, RenewRelationships, CommitRevertible,
                 RevertRelationships, MakeVolumeGroup, ChangeVolumeGroup, RemoveVolumeGroup, JoinVolumeGroups,
                 MakeHostConnection, ChangeHostConnection, RemoveHostConnection, SetIoPort, BeginHostAccess, StartCopy,
                 Thaw, ChangeCopyRates, ChangeScrub, LimitCopies, InhibitSource, EndLoans, EstablishRanges,
                 ChangeRanges, MakeResourceGroup, ChangeResourceGroup, RemoveResourceGroup, SetPaths, RemovePaths,
                 MakePair, ChangePair, RemovePair>;

template <class T, class Variant>
inline constexpr bool kIsAlternative = false;
template <class T, class... Kinds>
inline constexpr bool kIsAlternative<T, std::variant<Kinds...>> = (std::is_same_v<T, Kinds> || ...);

/// One change of the configuration. A class and not the variant itself, so that copies, moves and destruction for all
/// kinds are compiled once, in mutation.cpp, and not by each file that keeps mutations in a vector or a Result.
class Mutation : public AnyMutation {
 public:
  template <class Kind>
    requires kIsAlternative<std::remove_cvref_t<Kind>, AnyMutation>
  Mutation(Kind&& kind) : AnyMutation(std::in_place_type<std::remove_cvref_t<Kind>>, std::forward<Kind>(kind)) {}
  Mutation(const Mutation& other);
  Mutation(Mutation&& other) noexcept;
  Mutation& operator=(const Mutation& other);
  Mutation& operator=(Mutation&& other) noexcept;
  ~Mutation();
};

/// Takes effect unconditionally; a mutation that does not fit the configuration is a programmer error (replay of a
/// journal that this code wrote always fits).
void apply(ImageConfig& config, const Mutation& mutation);

// ---- persistence ---------------------------------------------------------------------------------------------------
std::vector<std::byte> encode_mutation(const Mutation& mutation);
/// bad_message for bytes that are no mutation; version_not_supported for a newer encoding or an unknown mutation.
Result<Mutation> decode_mutation(std::span<const std::byte> bytes);
std::vector<std::byte> encode_config(const ImageConfig& config);
/// Likewise; `corrupt` for a configuration that contradicts itself.
Result<ImageConfig> decode_config(std::span<const std::byte> bytes);

}  // namespace tt::volume
