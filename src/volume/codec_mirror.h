// SPDX-License-Identifier: Apache-2.0
// Stored fields of remote mirroring; a part of codec_fields.h, whose rules hold here too. Types of the folder mirror
// have theirs in its namespace, where they are looked up.
#pragma once

#include "volume/codec.h"
#include "volume/codec_hosts.h"

namespace tt::mirror {

template <class Archive, volume::Is<PathKey> Self>
void fields(Archive& archive, Self& key) {
  archive(1, key.wwnn);
  archive(2, key.source_lss);
  archive(3, key.target_lss);
}

template <class Archive, volume::Is<PathPorts> Self>
void fields(Archive& archive, Self& ports) {
  archive(1, ports.local);
  archive(2, ports.remote);
}

}  // namespace tt::mirror

namespace tt::volume {

template <class Archive, Is<PathSetConfig> Self>
void fields(Archive& archive, Self& set) {
  archive(1, set.key);
  archive(2, set.partner);
  archive(3, set.target_ssid);
  archive(4, set.consistency_group);
  archive(5, set.ports);
}
inline mirror::PathKey key_of(const PathSetConfig& set) {
  return set.key;
}

template <class Archive, Is<SetPaths> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.set);
}
template <class Archive, Is<RemovePaths> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.key);
}

template <>
inline constexpr std::uint32_t kKind<SetPaths> = 93;
template <>
inline constexpr std::uint32_t kKind<RemovePaths> = 94;

}  // namespace tt::volume
