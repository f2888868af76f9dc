// SPDX-License-Identifier: Apache-2.0
// Copies of one kind (relationships, loans, range copies) by generation, and by each of their two volumes. Planning
// asks for the copies of a volume for every pair of a command; a scan of all would make a command of n pairs cost n *
// n.
//
// Invariant: from_ and onto_ hold exactly one key for each entry. It holds because entries are put in and taken out
// here only, and because the volumes of a copy never change while it is in the table: what turns round is erased and
// put in again. The two are derived: neither stored nor compared.
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <ranges>
#include <set>
#include <utility>

#include "base/units.h"

namespace tt::volume {

template <class T, VolumeId T::* From, VolumeId T::* Onto>
class CopyTable {
 public:
  using Entries = std::map<Generation, T>;
  using key_type = Generation;
  using mapped_type = T;
  using value_type = typename Entries::value_type;

  CopyTable() = default;
  explicit CopyTable(Entries entries) : entries_(std::move(entries)) {
    for (const auto& [generation, copy] : entries_) add_keys(generation, copy);
  }

  [[nodiscard]] const Entries& entries() const noexcept { return entries_; }
  [[nodiscard]] auto begin() const noexcept { return entries_.begin(); }
  [[nodiscard]] auto end() const noexcept { return entries_.end(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool contains(Generation generation) const { return entries_.contains(generation); }
  [[nodiscard]] const T& at(Generation generation) const { return entries_.at(generation); }
  [[nodiscard]] auto find(Generation generation) const { return entries_.find(generation); }
  /// What is found may be changed, but for its volumes.
  [[nodiscard]] auto find(Generation generation) { return entries_.find(generation); }

  auto emplace(Generation generation, const T& copy) {
    const auto done = entries_.emplace(generation, copy);
    if (done.second) add_keys(generation, copy);
    return done;
  }
  std::size_t erase(Generation generation) {
    const auto found = entries_.find(generation);
    if (found == entries_.end()) return 0;
    from_.erase({found->second.*From, generation});
    onto_.erase({found->second.*Onto, generation});
    entries_.erase(found);
    return 1;
  }

  /// The copies from, or onto, the volume: by generation, oldest first. Not to be used after the table has changed.
  [[nodiscard]] auto from(VolumeId id) const { return copies(entries_, from_, id); }
  [[nodiscard]] auto onto(VolumeId id) const { return copies(entries_, onto_, id); }
  [[nodiscard]] auto from(VolumeId id) { return copies(entries_, from_, id); }

  friend bool operator==(const CopyTable& a, const CopyTable& b) { return a.entries_ == b.entries_; }

 private:
  using Keys = std::set<std::pair<VolumeId, Generation>>;

  void add_keys(Generation generation, const T& copy) {
    from_.emplace(copy.*From, generation);
    onto_.emplace(copy.*Onto, generation);
  }

  template <class SomeEntries>
  static auto copies(SomeEntries& entries, const Keys& keys, VolumeId id) {
    constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
    return std::ranges::subrange(keys.lower_bound({id, Generation{0}}), keys.upper_bound({id, Generation{kLast}})) |
           std::views::transform([&entries](const auto& key) -> auto& { return entries.find(key.second)->second; });
  }

  Entries entries_;
  Keys from_;
  Keys onto_;
};

}  // namespace tt::volume
