// SPDX-License-Identifier: Apache-2.0
#include "sim/history.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tt::sim {

/// The register of a sector, made when it is first needed: zeros, then the image of every copy onto it.
Register& History::sector(std::uint32_t volume, std::uint64_t number) {
  auto& sectors = volumes_[volume].sectors;
  if (Register* found = sectors.find(number); found != nullptr) return *found;
  auto zeros = std::make_shared<Version>();
  zeros->acknowledged_at = zeros->effective_by = 0;
  zeros->hardened = true;
  Register& made = sectors.make(number);
  made.add(std::move(zeros));
  for (auto& [id, copy] : copies_) {
    for (const CopyPair& pair : copy.pairs) {
      if (pair.target == volume && number >= pair.target_sector && number < pair.target_sector + pair.sectors) {
        add_image(copy, pair, number);
      }
      // The image must hold on to the source's versions before the source's next write buries them.
      if (pair.source == volume && number >= pair.source_sector && number < pair.source_sector + pair.sectors) {
        sector(pair.target, pair.target_sector + (number - pair.source_sector));
      }
    }
  }
  return made;
}

/// Adds a version to a sector and to every image that may have been taken of it.
void History::add_version(std::uint32_t volume, std::uint64_t number, const VersionRef& version) {
  sector(volume, number).add(version);
  offer_to_images(volume, number, version, version->begin);
}

/// The version may have been there from `since` on.
void History::offer_to_images(std::uint32_t volume, std::uint64_t number, const VersionRef& version, Instant since) {
  for (auto& [id, copy] : copies_) {
    if (since >= copy.end) continue;
    for (const CopyPair& pair : copy.pairs) {
      if (pair.source != volume || number < pair.source_sector || number >= pair.source_sector + pair.sectors) continue;
      const auto image = copy.images.find({pair.target, pair.target_sector + (number - pair.source_sector)});
      // An image that is made later finds the version by itself.
      if (image != copy.images.end()) image->second->choices.push_back(version);
    }
  }
}

History::Operation History::begin_versions(std::uint32_t volume, std::uint64_t first_sector, std::uint64_t sectors,
                                           bool tagged, Instant now) {
  Write write{volume, first_sector, {}};
  for (std::uint64_t i = 0; i < sectors; ++i) {
    auto version = std::make_shared<Version>();
    version->begin = now;
    if (tagged) version->value = {Value::Kind::tagged, volume, first_sector + i, now};
    add_version(volume, first_sector + i, version);
    write.versions.push_back(std::move(version));
  }
  writes_.emplace(now, std::move(write));
  return now;
}

History::Operation History::begin_write(std::uint32_t volume, std::uint64_t first_sector, std::span<std::byte> into) {
  TT_ASSERT(!into.empty() && into.size() % kBlockBytes == 0);
  const Instant now = tick();
  make_tagged(into, volume, first_sector, now);
  return begin_versions(volume, first_sector, into.size() / kBlockBytes, true, now);
}

History::Operation History::begin_zero(std::uint32_t volume, std::uint64_t first_sector, std::uint64_t sectors) {
  return begin_versions(volume, first_sector, sectors, false, tick());
}

void History::acknowledge_write(Operation operation, bool hardened) {
  const Instant now = tick();
  const auto found = writes_.find(operation);
  TT_ASSERT(found != writes_.end());
  const Write& write = found->second;
  for (std::size_t i = 0; i < write.versions.size(); ++i) {
    Version& version = *write.versions[i];
    version.acknowledged_at = now;
    version.hardened = version.hardened || hardened;
    Register& target = sector(write.volume, write.first_sector + i);
    target.took_effect(version, now);
    target.prune(oldest_read());
    if (!version.hardened) volumes_[write.volume].volatile_writes.push_back(write.versions[i]);
  }
  writes_.erase(found);
}

void History::refuse_write(Operation operation) {
  const Instant now = tick();
  const auto found = writes_.find(operation);
  TT_ASSERT(found != writes_.end());
  for (const VersionRef& version : found->second.versions) version->refused_at = now;
  writes_.erase(found);
}

History::Operation History::begin_flush(std::uint32_t volume) {
  const Instant now = tick();
  flushes_.emplace(now, Flush{volume, now});
  return now;
}

void History::harden(Volume& volume, Instant before) {
  std::erase_if(volume.volatile_writes, [&](const VersionRef& version) {
    if (version->acknowledged_at >= before) return false;
    version->hardened = true;
    return true;
  });
}

void History::acknowledge_flush(Operation operation) {
  tick();
  const auto found = flushes_.find(operation);
  TT_ASSERT(found != flushes_.end());
  harden(volumes_[found->second.volume], found->second.begin);
  flushes_.erase(found);
}

History::Operation History::begin_read(std::uint32_t volume, std::uint64_t first_sector, std::uint64_t sectors) {
  const Instant now = tick();
  // A sector without a history gets one now, or a write begun later would seem to be all there is.
  for (std::uint64_t i = 0; i < sectors; ++i) sector(volume, first_sector + i);
  reads_.emplace(now, Read{volume, first_sector, sectors});
  return now;
}

std::string History::end_read(Operation operation, std::span<const std::byte> data) {
  const Instant now = tick();
  const auto found = reads_.find(operation);
  TT_ASSERT(found != reads_.end());
  const Read read = found->second;
  TT_ASSERT(data.size() == read.sectors * kBlockBytes);
  std::string wrong;
  for (std::uint64_t i = 0; i < read.sectors && wrong.empty(); ++i) {
    const Value seen = value_of(data.subspan(i * kBlockBytes, kBlockBytes));
    Register& target = sector(read.volume, read.first_sector + i);
    const std::string why = target.observe({seen, operation, now, last_crash_, options_.seen_is_hardened});
    ++sectors_checked_;
    if (why.empty()) continue;
    wrong = "volume " + std::to_string(read.volume) + " sector " + std::to_string(read.first_sector + i) +
            ", read from " + std::to_string(operation) + " to " + std::to_string(now) + ", " + why;
  }
  reads_.erase(found);
  return wrong;
}

void History::lose(std::uint32_t volume) {
  const Instant now = tick();
  for (const std::uint64_t number : touched(volume)) {
    auto unknown = std::make_shared<Version>();
    unknown->kind = Version::Kind::unknown;
    unknown->begin = unknown->acknowledged_at = now;
    unknown->hardened = true;
    add_version(volume, number, unknown);
    sector(volume, number).took_effect(*unknown, now);
  }
}

void History::crash() {
  const Instant now = tick();
  last_crash_ = now;
  for (auto& [number, volume] : volumes_) {
    volume.sectors.for_each(
        [&](std::uint64_t, Register& target) { target.crash(now, options_.unknown_may_change_in_crash); });
    volume.volatile_writes.clear();
  }
  writes_.clear();
  flushes_.clear();
  reads_.clear();
  for (auto& [id, copy] : copies_) {
    if (copy.state != Copy::State::open) continue;
    copy.state = Copy::State::undecided;
    copy.end = now;
  }
}

std::vector<std::uint64_t> History::touched(std::uint32_t volume) const {
  std::vector<std::uint64_t> numbers;
  if (const auto found = volumes_.find(volume); found != volumes_.end()) {
    found->second.sectors.for_each([&](std::uint64_t number, const Register&) { numbers.push_back(number); });
  }
  return numbers;
}

}  // namespace tt::sim
