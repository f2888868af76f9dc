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
  if (copy.state == Copy::State::established) settle_image(target, *image, copy.end);
  if (copy.state == Copy::State::undecided) image->decided_by = last_crash_;
  image->withdrawing = copy.withdrawing.contains(pair.target);
  if (const auto withdrawn = copy.withdrawn.find(pair.target); withdrawn != copy.withdrawn.end()) {
    forget_image(target, *image, withdrawn->second);
  }
}

History::Operation History::begin_copy(std::span<const CopyPair> pairs) {
  const Instant now = tick();
  Copy& copy = copies_[now];
  copy.begin = now;
  copy.pairs.assign(pairs.begin(), pairs.end());
  copy.cut = std::make_shared<CutWindow>(CutWindow{now, now, kNever});
  for (const CopyPair& pair : pairs) {
    TT_ASSERT(pair.source != pair.target || pair.source_sector + pair.sectors <= pair.target_sector ||
              pair.target_sector + pair.sectors <= pair.source_sector);
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

void History::begin_withdraw(Operation operation, std::uint32_t target) {
  const Instant now = tick();
  Copy& copy = copies_.at(operation);
  TT_ASSERT(copy.state == Copy::State::established && !copy.withdrawn.contains(target));
  copy.withdrawing.emplace(target, now);
  for (auto& [key, image] : copy.images) {
    if (key.first == target) image->withdrawing = true;
  }
}

/// The unknown takes the image's place under the target's own writes. Images of other copies keep the image.
VersionRef History::forget_image(Register& target, const Version& image, Instant now) {
  auto unknown = std::make_shared<Version>(image);
  unknown->kind = Version::Kind::unknown;
  unknown->withdrawing = false;
  unknown->choices.clear();
  unknown->cut = nullptr;
  unknown->acknowledged_at = now;
  return target.replace(image, unknown) ? unknown : nullptr;
}

void History::acknowledge_withdraw(Operation operation, std::uint32_t target) {
  const Instant now = tick();
  Copy& copy = copies_.at(operation);
  const auto issued = copy.withdrawing.find(target);
  TT_ASSERT(issued != copy.withdrawing.end());
  const Instant since = issued->second;
  copy.withdrawing.erase(issued);
  copy.withdrawn.emplace(target, now);
  for (auto& [key, image] : copy.images) {
    if (key.first != target) continue;
    image->withdrawing = false;
    const VersionRef unknown = forget_image(sector(key.first, key.second), *image, now);
    if (unknown != nullptr) offer_to_images(key.first, key.second, unknown, since);
  }
}

void History::refuse_withdraw(Operation operation, std::uint32_t target) {
  tick();
  Copy& copy = copies_.at(operation);
  copy.withdrawing.erase(target);
  for (auto& [key, image] : copy.images) {
    if (key.first == target) image->withdrawing = false;
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
