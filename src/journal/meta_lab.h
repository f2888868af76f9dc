// SPDX-License-Identifier: Apache-2.0
// A checkpoint file on a simulated disk with a model of its content beside it, for tests.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/meta_codec.h"
#include "journal/meta_store.h"
#include "sim/disk.h"
#include "sim/world.h"

namespace tt::journal::lab {

struct MetaModel {
  std::map<std::pair<MapKey, std::uint32_t>, std::vector<std::byte>> pages;
  std::map<std::uint32_t, std::vector<std::byte>> blobs;
  std::uint64_t lsn_ceiling = 1;  ///< Stands for all superblock fields.
  friend bool operator==(const MetaModel&, const MetaModel&) = default;

  void apply(const Checkpoint& checkpoint, const SuperblockFields& fields) {
    for (const MapKey& key : checkpoint.drop_maps) {
      std::erase_if(pages, [&](const auto& entry) { return entry.first.first == key; });
    }
    for (const auto& key : checkpoint.drop_pages) pages.erase(key);
    for (const StoredPage& page : checkpoint.put_pages) pages[{page.map, page.page}] = page.bytes;
    for (const StoredBlob& blob : checkpoint.put_blobs) blobs[blob.id] = blob.bytes;
    lsn_ceiling = fields.lsn_ceiling;
  }
};

class MetaLab {
 public:
  explicit MetaLab(std::uint64_t seed, sim::StorageOptions options = {}) : world(seed), storage(world, options) {
    machine = &world.boot(1);
    scope = std::make_unique<rt::Scope>(machine->reactor());
  }
  ~MetaLab() { crash(); }

  Result<void> create() {
    SuperblockFields fields;
    fields.ring = {1, 20_MiB};
    return run(create_store(*this, open_disk(), fields));
  }
  /// Fills `found` from what the store holds.
  Result<void> open() { return run(open_store(*this, open_disk())); }
  Result<void> commit(Checkpoint checkpoint, std::uint64_t lsn_ceiling) {
    SuperblockFields fields = store->fields();
    fields.lsn_ceiling = lsn_ceiling;
    return run(commit_store(*this, std::move(checkpoint), fields));
  }
  Result<void> update(std::uint64_t lsn_ceiling) {
    SuperblockFields fields = store->fields();
    fields.lsn_ceiling = lsn_ceiling;
    return run(update_store(*this, fields));
  }
  void crash(sim::CrashKind kind = sim::CrashKind::power) {
    world.crash(kind);
    world.faults().clear();
    scope->kill();
    store.reset();
    machine = &world.boot(1);
    scope = std::make_unique<rt::Scope>(machine->reactor());
  }
  [[nodiscard]] sim::SimFile& file() { return *storage.file("meta"); }
  [[nodiscard]] SuperblockCopy copy(std::uint32_t i) {
    return decode_superblock(file().visible(i * kSuperblockStride, kPageBytes), i);
  }
  void damage_copy(std::uint32_t i) { file().flip_bit(i * kSuperblockStride + 100, 2); }

  sim::World world;
  sim::SimStorage storage;
  sim::Machine* machine = nullptr;
  std::uint64_t file_bytes = 64_MiB;
  std::unique_ptr<rt::Scope> scope;
  std::unique_ptr<MetaStore> store;
  MetaModel found;

 private:
  std::unique_ptr<rt::Disk> open_disk() {
    auto mounted = storage.mount(machine->reactor());
    return std::move(mounted->open("meta", rt::OpenMode::create, file_bytes)).value();
  }
  /// `cancelled` when a crash was asked for meanwhile.
  Result<void> run(rt::Task<void> task) {
    outcome_.reset();
    scope->spawn(std::move(task));
    const auto end = world.run_until([&] { return outcome_.has_value(); });
    EXPECT_NE(end, sim::RunEnd::failed) << world.failure();
    return outcome_.has_value() ? *outcome_ : Result<void>{Errc::cancelled};
  }
  void take(Result<std::unique_ptr<MetaStore>> made) {
    if (!made) {
      outcome_ = Result<void>{made.error()};
      return;
    }
    store = std::move(*made);
    found = {};
    for (StoredPage& page : store->take_pages()) found.pages[{page.map, page.page}] = std::move(page.bytes);
    for (StoredBlob& blob : store->take_blobs()) found.blobs[blob.id] = std::move(blob.bytes);
    found.lsn_ceiling = store->fields().lsn_ceiling;
    EXPECT_EQ(store->page_count(), found.pages.size());
    outcome_ = Result<void>{};
  }
  static rt::Task<void> create_store(MetaLab& lab, std::unique_ptr<rt::Disk> disk, SuperblockFields fields) {
    auto made = co_await MetaStore::create(lab.machine->reactor(), std::move(disk), fields);
    lab.take(std::move(made));
  }
  static rt::Task<void> open_store(MetaLab& lab, std::unique_ptr<rt::Disk> disk) {
    auto made = co_await MetaStore::open(lab.machine->reactor(), std::move(disk));
    lab.take(std::move(made));
  }
  static rt::Task<void> commit_store(MetaLab& lab, Checkpoint checkpoint, SuperblockFields fields) {
    auto done = co_await lab.store->commit(std::move(checkpoint), fields);
    lab.outcome_ = done;
  }
  static rt::Task<void> update_store(MetaLab& lab, SuperblockFields fields) {
    auto done = co_await lab.store->update_superblock(fields);
    lab.outcome_ = done;
  }

  std::optional<Result<void>> outcome_;
};

/// A checkpoint that puts, replaces and drops at random what the model holds.
inline Checkpoint random_checkpoint(Random& random, const MetaModel& model) {
  Checkpoint checkpoint;
  const auto random_bytes = [&](std::size_t count) {
    std::vector<std::byte> bytes(count);
    for (std::byte& b : bytes) b = static_cast<std::byte>(random.next());
    return bytes;
  };
  const std::uint64_t puts = random.below(random.chance(1, 5) ? 200 : 12);
  for (std::uint64_t i = 0; i < puts; ++i) {
    const MapKey key{Generation{1 + random.below(4)}, random.chance(1, 2) ? MapKind::uncopied : MapKind::written};
    checkpoint.put_pages.push_back({key, static_cast<std::uint32_t>(random.below(60)), random_bytes(kPageBytes)});
  }
  for (const auto& [key, bytes] : model.pages) {
    if (random.chance(1, 8)) checkpoint.drop_pages.push_back(key);
  }
  if (random.chance(1, 4) && !model.pages.empty()) checkpoint.drop_maps.push_back(model.pages.begin()->first.first);
  for (std::uint32_t id = 0; id < 3; ++id) {
    if (random.chance(1, 2)) continue;
    checkpoint.put_blobs.push_back({id, random_bytes(random.below(random.chance(1, 6) ? 900'000 : 9000))});
  }
  return checkpoint;
}

}  // namespace tt::journal::lab
