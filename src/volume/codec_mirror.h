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

namespace codec {

template <>
struct LastOf<mirror::PairType> {
  static constexpr mirror::PairType value = mirror::PairType::global_copy;
};
template <>
struct LastOf<mirror::PairRole> {
  static constexpr mirror::PairRole value = mirror::PairRole::target;
};
template <>
struct LastOf<mirror::PairState> {
  static constexpr mirror::PairState value = mirror::PairState::suspended;
};
template <>
struct LastOf<mirror::SuspendReason> {
  static constexpr mirror::SuspendReason value = mirror::SuspendReason::freeze;
};

}  // namespace codec

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

template <class Archive, Is<PairConfig> Self>
void fields(Archive& archive, Self& pair) {
  archive(1, pair.generation);
  archive(2, pair.volume);
  archive(3, pair.peer_wwnn);
  archive(4, pair.partner);
  archive(5, pair.other);
  archive(6, pair.peer_generation);
  archive(7, pair.phase.role);
  archive(8, pair.phase.type);
  archive(9, pair.phase.state);
  archive(10, pair.phase.reason);
  archive(11, pair.phase.failed_over);
  archive(12, pair.attributes.target_read);
  archive(13, pair.attributes.cascade);
  archive(14, pair.attributes.critical_mode);
  archive(15, pair.attributes.resumes_itself);
  archive(16, pair.epoch);
  archive(17, pair.lineage);
  archive(18, pair.track_count);
  archive(19, pair.marks);
  archive(20, pair.since);
  archive(21, pair.begins_marked);
  archive(22, pair.first_pass);
  archive(23, pair.suspended_at_s);
  archive(24, pair.created_s);
}
inline Generation key_of(const PairConfig& pair) {
  return pair.generation;
}

template <class Archive, Is<MakePair> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.pair);
}
template <class Archive, Is<ChangePair> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.pair);
}
template <class Archive, Is<RemovePair> Self>
void fields(Archive& archive, Self& m) {
  archive(1, m.pair);
}

template <>
inline constexpr std::uint32_t kKind<SetPaths> = 93;
template <>
inline constexpr std::uint32_t kKind<RemovePaths> = 94;
template <>
inline constexpr std::uint32_t kKind<MakePair> = 95;
template <>
inline constexpr std::uint32_t kKind<ChangePair> = 96;
template <>
inline constexpr std::uint32_t kKind<RemovePair> = 97;

}  // namespace tt::volume
