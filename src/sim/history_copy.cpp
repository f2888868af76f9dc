// SPDX-License-Identifier: Apache-2.0
// The point-in-time copies of the block oracle. An image is a version of the target's sector whose content is one of
// the versions that the source's sector may have held at the instant of the copy.
#include <algorithm>

#include "base/assert.h"
#include "sim/history.h"

namespace tt::sim {

void History::add_image(Copy& copy, const CopyPair& pair, std::uint64_t target_sector) {
  const auto key = std::pair(pair.target, target_sector);
  if (copy.images.contains(key)) return;
  auto image = std::make_shared<Version>();
  image->kind = Version::Kind::image;
  image->begin = copy.begin;
  image->cut = copy.cut;
  copy.images.emplace(key, image);
  const std::uint64_t source_sector = pair.source_sector + (target_sector - pair.target_sector);
  for (const VersionRef& version : sector(pair.source, source_sector).versions()) {
    const bool possible = version->removed_at > copy.begin && version->begin < copy.end && version != image;
    if (possible) image->choices.push_back(version);
  }
  Register& target = sector(pair.target, target_sector);
  add_version(pair.target, target_sector, image);
  if (copy.state == Copy::State::established || copy.state == Copy::State::withdrawn) {
    settle_image(target, *image, copy.end);
  }
  if (copy.state == Copy::State::undecided) image->decided_by = last_crash_;
  if (copy.state == Copy::State::withdrawn) target.add(unknown_version(now_));
}

History::Operation History::begin_copy(std::span<const CopyPair> pairs) {
  const Instant now = tick();
  Copy& copy = copies_[now];
  copy.begin = now;
  copy.pairs.assign(pairs.begin(), pairs.end());
  copy.cut = std::make_shared<CutWindow>(CutWindow{now, now, kNever});
  for (const CopyPair& pair : pairs) {
    TT_ASSERT(pair.source != pair.target);
    for (const std::uint64_t number : touched(pair.source)) {
      if (number < pair.source_sector || number >= pair.source_sector + pair.sectors) continue;
      add_image(copy, pair, pair.target_sector + (number - pair.source_sector));
    }
    for (const std::uint64_t number : touched(pair.target)) {
      if (number < pair.target_sector || number >= pair.target_sector + pair.sectors) continue;
      add_image(copy, pair, number);
    }
  }
  return now;
}

void History::settle_image(Register& target, Version& image, Instant now) {
  image.acknowledged_at = now;
  image.hardened = true;
  target.took_effect(image, now);
}

/// The establish makes durable what its sources hold.
void History::harden_sources(const Copy& copy) {
  for (const CopyPair& pair : copy.pairs) harden(volumes_[pair.source], copy.begin);
}

void History::settle_copy(Copy& copy, Instant now) {
  copy.state = Copy::State::established;
  copy.end = now;
  copy.cut->high = std::min(copy.cut->high, now);
  for (auto& [key, image] : copy.images) {
    Register& target = sector(key.first, key.second);
    settle_image(target, *image, now);
    target.prune(oldest_read());
  }
}

void History::acknowledge_copy(Operation operation) {
  const Instant now = tick();
  Copy& copy = copies_.at(operation);
  TT_ASSERT(copy.state == Copy::State::open);
  harden_sources(copy);
  settle_copy(copy, now);
}

void History::drop_images(Copy& copy) {
  for (auto& [key, image] : copy.images) sector(key.first, key.second).erase(*image);
}

void History::refuse_copy(Operation operation) {
  tick();
  Copy& copy = copies_.at(operation);
  TT_ASSERT(copy.state == Copy::State::open);
  drop_images(copy);
  copies_.erase(operation);
}

std::vector<History::Operation> History::undecided_copies() const {
  std::vector<Operation> found;
  for (const auto& [id, copy] : copies_) {
    if (copy.state == Copy::State::undecided) found.push_back(id);
  }
  return found;
}

void History::decide_copy(Operation operation, bool exists) {
  tick();
  Copy& copy = copies_.at(operation);
  TT_ASSERT(copy.state == Copy::State::undecided);
  if (exists) return settle_copy(copy, copy.end);
  drop_images(copy);
  copies_.erase(operation);
}

VersionRef History::unknown_version(Instant now) {
  auto version = std::make_shared<Version>();
  version->kind = Version::Kind::unknown;
  version->begin = version->effective_by = version->acknowledged_at = now;
  version->hardened = true;
  return version;
}

void History::withdraw_copy(Operation operation) {
  const Instant now = tick();
  Copy& copy = copies_.at(operation);
  TT_ASSERT(copy.state == Copy::State::established);
  copy.state = Copy::State::withdrawn;
  for (auto& [key, image] : copy.images) {
    Register& target = sector(key.first, key.second);
    // Where the target has been overwritten since, the image is no longer what shows.
    if (image->removed_at == kNever) target.add(unknown_version(now));
  }
}

void History::reset_volume(std::uint32_t volume) {
  tick();
  for (auto it = copies_.begin(); it != copies_.end();) {
    Copy& copy = it->second;
    std::erase_if(copy.images, [&](const auto& entry) { return entry.first.first == volume; });
    std::erase_if(copy.pairs, [&](const CopyPair& pair) { return pair.source == volume || pair.target == volume; });
    it = copy.pairs.empty() ? copies_.erase(it) : std::next(it);
  }
  volumes_.erase(volume);
}

}  // namespace tt::sim
