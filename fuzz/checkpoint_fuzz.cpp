// SPDX-License-Identifier: Apache-2.0
// The checkpoint file of a shard. Even first byte: commits as the input says, then bytes of the file are damaged; what
// opens then is exactly what was committed, or it is refused as corrupt; with two superblock copies whole and nothing
// else touched, it opens. Odd first byte: the input is the index, behind intact checksums, as an attacker would put it.
#include <memory>
#include <optional>
#include <set>

#include "base/crc32c.h"
#include "fuzz/input.h"
#include "fuzz/memory_disk.h"
#include "host/testing/manual_reactor.h"
#include "journal/meta_codec.h"
#include "journal/meta_store.h"
#include "runtime/scope.h"

namespace {

using namespace tt;
using namespace tt::journal;

constexpr std::uint64_t kFileBytes = 4_MiB;

struct Model {
  std::map<std::pair<MapKey, std::uint32_t>, std::vector<std::byte>> pages;
  std::map<std::uint32_t, std::vector<std::byte>> blobs;
  std::uint64_t lsn_ceiling = 1;
  friend bool operator==(const Model&, const Model&) = default;
};

class Store {
 public:
  ~Store() {
    store_.reset();
    TT_ASSERT(scope_.count() == 0);
  }
  [[nodiscard]] fuzz::Pages& pages() { return pages_; }

  void create() {
    SuperblockFields fields;
    fields.ring = {1, 20_MiB};
    const auto made = run(create_store(*this, fields));
    TT_ASSERT(made.has_value());
  }
  Result<void> open() { return run(open_store(*this)); }
  Result<void> commit(Checkpoint checkpoint, std::uint64_t lsn_ceiling) {
    SuperblockFields fields = store_->fields();
    fields.lsn_ceiling = lsn_ceiling;
    return run(commit_store(*this, std::move(checkpoint), fields));
  }
  Model found() {
    Model model;
    for (StoredPage& page : store_->take_pages()) model.pages[{page.map, page.page}] = std::move(page.bytes);
    for (StoredBlob& blob : store_->take_blobs()) model.blobs[blob.id] = std::move(blob.bytes);
    model.lsn_ceiling = store_->fields().lsn_ceiling;
    return model;
  }

 private:
  std::unique_ptr<rt::Disk> disk() { return std::make_unique<fuzz::MemoryDisk>(reactor_, pages_, kFileBytes); }
  Result<void> run(rt::Task<void> task) {
    outcome_.reset();
    scope_.spawn(std::move(task));
    reactor_.run_ready();
    TT_ASSERT(outcome_.has_value());
    return *outcome_;
  }
  void take(Result<std::unique_ptr<MetaStore>> made) {
    outcome_ = made ? Result<void>{} : Result<void>{made.error()};
    if (made) store_ = std::move(*made);
  }
  static rt::Task<void> create_store(Store& self, SuperblockFields fields) {
    auto disk = self.disk();
    auto made = co_await MetaStore::create(self.reactor_, std::move(disk), fields);
    self.take(std::move(made));
  }
  static rt::Task<void> open_store(Store& self) {
    self.store_.reset();
    auto disk = self.disk();
    auto made = co_await MetaStore::open(self.reactor_, std::move(disk));
    self.take(std::move(made));
  }
  static rt::Task<void> commit_store(Store& self, Checkpoint checkpoint, SuperblockFields fields) {
    auto done = co_await self.store_->commit(std::move(checkpoint), fields);
    self.outcome_ = done;
  }

  host_testing::ManualReactor reactor_;
  fuzz::Pages pages_;
  rt::Scope scope_{reactor_};
  std::unique_ptr<MetaStore> store_;
  std::optional<Result<void>> outcome_;
};

MapKey key_of(fuzz::Input& input) {
  const std::uint64_t generation = 1 + input.byte() % 3;
  return {Generation{generation}, static_cast<MapKind>(1 + input.byte() % 4)};
}

void commit_one(fuzz::Input& input, Store& store, Model& model) {
  Checkpoint checkpoint;
  std::set<std::pair<MapKey, std::uint32_t>> put;
  for (unsigned count = input.byte() % 6; count > 0; --count) {
    const MapKey key = key_of(input);
    const std::uint32_t page = input.byte() % 8;
    if (put.insert({key, page}).second) {
      checkpoint.put_pages.push_back({key, page, std::vector(kPageBytes, static_cast<std::byte>(input.byte()))});
    }
  }
  if (input.byte() % 4 == 0) checkpoint.drop_maps.push_back(key_of(input));
  if (input.byte() % 4 == 0) {
    const MapKey key = key_of(input);
    checkpoint.drop_pages.emplace_back(key, input.byte() % 8);
  }
  if (input.byte() % 2 == 0) {
    const std::size_t bytes = input.below(9000);
    checkpoint.put_blobs.push_back({std::uint32_t{input.byte()} % 3, std::vector(bytes, std::byte{0x5A})});
  }
  ++model.lsn_ceiling;
  for (const MapKey& key : checkpoint.drop_maps) {
    std::erase_if(model.pages, [&](const auto& entry) { return entry.first.first == key; });
  }
  for (const auto& key : checkpoint.drop_pages) model.pages.erase(key);
  for (const StoredPage& page : checkpoint.put_pages) model.pages[{page.map, page.page}] = page.bytes;
  for (const StoredBlob& blob : checkpoint.put_blobs) model.blobs[blob.id] = blob.bytes;
  const auto done = store.commit(std::move(checkpoint), model.lsn_ceiling);
  TT_ASSERT(done.has_value());
}

void damaged_file(fuzz::Input& input) {
  Store store;
  store.create();
  TT_ASSERT(store.open().has_value());
  Model model;
  for (unsigned count = input.byte() % 4; count > 0; --count) commit_one(input, store, model);

  std::set<std::uint64_t> copies;
  bool elsewhere = false;
  const fuzz::Pages pristine = store.pages();
  while (!input.empty()) {
    auto page = pristine.all().begin();
    std::advance(page, static_cast<std::ptrdiff_t>(input.below(pristine.all().size())));
    const std::uint64_t at = input.below(fuzz::kPage);
    const auto change = static_cast<std::byte>(input.byte());
    store.pages().page(page->first)[at] ^= change;
  }
  for (const auto& [number, content] : pristine.all()) {
    if (store.pages().page(number) == content) continue;
    const bool is_copy = number * fuzz::kPage % kSuperblockStride == 0 && number * fuzz::kPage < kPageArea;
    if (is_copy) copies.insert(number);
    elsewhere = elsewhere || !is_copy;
  }
  const auto opened = store.open();
  if (opened) {
    TT_ASSERT(store.found() == model);
  } else {
    TT_ASSERT(opened.error().code == Errc::corrupt);
    TT_ASSERT(elsewhere || copies.size() > kSuperblockCopies - kSuperblockQuorum);
  }
}

void hostile_index(fuzz::Input& input) {
  Store store;
  Superblock superblock;
  superblock.sequence = 1 + input.byte();
  superblock.fields.ring = {1, 20_MiB};
  superblock.index.slot = input.byte();
  const auto index = input.rest();
  superblock.index.bytes = index.size();
  superblock.index.crc = crc32c(0, index);
  for (std::uint32_t i = 0; i < kSuperblockCopies; ++i) {
    store.pages().write(i * kSuperblockStride, encode_superblock(superblock, i));
  }
  if (!index.empty()) store.pages().write(slot_offset(superblock.index.slot), index);
  const auto opened = store.open();
  if (opened) (void)store.found();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 8192) return 0;
  fuzz::Input input(data, size);
  if ((input.byte() & 1U) == 0) {
    damaged_file(input);
  } else {
    hostile_index(input);
  }
  return 0;
}
