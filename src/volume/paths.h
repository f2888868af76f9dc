// SPDX-License-Identifier: Apache-2.0
// Paths to other images in the configuration (spec: remote mirror, 1.2): what is to be kept up, whoever restarts.
// Values, mutations and plans, like config.h, which includes this. How the paths are just now nobody stores.
//
// Invariants, kept by apply() and checked by the decoder: a set has one to eight paths, each over other ports; an LSS
// has sets to no more LSSs than the personality allows; the LSS exists, be it only for its paths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "mirror/path_ports.h"

namespace tt::volume {

struct ImageConfig;

/// All paths between two LSSs in one direction.
struct PathSetConfig {
  mirror::PathKey key;
  std::string partner;            ///< The storage image there, "IBM.2107-75ABCD1".
  std::uint16_t target_ssid = 0;  ///< That the LSS there must have; 0 = any.
  bool consistency_group = false;
  std::vector<mirror::PathPorts> ports;
  friend bool operator==(const PathSetConfig&, const PathSetConfig&) = default;
};

/// FB LSS 20 has FF20.
constexpr std::uint16_t ssid_of(std::uint8_t lss) noexcept {
  return static_cast<std::uint16_t>(0xFF00U | lss);
}

// ---- mutations ----------------------------------------------------------------------------------------------------
/// Instead of what there was between these LSSs.
struct SetPaths {
  PathSetConfig set;
};
struct RemovePaths {
  mirror::PathKey key;
};

[[nodiscard]] bool has_paths(const ImageConfig& config, std::uint8_t source_lss) noexcept;

/// Applies one of the above, or asserts.
struct ApplyPaths {
  ImageConfig& config;
  void operator()(const SetPaths& m) const;
  void operator()(const RemovePaths& m) const;
};
/// `corrupt` if an invariant does not hold.
Result<void> check_paths(const ImageConfig& config);

// ---- what may be done ---------------------------------------------------------------------------------------------
struct SetPathsRequest {
  PathSetConfig set;
  std::optional<std::uint16_t> source_ssid;  ///< As the administrator believes it to be.
};
/// object_not_found: this image has no LSS of that number. ssid_differs; bad_combination (the ports, or source and
/// target are the same LSS); mirror_limit (too many target LSSs). `own_wwnn` is that of this image.
Result<SetPaths> plan_set_paths(const ImageConfig& config, const SetPathsRequest& request, std::uint64_t own_wwnn);

/// The set between these LSSs, to that image if one is given. no_path; bad_combination: several images fit, and it was
/// not said which.
Result<mirror::PathKey> find_paths(const ImageConfig& config, std::uint8_t source_lss, std::uint8_t target_lss,
                                   const std::optional<std::uint64_t>& wwnn, const std::optional<std::string>& partner);

struct RemovePathsRequest {
  std::uint8_t source_lss = 0;
  std::uint8_t target_lss = 0;
  std::optional<std::uint64_t> wwnn;   ///< Of the other image, or
  std::optional<std::string> partner;  ///< its id.
  bool force = false;                  ///< Also while pairs of volumes need the paths.
};
/// As find_paths(); still_in_use: pairs of volumes need them.
Result<RemovePaths> plan_remove_paths(const ImageConfig& config, const RemovePathsRequest& request);

}  // namespace tt::volume
