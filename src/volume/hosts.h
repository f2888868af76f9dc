// SPDX-License-Identifier: Apache-2.0
// Host access in the configuration: volume groups say which volumes, host connections say which host sees a group, and
// I/O ports where hosts come in. Values, mutations and plans, like config.h, which includes this.
//
// Invariants, kept by apply() and checked by the decoder: a group holds only volumes that exist, each once; in a group
// of type map256 each has another LUN; the group of a host connection exists or is predefined; no two host connections
// have the same WWPN, nor the same identity unless that is the WWPN itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "model/host_types.h"
#include "volume/resource_groups.h"

namespace tt::volume {

struct ImageConfig;

enum class VolumeGroupType : std::uint8_t { scsi_mask, scsi_map256, os400_mask, scsi_all, os400_all, ficon_all };

/// Volumes with ids that follow each other. In a group of type map256 their LUNs do as well, from `lun` on; else it is
/// 0. A group holds as few runs as possible, ascending.
struct MemberRun {
  VolumeId first;
  std::uint32_t count = 1;
  std::uint8_t lun = 0;
  friend bool operator==(const MemberRun&, const MemberRun&) = default;
};

/// Volumes of a group with their LUNs, or with 0.
using Members = std::map<VolumeId, std::uint8_t>;
Members members_of(std::span<const MemberRun> runs);
std::vector<MemberRun> runs_of(const Members& members, VolumeGroupType type);
bool holds(std::span<const MemberRun> runs, VolumeId volume) noexcept;

struct VolumeGroupConfig {
  std::uint16_t id = 0;
  std::string name;
  VolumeGroupType type = VolumeGroupType::scsi_mask;
  std::vector<MemberRun> members;
  std::uint16_t resource_group = kPublicGroup;
  friend bool operator==(const VolumeGroupConfig&, const VolumeGroupConfig&) = default;
};

inline constexpr std::uint16_t kAllCkd = 10;
inline constexpr std::uint16_t kAllFixedBlock512 = 20;
inline constexpr std::uint16_t kAllFixedBlock520 = 30;
inline constexpr std::uint32_t kMap256Luns = 256;
/// V10, V20 and V30 exist in every image, hold all volumes of their kind and never change; they are not stored.
std::span<const VolumeGroupConfig> predefined_volume_groups();
/// Predefined ones too; null if there is none.
const VolumeGroupConfig* find_volume_group(const ImageConfig& config, std::uint16_t id) noexcept;
bool is_predefined(std::uint16_t volume_group) noexcept;
/// Membership, also in predefined groups; `os400`: the volume is one of IBM i.
bool group_sees(const VolumeGroupConfig& group, VolumeId volume, bool os400) noexcept;
/// Whether volumes with 520-byte blocks (and no others) belong in such a group.
constexpr bool takes_os400(VolumeGroupType type) noexcept {
  return type == VolumeGroupType::os400_mask || type == VolumeGroupType::os400_all;
}

/// The 8-byte LUN a host would address the volume with; the upper 4 bytes, the others are 0. Map256: the number.
std::uint32_t lun_of(const VolumeGroupConfig& group, VolumeId volume, std::uint8_t lun) noexcept;

enum class PortRule : std::uint8_t { all, none, listed };

struct HostConnectionConfig {
  std::uint16_t id = 0;
  std::string name;
  std::uint64_t wwpn = 0;
  std::string identity;                              ///< One canonical spelling (model/host_identity.h).
  std::string host_type;                             ///< Of model/host_types.h; empty if none was named.
  std::optional<model::AddressDiscovery> discovery;  ///< Only when no host type is named.
  std::uint16_t block_bytes = 512;
  std::uint16_t port_group = 0;
  std::optional<std::uint16_t> volume_group;
  PortRule port_rule = PortRule::all;
  std::vector<std::uint16_t> io_ports;  ///< With PortRule::listed; ascending.
  std::string description;
  std::uint16_t resource_group = kPublicGroup;
  friend bool operator==(const HostConnectionConfig&, const HostConnectionConfig&) = default;
};

/// Whether a host of these properties can use volume groups of the type: blocks of its size, and LUNs of the kind that
/// it looks for.
bool host_fits(VolumeGroupType group, std::uint16_t block_bytes, model::AddressDiscovery discovery) noexcept;

/// Of the host type, else what was said, else what fits the volume group.
model::AddressDiscovery discovery_of(const ImageConfig& config, const HostConnectionConfig& connection);

enum class Topology : std::uint8_t { scsi_fcp, off };

/// What was set for a port that differs from the default; the ports themselves are those that the program listens on.
struct IoPortConfig {
  std::uint16_t id = 0;
  Topology topology = Topology::scsi_fcp;
  std::uint16_t port_group = 0;
  friend bool operator==(const IoPortConfig&, const IoPortConfig&) = default;
};
IoPortConfig io_port_of(const ImageConfig& config, std::uint16_t id);

/// The groups that a volume joins, with its LUN in those of type map256.
struct GroupPlace {
  std::uint16_t group = 0;
  std::uint8_t lun = 0;
  friend bool operator==(const GroupPlace&, const GroupPlace&) = default;
};

// ---- mutations ----------------------------------------------------------------------------------------------------
struct MakeVolumeGroup {
  VolumeGroupConfig group;
};
/// All of it is replaced; the type stays.
struct ChangeVolumeGroup {
  VolumeGroupConfig group;
};
struct RemoveVolumeGroup {
  std::uint16_t group = 0;
};
struct JoinVolumeGroups {
  VolumeId volume;
  std::vector<GroupPlace> places = {};
};
struct MakeHostConnection {
  HostConnectionConfig connection;
};
struct ChangeHostConnection {
  HostConnectionConfig connection;
};
struct RemoveHostConnection {
  std::uint16_t connection = 0;
};
struct SetIoPort {
  IoPortConfig port;
};
/// Once in the life of an image: from now on host connections decide. `connection` keeps it open to everyone as images
/// were before they had host connections.
struct BeginHostAccess {
  HostConnectionConfig connection;
};

/// Applies one of the above, or asserts.
struct ApplyHosts {
  ImageConfig& config;
  void operator()(const MakeVolumeGroup& m) const;
  void operator()(const ChangeVolumeGroup& m) const;
  void operator()(const RemoveVolumeGroup& m) const;
  void operator()(const JoinVolumeGroups& m) const;
  void operator()(const MakeHostConnection& m) const;
  void operator()(const ChangeHostConnection& m) const;
  void operator()(const RemoveHostConnection& m) const;
  void operator()(const SetIoPort& m) const;
  void operator()(const BeginHostAccess& m) const;
};
/// A volume that is removed is in no group any more.
void leave_volume_groups(ImageConfig& config, VolumeId volume);
/// `corrupt` if an invariant does not hold.
Result<void> check_hosts(const ImageConfig& config);

// ---- what may be done ---------------------------------------------------------------------------------------------
struct MakeVolumeGroupRequest {
  std::string name;
  VolumeGroupType type = VolumeGroupType::scsi_mask;
  std::vector<VolumeId> volumes;
  std::vector<std::uint8_t> luns;  ///< Empty, or one per volume.
  std::uint16_t resource_group = kPublicGroup;
};
/// The lowest free id. limit_reached; volume_not_found; object_not_found (a resource group); not_combinable (LUNs for a
/// type that derives them, or not one per volume; a 512-byte volume into an OS/400 group; a volume or a LUN twice);
/// id_taken (a LUN); limit_reached (a 257th volume of map256).
Result<MakeVolumeGroup> plan_make_volume_group(const ImageConfig& config, const MakeVolumeGroupRequest& request);

struct ChangeVolumeGroupRequest {
  enum class Action : std::uint8_t { none, add, remove, replace };
  std::uint16_t id = 0;
  std::optional<std::string> name;
  Action action = Action::none;
  std::vector<VolumeId> volumes;
  std::vector<std::uint8_t> luns;
  std::optional<std::uint16_t> resource_group = std::nullopt;
};
/// object_not_found (also a resource group); not_combinable for a predefined group and as above; volume_not_found also
/// for removing what is no member. Adding a member again changes nothing, unless it is given another LUN: id_taken.
Result<ChangeVolumeGroup> plan_change_volume_group(const ImageConfig& config, const ChangeVolumeGroupRequest& request);

/// object_not_found; not_combinable for a predefined group; still_in_use while a host connection has it.
Result<RemoveVolumeGroup> plan_remove_volume_group(const ImageConfig& config, std::uint16_t id);

/// For a volume that is there or is being made. object_not_found (a group); not_combinable (predefined, OS/400, or
/// named twice); limit_reached (map256 is full). Groups it is in already are left out.
Result<std::vector<GroupPlace>> plan_join(const ImageConfig& config, VolumeId volume, bool os400,
                                          std::span<const std::uint16_t> groups);
Result<JoinVolumeGroups> plan_join_volume_groups(const ImageConfig& config, VolumeId volume,
                                                 std::span<const std::uint16_t> groups);

/// What is given. In a change, what is not given stays.
struct HostConnectionRequest {
  std::optional<std::string> name;
  std::optional<std::uint64_t> wwpn;
  std::optional<std::string> identity;
  std::optional<std::string> host_type;
  std::optional<std::string> profile;
  std::optional<model::AddressDiscovery> discovery;
  std::optional<std::uint16_t> block_bytes;
  std::optional<std::uint16_t> port_group;
  std::optional<std::uint16_t> volume_group;
  std::optional<PortRule> port_rule;
  std::vector<std::uint16_t> io_ports;
  std::optional<std::string> description;
  std::optional<std::uint16_t> resource_group = std::nullopt;
};
/// The lowest free id; the WWPN is derived from the identity when not given, and the identity is the WWPN when not
/// given. limit_reached; id_taken (WWPN or identity); invalid_argument (identity, host type, profile, neither WWPN nor
/// identity); object_not_found (volume group, resource group); not_combinable (host and group do not fit).
Result<MakeHostConnection> plan_make_host_connection(const ImageConfig& config, const HostConnectionRequest& request);
/// object_not_found (connection too), otherwise the same.
Result<ChangeHostConnection> plan_change_host_connection(const ImageConfig& config, std::uint16_t id,
                                                         const HostConnectionRequest& request);
Result<RemoveHostConnection> plan_remove_host_connection(const ImageConfig& config, std::uint16_t id);

/// The first host connection of a new image, or of one from before there were any.
HostConnectionConfig open_host_connection();
/// Of a host that no WWPN was given for: "locally assigned" (first digit 3), from the identity.
std::uint64_t derived_wwpn(std::string_view identity) noexcept;

/// In groups that an administrator made.
bool in_volume_group(const ImageConfig& config, VolumeId volume) noexcept;

}  // namespace tt::volume
