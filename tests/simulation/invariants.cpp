// SPDX-License-Identifier: Apache-2.0
#include "invariants.h"

#include <algorithm>

namespace tt::simulation {

namespace {

using flashcopy::RelationshipShare;
using flashcopy::VolumeShare;

/// Looks at one shard; the first break is kept.
class Inspector {
 public:
  explicit Inspector(image::Shard& shard)
      : shard_(shard),
        newest_(shard.lsns().newest()),
        tail_(shard.store().fields().tail.sequence),
        needed_(shard.ring().needed_tail().sequence) {}

  std::string run() {
    check(shard_.lsns().newest() < shard_.lsns().ceiling(), "I19: an Lsn at or above the ceiling was drawn");
    check(tail_ <= needed_, "I13: the durable tail is beyond what is still needed");
    shard_.for_each_volume([this](const VolumeShare& volume) { look_at(volume); });
    return broken_;
  }

 private:
  void check(bool holds, const char* what) {
    if (!holds && broken_.empty()) broken_ = "shard " + std::to_string(shard_.options().id) + ": " + what;
  }

  void look_at(const VolumeShare& volume) {
    check(volume.generation.value <= newest_.value, "I14: a generation that was never drawn");
    look_for_losses(volume);
    check(volume.written.track_count() == volume.local_track_count, "the written map has another length");
    look_at_space(volume);
    std::uint64_t entries = 0;
    for (const cache::DirtyTrack* t = volume.dirty.first; t != nullptr; t = t->next_of_owner)
      entries += look_at(volume, *t);
    check(entries == volume.dirty.entry_count, "I18: a volume's count of entries is wrong");
    if (volume.parent != nullptr) look_at(*volume.parent, volume);
    for (const RelationshipShare* loan : volume.loans) look_at_loan(*loan, volume);
    for (const flashcopy::RangeShare* range : volume.ranges_onto) look_at_range(*range, volume);
    for (const RelationshipShare* child : volume.children) check(child->source == &volume, "a child of another source");
  }

  /// A parent that goes or was replaced has left nothing behind that a child would have to find through it.
  void look_for_losses(const VolumeShare& volume) {
    for (const RelationshipShare* child : volume.children) {
      const auto& loans = child->target->loans;
      const bool known = child->is_loan ? std::find(loans.begin(), loans.end(), child) != loans.end()
                                        : child->target->parent != nullptr;
      check(child->source == &volume && known, "a child that its target does not know");
      if (volume.parent == nullptr || volume.parent->replaced == nullptr) continue;
      check(child->is_loan || volume.parent->replaced->uncopied.count() == 0,
            "a parent is replaced that a child may still need");
    }
  }

  /// A track has one way: while no change of relationships is under way, at most one share onto a volume has U=1. What
  /// is lent the lender has itself.
  void look_at_loan(const RelationshipShare& loan, const VolumeShare& borrower) {
    check(loan.is_loan && loan.target == &borrower && !loan.removed, "a loan of another volume");
    check((loan.lender == nullptr) == (loan.borrower == nullptr), "a loan with one relationship");
    check(loan.since <= loan.t0 && loan.t0 <= newest_, "I14: a loan of a time that was not yet");
    if (borrower.held) return;
    for (auto t = loan.uncopied.find(0, true); t; t = loan.uncopied.find(*t + 1, true)) {
      check(flashcopy::uncopied_parent(borrower, *t) == &loan, "a track that comes over two ways");
      check(loan.source->written.test(*t), "a track that is lent and not there");
    }
  }

  /// The source's shard asks before it takes a write to a track that is pending somewhere.
  void look_at_range(const flashcopy::RangeShare& range, const VolumeShare& target) {
    check(range.target == &target && range.t0 <= newest_, "a range copy of another volume or of a time to come");
    const auto& stripes = shard_.options().stripes;
    for (auto t = range.pending.find(0, true); t; t = range.pending.find(*t + 1, true)) {
      const auto from = range.source_of(shard_.global_of(*t));
      check(from.has_value(), "a pending track that no run names");
      const bool here = from && stripes.shard_of(*from) == shard_.options().id;
      check(!here || range.failed || range.unasked.test(stripes.to_local(*from)), "a pending track nobody asks about");
    }
  }

  void look_at_space(const VolumeShare& volume) {
    for (auto t = volume.written.find(0, true); t; t = volume.written.find(*t, true)) {
      const std::uint64_t extent = shard_.global_of(*t) / volume.tracks_per_extent;
      check(volume.extents[extent].has_value(), "I20: a written track without an extent");
      // On to the next extent, at most one stripe ahead: global numbers jump between stripes.
      std::uint64_t next = *t + 1;
      while (next < volume.local_track_count && shard_.global_of(next) / volume.tracks_per_extent == extent) ++next;
      if (next >= volume.local_track_count) break;
      *t = next;
    }
  }

  std::uint64_t look_at(const VolumeShare& volume, const cache::DirtyTrack& track) {
    const std::uint64_t number = track.column->track;
    const RelationshipShare* parent = volume.parent;
    check(track.owner == &volume, "a dirty track of another volume");
    check(track.image_readers <= track.readers, "more image readers than readers");
    check(track.first != nullptr || track.readers > 0, "an idle track was not dropped");
    std::uint64_t entries = 0;
    Lsn last{0};
    for (const cache::Entry* e = track.first; e != nullptr; e = e->next) {
      ++entries;
      check(last < e->lsn, "I5: entries are not in the order of their Lsns");
      last = e->lsn;
      check(e->lsn <= newest_, "I6: an entry with an Lsn that was never drawn");
      check(e->slot >= tail_ && e->slot >= needed_, "I13: the journal let go of an entry's slot");
      check(!e->clean || track.readers > 0, "a clean entry nobody reads was not removed");
      check(e->clean || shard_.index().next_dirty(number) == number, "dirty data that no destage would find");
      check(std::uint32_t{e->first_block} + e->block_count <= kTrackBlocks, "an entry beyond its track");
      const bool void_by_establish = parent != nullptr && !volume.held && parent->covers(number) && e->lsn < parent->t0;
      check(!void_by_establish, "an entry of the target's former life was not killed");
    }
    return entries;
  }

  /// Decision 0015: a preserved grain is one of an uncopied track.
  void look_at_partial_tracks(const RelationshipShare& r) {
    std::uint64_t partial = 0;
    for (std::uint64_t track = 0; r.preserved && track < r.uncopied.track_count(); ++track) {
      const GrainMask grains = r.preserved->test16(track * kTrackGrains);
      if (grains == 0) continue;
      ++partial;
      check(grains != kAllGrains, "a track with all its grains is not copied");
      check(r.uncopied.test(track), "a grain of a track that is copied is called preserved");
    }
    check(partial == r.partial_tracks, "the number of partial tracks is wrong");
  }

  void look_at(const RelationshipShare& r, const VolumeShare& target) {
    check(r.target == &target && r.source != nullptr && !r.removed, "the target's parent is not its relationship");
    check(r.t0 <= newest_ && r.generation.value <= newest_.value, "I14: a T0 or generation that was never drawn");
    check(r.uncopied.track_count() <= target.local_track_count, "more tracks than the target has");
    look_at_partial_tracks(r);
    if (!r.withdrawn_at) return;
    // T19: what a closing relationship still holds is owed, and its data is still there to be brought over.
    check(flashcopy::owed_tracks(r, std::nullopt).size() == r.uncopied.count(),
          "I7: a closing relationship owes nothing");
  }

  image::Shard& shard_;
  Lsn newest_;
  journal::SlotSeq tail_;
  journal::SlotSeq needed_;
  std::string broken_;
};

}  // namespace

std::string broken_invariant(image::Image& image) {
  for (const auto& shard : image.shards()) {
    std::string broken = Inspector(*shard).run();
    if (!broken.empty()) return broken;
  }
  return {};
}

InvariantWatch::InvariantWatch(sim::Case& c, image::Image& image, std::uint64_t every) : case_(c) {
  case_.world().set_after_event([this, &image, every] {
    if (case_.world().events() % every != 0 || case_.failed()) return;
    const std::string broken = broken_invariant(image);
    if (!broken.empty()) case_.fail(broken);
  });
}

InvariantWatch::~InvariantWatch() {
  case_.world().set_after_event(nullptr);
}

}  // namespace tt::simulation
