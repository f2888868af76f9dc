// SPDX-License-Identifier: Apache-2.0
// Mirrored pairs in the configuration (spec: remote mirror, 1.3; decision 0020): what this image knows of its end of
// each. Values, mutations and plans, like config.h, which includes this. The bits of a pair lie in the shards.
//
// Invariants, kept by apply() and checked by the decoder: the volume exists and has all tracks of the pair; it is the
// target of one pair at most; the phase is one that there is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "mirror/pair.h"
#include "mirror/path_ports.h"

namespace tt::volume {

struct ImageConfig;

/// One end of a pair.
struct PairConfig {
  Generation generation;  ///< What frames to this image name it by.
  VolumeId volume;        ///< Here.
  std::uint64_t peer_wwnn = 0;
  std::string partner;         ///< The storage image there, "IBM.2107-75ABCD1".
  VolumeId other;              ///< The volume there.
  Generation peer_generation;  ///< The pair there.
  mirror::PairPhase phase;
  mirror::PairAttributes attributes;
  std::uint64_t epoch = 1;  ///< Another one each time the direction changes; the larger one is right.
  mirror::Lineage lineage{};
  std::uint64_t track_count = 0;  ///< That are mirrored: those of the smaller end.
  /// Key of the maps of tracks that the other end may not have, while this end is or was the source: they began with
  /// all tracks or with none, and every write above `since` belongs into them.
  Generation marks;
  Lsn since;
  bool begins_marked = false;
  bool first_pass = false;  ///< Every track that was marked at the beginning has been sent once.
  std::int64_t suspended_at_s = 0;
  std::int64_t created_s = 0;

  [[nodiscard]] bool is_source() const noexcept { return phase.role == mirror::PairRole::source; }
  [[nodiscard]] bool is_active() const noexcept { return phase.state != mirror::PairState::suspended; }
  friend bool operator==(const PairConfig&, const PairConfig&) = default;
};

/// As its paths name it: from this end to the other one.
mirror::PathKey path_key(const PairConfig& pair) noexcept;

// ---- mutations ----------------------------------------------------------------------------------------------------
struct MakePair {
  PairConfig pair;
};
/// The pair of that generation is this one; its volumes stay.
struct ChangePair {
  PairConfig pair;
};
struct RemovePair {
  Generation pair;
};

/// Applies one of the above, or asserts.
struct ApplyPairs {
  ImageConfig& config;
  void operator()(const MakePair& m) const;
  void operator()(const ChangePair& m) const;
  void operator()(const RemovePair& m) const;
};
/// `corrupt` if an invariant does not hold.
Result<void> check_mirror_pairs(const ImageConfig& config);

[[nodiscard]] bool in_mirror_pair(const ImageConfig& config, VolumeId id) noexcept;
/// The pair whose target, or source, the volume is; null if there is none.
[[nodiscard]] const PairConfig* mirror_onto(const ImageConfig& config, VolumeId id) noexcept;
[[nodiscard]] const PairConfig* mirror_from(const ImageConfig& config, VolumeId id) noexcept;
/// Sources that are no cascade are no targets. `pair` does not count.
[[nodiscard]] bool may_be_target(const ImageConfig& config, VolumeId id, Generation pair) noexcept;
/// bad_combination: options that exclude each other.
Result<void> check_attributes(mirror::PairType type, const mirror::PairAttributes& attributes, VolumeId id) noexcept;
/// Whether a FlashCopy may be made onto the volume: target_is_secondary, target_is_primary.
Result<void> check_flash_onto(const ImageConfig& config, VolumeId id) noexcept;

// ---- what may be done ---------------------------------------------------------------------------------------------
struct MakePairRequest {
  VolumeId source;
  VolumeId target;
  std::uint64_t peer_wwnn = 0;
  std::string partner;
  mirror::PairType type = mirror::PairType::metro_mirror;
  bool copies = true;  ///< Not with -mode nocp.
  mirror::PairAttributes attributes;
};
/// The end of the source, without generations, lineage and times. volume_not_found; source_not_eligible (target of a
/// FlashCopy, of another mirror, or of this very one the other way round, or track space-efficient); already_a_pair;
/// wrong_pair_state: the same pair, which is suspended; bad_combination.
Result<PairConfig> plan_make_pair(const ImageConfig& config, const MakePairRequest& request);

struct AcceptPairRequest {
  VolumeId source;
  VolumeId target;
  std::uint64_t peer_wwnn = 0;
  std::string partner;
  Generation peer_generation;
  std::uint64_t block_count = 0;
  mirror::PairType type = mirror::PairType::metro_mirror;
  bool copies = true;
  mirror::PairAttributes attributes;
  std::uint64_t epoch = 1;
  mirror::Lineage lineage{};
};
/// The end of the target, without generations and times. volume_not_found; mirror_sizes: it is smaller;
/// target_not_eligible (target of a FlashCopy, source of a mirror that is no cascade, track space-efficient);
/// already_a_pair. A pair that the same source knows no more does not count: it is replaced.
Result<PairConfig> plan_accept_pair(const ImageConfig& config, const AcceptPairRequest& request);

/// What a command means by "1000:2000" and the image at the other end, if it was said.
struct PairName {
  VolumeId volume;  ///< Here.
  std::optional<VolumeId> other;
  std::optional<std::string> partner;
};
/// no_such_pair; wrong_partner: the volume is paired with another one; bad_combination: several fit.
Result<Generation> find_pair(const ImageConfig& config, const PairName& name);

}  // namespace tt::volume
