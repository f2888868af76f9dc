// SPDX-License-Identifier: Apache-2.0
#include "flashcopy/column_plan.h"

#include <algorithm>

#include "base/assert.h"
#include "flashcopy/grains.h"

namespace tt::flashcopy {
namespace {

constexpr Lsn kNone{0};

/// The eligible entries of a track are a prefix in Lsn order; its last Lsn says which.
Lsn last_eligible(const cache::DirtyTrack& track, const PickLimit& limit) {
  Lsn last = kNone;
  for (const cache::Entry* e = track.first; e != nullptr; e = e->next) {
    if (e->clean) continue;
    if (!limit.allows(*e)) break;
    last = e->lsn;
  }
  return last;
}

class Planner {
 public:
  Planner(const cache::DirtyIndex& index, std::uint64_t track, std::uint64_t global_track, PickLimit limit,
          Preserve preserve)
      : index_(index), global_track_(global_track), limit_(limit), preserve_(preserve) {
    plan_.track = track;
  }

  void add_dirty(const cache::DirtyTrack& dirty) {
    auto& volume = *static_cast<VolumeShare*>(dirty.owner);
    if (volume.untouchable || volume.removed) return;
    const Lsn last = last_eligible(dirty, limit_);
    if (last == kNone) return;
    if (RelationshipShare* parent = uncopied_parent(volume, plan_.track)) {
      if (parent->failed) {
        plan_.updates.push_back({&volume, last, Update::Kind::drop});
      } else {
        // The entries of a partial track wait until it is whole: they lie over what the target holds.
        add_copy(*parent, parent->preserved_grains(plan_.track) == 0 ? last : kNone);
      }
      return;
    }
    for (const RelationshipShare* child : volume.children) {
      const bool needed = grains_needed(*child, dirty, last) != 0;
      if (needed && is_held(*child->target)) return;  // later: it may not be written just now
    }
    const Update::Kind kind = kind_of(volume, dirty, last);
    const GrainMask written = kind == Update::Kind::runs ? grains_touched(dirty, last) : kAllGrains;
    for (RelationshipShare* child : volume.children) {
      const GrainMask needed = grains_needed(*child, dirty, last);
      if (needed == 0) continue;
      const bool some = kind == Update::Kind::runs && may_be_partial(*child);
      add_copy(*child, kNone, some ? needed : kAllGrains);
    }
    plan_.updates.push_back({&volume, last, kind, written});
  }

  void add_forced(RelationshipShare& relationship) {
    if (relationship.failed || !relationship.is_uncopied(plan_.track)) return;
    if (relationship.target->untouchable || relationship.target->removed || relationship.source->untouchable) return;
    add_copy(relationship, kNone).forced = true;
  }

  ColumnPlan take() {
    put_first_what_others_need();
    want_whole_where_several_do();
    for (Copy& copy : plan_.copies) settle(copy);
    share_copies();
    return std::move(plan_);
  }

 private:
  static bool is_held(const VolumeShare& target) noexcept { return target.untouchable || target.removed; }

  static std::uint32_t grains_of(const cache::Entry& e) noexcept {
    const std::uint32_t first = e.first_block / kGrainBlocks;
    const std::uint32_t end = (std::uint32_t{e.first_block} + e.block_count - 1) / kGrainBlocks + 1;
    return (1U << end) - (1U << first);
  }

  /// Clean entries included: they are laid over the frame as well.
  static GrainMask grains_touched(const cache::DirtyTrack& dirty, Lsn last) noexcept {
    std::uint32_t touched = 0;
    for (const cache::Entry* e = dirty.first; e != nullptr && e->lsn <= last; e = e->next) {
      if (e->block_count != 0) touched |= grains_of(*e);
    }
    return static_cast<GrainMask>(touched);
  }

  /// What entries of the child's source up to `last` would overwrite of the child's image, and its target lacks.
  [[nodiscard]] GrainMask grains_needed(const RelationshipShare& child, const cache::DirtyTrack& dirty,
                                        Lsn last) const {
    if (!must_copy(child, last)) return 0;
    std::uint32_t changed = 0;
    for (const cache::Entry* e = dirty.first; e != nullptr && e->lsn <= last; e = e->next) {
      if (e->clean || e->lsn <= child.t0 || e->block_count == 0) continue;
      changed |= grains_of(*e);
    }
    return static_cast<GrainMask>(changed & ~std::uint32_t{child.preserved_grains(plan_.track)});
  }

  /// A short last track is left alone, as for loans.
  [[nodiscard]] bool may_be_partial(const RelationshipShare& child) const {
    return may_preserve_grains(child) && child.source->blocks_of(global_track_) == kTrackBlocks &&
           child.target->blocks_of(global_track_) == kTrackBlocks &&
           (preserve_ == Preserve::grains || child.preserved_grains(plan_.track) != 0);
  }

  /// The child's source is to hold its own entries up to `last`.
  [[nodiscard]] bool must_copy(const RelationshipShare& child, Lsn last) const {
    return !child.failed && child.is_uncopied(plan_.track) && last > child.t0;
  }

  void put_first_what_others_need() {
    std::vector<const RelationshipShare*> waiting;
    for (std::size_t i = 0; i < plan_.copies.size(); ++i) {  // it grows meanwhile
      RelationshipShare* const copied = plan_.copies[i].relationship;
      if (wants_children_first(*copied, plan_.copies[i].target_entries_up_to) || wants_parent_whole(*copied)) {
        waiting.push_back(copied);
      }
    }
    if (waiting.empty()) return;
    std::erase_if(plan_.copies, [&](const Copy& copy) {
      return std::find(waiting.begin(), waiting.end(), copy.relationship) != waiting.end();
    });
    std::erase_if(plan_.updates, [&](const Update& update) { return lacks_a_copy(update); });
  }

  bool wants_children_first(const RelationshipShare& copied, Lsn entries_up_to) {
    bool wants = false;
    for (RelationshipShare* child : copied.target->children) {
      const bool medium_is_read = must_copy(*child, copied.since);
      if (!medium_is_read && !must_copy(*child, entries_up_to)) continue;
      wants = true;
      if (!is_held(*child->target)) add_copy(*child, kNone);
    }
    return wants;
  }

  /// An image comes one way for the whole track: a partial one on the way is completed first.
  bool wants_parent_whole(const RelationshipShare& copied) {
    RelationshipShare* partial = lineage_of(*copied.source, plan_.track, 0, copied.t0).partial();
    if (partial == nullptr || partial->failed) return false;
    if (!is_held(*partial->target)) add_copy(*partial, kNone);
    return true;
  }

  [[nodiscard]] bool lacks_a_copy(const Update& update) const {
    if (update.kind == Update::Kind::drop) return false;
    const cache::DirtyTrack* dirty = index_.find(update.volume, plan_.track);
    return std::any_of(update.volume->children.begin(), update.volume->children.end(), [&](const auto* child) {
      return grains_needed(*child, *dirty, update.up_to) != 0 &&
             std::none_of(plan_.copies.begin(), plan_.copies.end(),
                          [&](const Copy& copy) { return copy.relationship == child; });
    });
  }

  /// Targets of one source that need the track at the same time share one copy of it, and that is a whole one.
  void want_whole_where_several_do() {
    for (Copy& copy : plan_.copies) {
      if (copy.grains == kAllGrains) continue;
      const bool alone = std::none_of(plan_.copies.begin(), plan_.copies.end(), [&](const Copy& other) {
        return &other != &copy && other.relationship->source == copy.relationship->source;
      });
      if (!alone) copy.grains = kAllGrains;
    }
  }

  Copy& add_copy(RelationshipShare& relationship, Lsn target_entries, GrainMask grains = kAllGrains) {
    for (Copy& copy : plan_.copies) {
      if (copy.relationship != &relationship) continue;
      copy.target_entries_up_to = std::max(copy.target_entries_up_to, target_entries);
      copy.grains = static_cast<GrainMask>(copy.grains | grains);
      return copy;
    }
    Copy copy;
    copy.relationship = &relationship;
    copy.grains = grains;
    copy.target_entries_up_to = target_entries;
    return plan_.copies.emplace_back(copy);
  }

  /// The image, and nothing else, will lie on the target's medium. A source's short last track is left alone: behind
  /// its end targets hold data of their own.
  [[nodiscard]] bool is_pure(const Copy& copy) const {
    return copy.target_entries_up_to == kNone && !copy.lost && !copy.image_is_zero && copy.grains == kAllGrains &&
           copy.relationship->source->blocks_of(global_track_) == kTrackBlocks;
  }

  /// Both images are the same: they come the same way, and the topmost volume has no entry between the two T0s.
  [[nodiscard]] bool is_same(const Copy& younger, const Copy& older) const {
    const auto a = younger.image.layers();
    const auto b = older.image.layers();
    if (a.size() != b.size() || a[0].volume != b[0].volume || a[0].after != b[0].after) return false;
    if (!std::equal(a.begin() + 1, a.end(), b.begin() + 1)) return false;
    const auto [from, to] = std::minmax(a[0].up_to, b[0].up_to);
    const cache::DirtyTrack* dirty = index_.find(a[0].volume, plan_.track);
    for (const cache::Entry* e = dirty != nullptr ? dirty->first : nullptr; e != nullptr; e = e->next) {
      if (e->lsn > from && e->lsn <= to) return false;
    }
    return true;
  }

  /// The relationship of the target that the copy is for; null for a loan that is closed.
  static RelationshipShare* party_of(const Copy& copy) noexcept {
    return copy.relationship->is_loan ? copy.relationship->borrower : copy.relationship;
  }

  [[nodiscard]] RelationshipShare* loan_for(const Copy& lender, const Copy& copy) const {
    const RelationshipShare* from = party_of(lender);
    const RelationshipShare* to = party_of(copy);
    if (from == nullptr || to == nullptr || copy.forced || !is_pure(copy)) return nullptr;
    if (lender.relationship->source != copy.relationship->source || !is_same(lender, copy)) return nullptr;
    RelationshipShare* loan = loan_between(*from, *to);
    return loan != nullptr && loan->covers(plan_.track) ? loan : nullptr;
  }

  /// The youngest copies stay and serve the older ones.
  void share_copies() {
    std::vector<Copy>& copies = plan_.copies;
    if (copies.size() < 2) return;
    const auto age = [](const Copy& copy) {
      const RelationshipShare* party = party_of(copy);
      return std::pair(party != nullptr ? party->generation : Generation{}, copy.relationship->generation);
    };
    std::sort(copies.begin(), copies.end(), [&](const Copy& a, const Copy& b) { return age(a) > age(b); });
    for (std::size_t i = 0; i < copies.size(); ++i) {  // it shrinks meanwhile
      if (!is_pure(copies[i])) continue;
      for (std::size_t j = i + 1; j < copies.size();) {
        RelationshipShare* loan = loan_for(copies[i], copies[j]);
        if (loan == nullptr) {
          ++j;
          continue;
        }
        plan_.lends.push_back({copies[j].relationship, loan, copies[i].relationship});
        copies.erase(copies.begin() + static_cast<std::ptrdiff_t>(j));
      }
    }
  }

  /// Decides, once all its parts are known, whether a medium has to be read.
  void settle(Copy& copy) const {
    const RelationshipShare& r = *copy.relationship;
    copy.image = lineage_of(*r.source, plan_.track, 0, r.t0);
    const GrainMask held = r.preserved_grains(plan_.track);
    copy.grains = static_cast<GrainMask>(copy.grains & ~held);
    copy.completes = (copy.grains | held) == kAllGrains;
    if (copy.grains != kAllGrains) {  // the source's medium held the track when the first grain was preserved
      TT_ASSERT(copy.target_entries_up_to == kNone);
      copy.lost = copy.image.lost();
      copy.reads_source_medium = !copy.lost && copy.image.base().written.test(plan_.track);
      return;
    }
    const std::uint16_t blocks = r.target->blocks_of(global_track_);
    if (copy.target_entries_up_to != kNone &&
        cache::DirtyIndex::covers(index_.find(r.target, plan_.track), r.since, copy.target_entries_up_to, 0, blocks)) {
      return;  // FC-6: the host wrote the whole track of T; S is not read
    }
    copy.lost = copy.image.lost();
    if (copy.lost) return;
    const std::uint16_t source_blocks = r.source->blocks_of(global_track_);
    bool entries = copy.target_entries_up_to != kNone;
    for (const Layer& layer : copy.image.layers()) {
      const cache::DirtyTrack* dirty = index_.find(layer.volume, plan_.track);
      if (cache::DirtyIndex::covers(dirty, layer.after, layer.up_to, 0, source_blocks)) return;
      for (const cache::Entry* e = dirty != nullptr ? dirty->first : nullptr; e != nullptr; e = e->next) {
        entries = entries || (e->lsn > layer.after && e->lsn <= layer.up_to);
      }
    }
    copy.reads_source_medium = copy.image.base().written.test(plan_.track);
    copy.image_is_zero = !copy.reads_source_medium && !entries;
  }

  Update::Kind kind_of(const VolumeShare& volume, const cache::DirtyTrack& dirty, Lsn last) const {
    const std::uint16_t blocks = volume.blocks_of(global_track_);
    const cache::Entry* newest = nullptr;
    bool all_zero = true;
    for (const cache::Entry* e = dirty.first; e != nullptr && e->lsn <= last; e = e->next) {
      newest = e;
      all_zero = all_zero && e->data == nullptr;
    }
    TT_ASSERT(newest != nullptr);
    const bool whole_zero = newest->data == nullptr && newest->first_block == 0 && newest->block_count >= blocks;
    if (whole_zero && newest->deallocate) return Update::Kind::clear;
    if (volume.written.test(plan_.track)) return Update::Kind::runs;
    return all_zero ? Update::Kind::clear : Update::Kind::whole;
  }

  const cache::DirtyIndex& index_;
  std::uint64_t global_track_;
  PickLimit limit_;
  Preserve preserve_;
  ColumnPlan plan_;
};

}  // namespace

namespace {

std::size_t bytes_of(const Copy& copy) noexcept {
  return 2 * hull_bytes(copy.grains);
}

std::size_t bytes_of(const Update& update) noexcept {
  return 2 * hull_bytes(update.grains);
}

/// How many of the first steps fit into `room`, which becomes smaller by what they take.
template <class Step>
std::size_t count_fitting(const std::vector<Step>& steps, std::size_t& room) noexcept {
  std::size_t count = 0;
  while (count < steps.size() && bytes_of(steps[count]) <= room) room -= bytes_of(steps[count++]);
  return count;
}

}  // namespace

std::size_t ColumnPlan::bytes() const noexcept {
  std::size_t sum = 0;
  for (const Copy& copy : copies) sum += bytes_of(copy);
  for (const Update& update : updates) sum += bytes_of(update);
  return sum;
}

bool ColumnPlan::limit(std::size_t max_bytes, const VolumeShare* first) {
  if (bytes() <= max_bytes) return false;
  std::size_t room = max_bytes;
  std::partition(copies.begin(), copies.end(), [first](const Copy& copy) {
    return copy.relationship->source == first || copy.relationship->target == first;
  });
  std::partition(updates.begin(), updates.end(), [first](const Update& u) { return u.volume == first; });
  const std::size_t kept = count_fitting(copies, room);
  const auto lacks_a_copy = [&](const Update& update) {
    return std::any_of(copies.begin() + static_cast<std::ptrdiff_t>(kept), copies.end(),
                       [&](const Copy& copy) { return copy.relationship->source == update.volume; });
  };
  std::erase_if(updates, lacks_a_copy);
  std::erase_if(lends, [&](const Lend& lend) {
    return std::any_of(copies.begin() + static_cast<std::ptrdiff_t>(kept), copies.end(),
                       [&](const Copy& copy) { return copy.relationship == lend.copy; });
  });
  copies.resize(kept);
  updates.resize(count_fitting(updates, room));
  return true;
}

ColumnPlan plan_column(const cache::DirtyIndex& index, std::uint64_t track, std::uint64_t global_track, PickLimit limit,
                       std::span<RelationshipShare* const> forced, Preserve preserve) {
  Planner planner(index, track, global_track, limit, preserve);
  if (const cache::Column* column = index.find_column(track)) {
    for (const cache::DirtyTrack* t = column->tracks; t != nullptr; t = t->next_in_column) planner.add_dirty(*t);
  }
  for (RelationshipShare* relationship : forced) planner.add_forced(*relationship);
  return planner.take();
}

}  // namespace tt::flashcopy
