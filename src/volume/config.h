// SPDX-License-Identifier: Apache-2.0
// The configuration of one storage image: a plain value that changes only by apply(mutation). The control shard
// journals each mutation before it takes effect, so replaying them over the last checkpoint gives exactly this value
// again. It knows no I/O and no shards. The mutations are in mutation.h; what may be done is decided in plan.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "model/os400_models.h"
#include "volume/copy_table.h"
#include "volume/extent_map.h"
#include "volume/flash_changes.h"
#include "volume/hosts.h"
#include "volume/mirror_pairs.h"
#include "volume/paths.h"
#include "volume/resource_groups.h"
#include "volume/scrub_settings.h"

namespace tt::volume {

enum class Personality : std::uint8_t { ds6000 = 0, ds8000 = 1 };  // machine types 1750 and 2107

/// Every limit that differs by personality stands here and nowhere else (spec README section 4).
struct Limits {
  std::uint16_t machine_type;
  std::uint32_t lss_count;
  std::uint32_t volume_count;
  std::uint64_t max_fb_blocks;
  std::uint32_t targets_per_source;
  bool cascades;  ///< A volume may be the target of one relationship and the source of others.
  bool thin_volumes;
  bool small_extents;
  std::uint32_t fb_long_busy_timeout_s;
  std::uint32_t volume_groups;  ///< The predefined ones counted.
  std::uint32_t host_connections;
  std::uint16_t last_resource_group;
  std::uint32_t target_lsses;  ///< That an LSS may have paths to.
};
const Limits& limits_of(Personality personality) noexcept;

/// Relationships one behind the other: X -> Y -> Z are two.
inline constexpr std::size_t kMaxCascade = 8;

inline constexpr std::uint64_t kLargeExtentBytes = 1_GiB;
inline constexpr std::uint64_t kSmallExtentBytes = 16_MiB;

/// Bound on what one image keeps in memory (12 bytes an extent): extents of all volumes together, thin ones not yet
/// allocated included, and likewise of all ranks. 16 Mi extents are 256 TiB of small or 16 PiB of large ones.
inline constexpr std::uint64_t kMaxImageExtents = std::uint64_t{1} << 24U;

/// Extent of a pool on a rank: `index` counts extents of the pool's size from the rank's data area.
struct ExtentRef {
  std::uint16_t rank = 0;
  std::uint32_t index = 0;
  friend constexpr auto operator<=>(const ExtentRef&, const ExtentRef&) = default;
};

struct RankConfig {
  std::uint16_t id = 0;
  std::string device;            ///< Storage name: file relative to the image's directory, or a block device.
  std::uint64_t data_bytes = 0;  ///< Usable bytes after the rank's header.
  std::optional<std::uint16_t> pool;
  bool failed = false;                 ///< A write or flush failed: no more writes, reads go on.
  std::optional<std::uint16_t> array;  ///< Missing in a record of old; then apply() and the decoder make one.
  bool reserved = false;               ///< Nothing new is allocated on it.
  friend bool operator==(const RankConfig&, const RankConfig&) = default;
};

/// A file or device that the image may use for a rank.
struct SiteConfig {
  std::uint16_t id = 1;  ///< Counted from 1.
  std::string device;
  std::uint64_t data_bytes = 0;  ///< What a rank on it has.
  friend bool operator==(const SiteConfig&, const SiteConfig&) = default;
};

/// A site that is taken for a rank. `raid_type` is what the administrator says that the device is; nothing here makes
/// it so.
struct ArrayConfig {
  std::uint16_t id = 0;
  std::uint16_t site = 0;
  std::uint8_t raid_type = 0;  ///< 0 = not said.
  friend bool operator==(const ArrayConfig&, const ArrayConfig&) = default;
};

/// Space of a pool that is for its volumes of the method tse alone. They take no other, and what they have counts:
/// never more than `real_extents` are theirs, and they are never larger together than `virtual_extents`.
struct Repository {
  std::uint64_t real_extents = 0;
  std::uint64_t virtual_extents = 0;
  std::uint8_t threshold_percent = 15;  ///< Free part below which its state is "exceeded".
  friend bool operator==(const Repository&, const Repository&) = default;
};

struct PoolConfig {
  std::uint16_t id = 0;  ///< Even = rank group 0, odd = rank group 1.
  std::string name;
  std::uint64_t extent_bytes = kLargeExtentBytes;
  std::uint8_t threshold_percent = 15;  ///< Free part below which the pool's state is "exceeded".
  std::uint8_t limit_percent = 100;     ///< Part of the pool that may be allocated, if `limited`.
  bool limited = false;
  bool virtual_limited = false;  ///< Thin volumes promise no more together than the pool has.
  std::optional<Repository> repository = std::nullopt;
  friend bool operator==(const PoolConfig&, const PoolConfig&) = default;
};

/// Dirty data of the volume's former life that a FlashCopy onto it made void: at replay every write below `lsn` to a
/// track below `track_count` is dropped. Newer kills with the same or a larger range replace older ones.
struct Kill {
  Lsn lsn;
  std::uint64_t track_count = 0;
  friend bool operator==(const Kill&, const Kill&) = default;
};

/// tse draws on the repository of the pool, and without one is allocated like ese; rules for FlashCopy targets ask for
/// it, too.
enum class AllocationMethod : std::uint8_t { standard, ese, tse };
/// How extents are spread over the ranks of the pool: `automatic` is what the personality does.
enum class ExtentRotation : std::uint8_t { automatic, volumes, extents };
enum class CapacityType : std::uint8_t { ds, ess, blocks };

struct VolumeConfig {
  VolumeId id;
  Generation generation;
  std::string name;
  std::uint64_t block_count = 0;
  CapacityType capacity_type = CapacityType::ds;
  std::uint16_t pool = 0;
  AllocationMethod method = AllocationMethod::standard;
  std::int64_t created_s = 0;
  std::vector<std::optional<ExtentRef>> extents;  ///< By extent number of the volume; also thin ones have them all.
  std::vector<Kill> kills;                        ///< Oldest first; each has a smaller range than the one before it.
  ExtentRotation rotation = ExtentRotation::automatic;
  /// Set when the space was released: the maps of tracks written before that belong to nobody any more.
  std::optional<Generation> maps;
  model::Os400Model os400 = model::Os400Model::none;  ///< Otherwise a volume of IBM i, with 520-byte blocks.
  bool t10dif = false;
  std::uint16_t resource_group = kPublicGroup;

  [[nodiscard]] bool is_os400() const noexcept { return os400 != model::Os400Model::none; }
  [[nodiscard]] Generation map_generation() const noexcept { return maps.value_or(generation); }
  [[nodiscard]] bool is_thin() const noexcept { return method != AllocationMethod::standard; }
  [[nodiscard]] std::uint64_t track_count() const noexcept { return divide_up(block_count, kTrackBlocks); }
  friend bool operator==(const VolumeConfig&, const VolumeConfig&) = default;
};

struct LssConfig {
  std::uint8_t id = 0;
  std::uint32_t long_busy_timeout_s = 0;
  bool consistency_group = false;
  std::uint16_t resource_group = kPublicGroup;
  friend bool operator==(const LssConfig&, const LssConfig&) = default;
};

/// What a relationship does when its thin target needs space and there is none.
enum class OutOfSpace : std::uint8_t {
  fail_relationship,  ///< The target is lost, the source goes on.
  inhibit_source,     ///< Hosts cannot write the source any more, the target stays what it is.
};

struct RelationshipOptions {
  bool background_copy = true;
  bool persistent = false;
  bool inhibit_target_writes = false;
  std::uint32_t sequence_number = 0;
  bool recording = false;             ///< Changes on either side since T0 are recorded: resync copies only those.
  bool multiple_incremental = false;  ///< Other relationships of the source may record too.
  std::uint64_t copy_limit = 0;       ///< Bytes a second of the background copy at most; 0 = none of its own.
  OutOfSpace out_of_space = OutOfSpace::fail_relationship;
  friend bool operator==(const RelationshipOptions&, const RelationshipOptions&) = default;
};

enum class RelationshipState : std::uint8_t { valid = 0, failed = 1 };

/// One FlashCopy relationship. Relationships of one establish share t0, but each has a generation of its own: it is the
/// key of the maps of its tracks.
struct Relationship {
  VolumeId source;
  VolumeId target;
  Generation generation;
  Lsn t0;
  std::uint64_t track_count = 0;
  RelationshipOptions options;
  RelationshipState state = RelationshipState::valid;
  std::int64_t created_s = 0;
  std::int64_t synced_s = 0;
  /// Set when withdrawn while tracks were owed: invisible to every interface, ends by itself (engine notes 3.7).
  std::optional<Lsn> withdrawn_at;
  /// Made from another relationship (resync, reverse): its map begins with no track uncopied and was then set by a
  /// record of the shard. False: it begins with all tracks uncopied.
  bool renewed = false;
  /// Revertible: the relationship as it was before, kept in ImageConfig::saved under this generation.
  std::optional<Generation> saved = std::nullopt;
  bool removing = false;          ///< Ends when everything is copied, persistent or not.
  bool frozen = false;            ///< Its source is frozen, at least because of it.
  bool source_inhibited = false;  ///< Its target found no space; the source is not written until the relationship goes.

  [[nodiscard]] bool revertible() const noexcept { return saved.has_value(); }
  [[nodiscard]] bool closing() const noexcept { return withdrawn_at.has_value(); }
  friend bool operator==(const Relationship&, const Relationship&) = default;
};

/// Targets of one source need the same content of a track when it is overwritten: the youngest gets it, and lends it to
/// the others (decision 0011). A loan says which target may find tracks at which other one; which tracks, the shards
/// know. Nobody sees it. It is open, that is, tracks may be added, while both relationships are as they were when it
/// was made, and it ends when it is not open and holds no track.
struct Loan {
  VolumeId lender;
  VolumeId borrower;
  Generation generation;
  Lsn t0;     ///< What the lender shows at this time is lent: the T0 of its relationship.
  Lsn since;  ///< T0 of the borrower's relationship: what is younger at the borrower lies over it.
  std::uint64_t track_count = 0;
  Generation lender_relationship;
  Generation borrower_relationship;
  bool failed = false;  ///< A track that was lent could not be brought to the borrower.
  friend bool operator==(const Loan&, const Loan&) = default;
};

/// A run of whole tracks that is copied to another place, perhaps of the same volume.
struct TrackRun {
  std::uint64_t source = 0;  ///< The first track there.
  std::uint64_t target = 0;
  std::uint64_t count = 0;
  friend bool operator==(const TrackRun&, const TrackRun&) = default;
};

/// A FlashCopy of runs of tracks (decision 0012; the specification's data set FlashCopy). It is no Relationship: tracks
/// change their number. Ends when the target holds all.
struct RangeCopy {
  VolumeId source;
  VolumeId target;
  Generation generation;
  Lsn t0;
  std::vector<TrackRun> runs;  ///< Ascending by target, where they do not overlap; not empty.
  bool background_copy = true;
  std::uint32_t sequence_number = 0;
  RelationshipState state = RelationshipState::valid;
  std::int64_t created_s = 0;
  friend bool operator==(const RangeCopy&, const RangeCopy&) = default;
};

enum class ProblemKind : std::uint8_t {
  rank_failed,
  relationship_failed,
  pool_threshold,
  pool_full,
  checkpoint_failed,
  source_inhibited,
  image_differs,
  repository_threshold,
  repository_full,
  track_damaged,
  paths_degraded,
  paths_down,
  paths_restored,  ///< Good news, and closed at once.
  pairs_suspended
};

/// Something that an administrator should look at. The list is bounded: when it is full the oldest closed problem goes,
/// or the oldest one.
struct Problem {
  std::uint32_t id = 0;
  ProblemKind kind = ProblemKind::rank_failed;
  std::int64_t at_s = 0;
  std::int64_t closed_s = 0;  ///< 0 = open.
  std::string object;  ///< "R1", "0100:0200", "P0", "shard 2", "0100:0200 track 7", "0100 track 7", "10:20 IBM..."
                       ///< (paths and pairs).
  friend bool operator==(const Problem&, const Problem&) = default;
};
inline constexpr std::size_t kMaxProblems = 256;

/// What people call the image and its storage unit.
struct Names {
  std::string image_description;
  std::string unit_name;
  std::string unit_description;
  std::string os400_serial;  ///< Three hex digits; empty = as derived from the image's id.
  friend bool operator==(const Names&, const Names&) = default;
};

struct ImageConfig {
  Personality personality = Personality::ds8000;
  std::string storage_image_id;  ///< "IBM.2107-75TT001"
  std::string name;
  std::map<std::uint16_t, RankConfig> ranks;
  std::map<std::uint16_t, PoolConfig> pools;
  std::map<VolumeId, VolumeConfig> volumes;
  std::map<std::uint8_t, LssConfig> lsses;
  CopyTable<Relationship, &Relationship::source, &Relationship::target> relationships;
  std::map<std::uint16_t, SiteConfig> sites;
  std::map<std::uint16_t, ArrayConfig> arrays;
  /// What revertible relationships were before setflashrevertible; in no other respect do they exist.
  std::map<Generation, Relationship> saved;
  Names names;
  std::map<std::uint32_t, Problem> problems;
  std::uint32_t last_problem = 0;
  std::map<std::uint16_t, VolumeGroupConfig> volume_groups;  ///< Without the predefined ones.
  std::map<std::uint16_t, HostConnectionConfig> host_connections;
  std::map<std::uint16_t, IoPortConfig> io_ports;
  /// False in an image from before there were host connections; they do not count yet.
  bool host_access_begun = false;
  /// Ascending. Hosts cannot write them, until the next start at the latest.
  std::vector<VolumeId> frozen_sources;
  /// LSSs whose last freeze was ended by its timer or a restart; ascending.
  std::vector<std::uint8_t> expired_freezes;
  CopyRates copy_rates;
  ScrubSettings scrub;
  CopyTable<Loan, &Loan::lender, &Loan::borrower> loans;
  CopyTable<RangeCopy, &RangeCopy::source, &RangeCopy::target> range_copies;
  std::map<std::uint16_t, ResourceGroupConfig> resource_groups;  ///< Without RG0.
  std::map<mirror::PathKey, PathSetConfig> path_sets;
  std::map<Generation, PairConfig> mirror_pairs;
  /// By rank, for ranks that are in a pool. Derived from ranks and volumes; kept by apply().
  std::map<std::uint16_t, ExtentMap> taken_extents;
  /// By pool, without zeros: extents that its volumes of the method tse have. Derived likewise.
  std::map<std::uint16_t, std::uint64_t> tse_extents;

  [[nodiscard]] const VolumeConfig* find_volume(VolumeId id) const noexcept;
  /// The relationship of which `id` is the target and that is not closing; each volume has at most one.
  [[nodiscard]] const Relationship* target_of(VolumeId id) const noexcept;
  /// On ranks that have neither failed nor are reserved: what may still be allocated, the pool's limit and what its
  /// repository keeps regarded. For a volume of the method tse the repository's share, if there is one.
  [[nodiscard]] std::uint64_t free_extents(std::uint16_t pool,
                                           AllocationMethod method = AllocationMethod::standard) const noexcept;
  /// On all ranks of the pool.
  [[nodiscard]] std::uint64_t total_extents(std::uint16_t pool) const noexcept;
  /// With all of the repository.
  [[nodiscard]] std::uint64_t allocated_extents(std::uint16_t pool) const noexcept;
  /// What the repository of the pool keeps and no volume has yet.
  [[nodiscard]] std::uint64_t repository_left(std::uint16_t pool) const noexcept;
  /// What thin volumes of the pool may want of it: all that they have not yet taken, too. A repository promises itself.
  [[nodiscard]] std::uint64_t promised_extents(std::uint16_t pool) const noexcept;
  /// Free ones on reserved ranks.
  [[nodiscard]] std::uint64_t reserved_extents(std::uint16_t pool) const noexcept;
  friend bool operator==(const ImageConfig&, const ImageConfig&) = default;
};

}  // namespace tt::volume
