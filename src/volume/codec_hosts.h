// SPDX-License-Identifier: Apache-2.0
// Stored fields of host access; a part of codec_fields.h, whose rules hold here too.
#pragma once

#include "volume/codec.h"

namespace tt::volume {

namespace codec {

template <>
struct LastOf<VolumeGroupType> {
  static constexpr VolumeGroupType value = VolumeGroupType::ficon_all;
};
template <>
struct LastOf<model::AddressDiscovery> {
  static constexpr model::AddressDiscovery value = model::AddressDiscovery::report_luns;
};
template <>
struct LastOf<PortRule> {
  static constexpr PortRule value = PortRule::listed;
};
template <>
struct LastOf<Topology> {
  static constexpr Topology value = Topology::off;
};

}  // namespace codec

/// One of Ts, or const: the same declaration serves reading and writing.
template <class Self, class... Ts>
concept Is = (std::same_as<std::remove_const_t<Self>, Ts> || ...);

/// What is stored in a map under its own id.
template <class T>
  requires requires(const T& object) { object.id; }
auto key_of(const T& object) {
  return object.id;
}

template <class Archive, Is<MemberRun> Self>
void fields(Archive& archive, Self& run) {
  archive(1, run.first);
  archive(2, run.count);
  archive(3, run.lun);
}

template <class Archive, Is<VolumeGroupConfig> Self>
void fields(Archive& archive, Self& group) {
  archive(1, group.id);
  archive(2, group.name);
  archive(3, group.type);
  archive(4, group.members);
  archive(5, group.resource_group);
}

template <class Archive, Is<HostConnectionConfig> Self>
void fields(Archive& archive, Self& connection) {
  archive(1, connection.id);
  archive(2, connection.name);
  archive(3, connection.wwpn);
  archive(4, connection.identity);
  archive(5, connection.host_type);
  archive(6, connection.discovery);
  archive(7, connection.block_bytes);
  archive(8, connection.port_group);
  archive(9, connection.volume_group);
  archive(10, connection.port_rule);
  archive(11, connection.io_ports);
  archive(12, connection.description);
  archive(13, connection.resource_group);
}

template <class Archive, Is<IoPortConfig> Self>
void fields(Archive& archive, Self& port) {
  archive(1, port.id);
  archive(2, port.topology);
  archive(3, port.port_group);
}

template <class Archive, Is<GroupPlace> Self>
void fields(Archive& archive, Self& place) {
  archive(1, place.group);
  archive(2, place.lun);
}

template <class Archive, Is<MakeVolumeGroup, ChangeVolumeGroup, RemoveVolumeGroup> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.group);
}
template <class Archive, Is<JoinVolumeGroups> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.volume);
  archive(2, m.places);
}
template <class Archive, Is<MakeHostConnection, ChangeHostConnection, RemoveHostConnection> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.connection);
}
template <class Archive, Is<SetIoPort> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.port);
}
template <class Archive, Is<BeginHostAccess> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.connection);
}

template <class M>
inline constexpr std::uint32_t kKind = 0;
template <>
inline constexpr std::uint32_t kKind<MakeVolumeGroup> = 60;
template <>
inline constexpr std::uint32_t kKind<ChangeVolumeGroup> = 61;
template <>
inline constexpr std::uint32_t kKind<RemoveVolumeGroup> = 62;
template <>
inline constexpr std::uint32_t kKind<JoinVolumeGroups> = 63;
template <>
inline constexpr std::uint32_t kKind<MakeHostConnection> = 64;
template <>
inline constexpr std::uint32_t kKind<ChangeHostConnection> = 65;
template <>
inline constexpr std::uint32_t kKind<RemoveHostConnection> = 66;
template <>
inline constexpr std::uint32_t kKind<SetIoPort> = 67;
template <>
inline constexpr std::uint32_t kKind<BeginHostAccess> = 68;

}  // namespace tt::volume
