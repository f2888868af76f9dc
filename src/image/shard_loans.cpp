// SPDX-License-Identifier: Apache-2.0
// The shard's side of loans (decision 0011). A loan is a share in relationships_ like any other, so maps, checkpoint
// and replay know it; its bits rise in the batch that brings a track to the lender, and fall like those of a
// relationship, when the track is brought to the borrower.
//
//   open     both relationships are as they were: tracks may be added
//   closed   no track is added any more; ends when it holds none. Closed in memory before the control plane looks
//            whether it is empty, and a batch asks in the turn of its BITS record: an end takes no track with it
#include <algorithm>

#include "image/shard.h"

namespace tt::image {

using flashcopy::RelationshipShare;
using flashcopy::VolumeShare;

void Shard::install_loans(std::span<const volume::Loan> loans) {
  for (const volume::Loan& loan : loans) {
    const std::uint64_t local = options_.stripes.local_count(options_.id, loan.track_count);
    auto share = std::make_unique<RelationshipShare>(loan.generation, loan.t0, local, false);
    share->is_loan = true;
    share->since = loan.since;
    share->failed = loan.failed;
    share->source = find(loan.lender);
    share->target = find(loan.borrower);
    const auto lender = relationships_.find(loan.lender_relationship);
    const auto borrower = relationships_.find(loan.borrower_relationship);
    if (lender != relationships_.end() && borrower != relationships_.end()) {
      share->lender = lender->second.get();
      share->borrower = borrower->second.get();
    }
    share->source->children.push_back(share.get());
    share->target->loans.push_back(share.get());
    relationships_[loan.generation] = std::move(share);
  }
}

std::vector<std::uint64_t> Shard::close_loans(std::span<const Generation> loans) {
  std::vector<std::uint64_t> tracks;
  for (const Generation generation : loans) {
    const auto found = relationships_.find(generation);
    if (found != relationships_.end()) found->second->lender = found->second->borrower = nullptr;
    tracks.push_back(found != relationships_.end() ? found->second->uncopied.count() : 0);
  }
  return tracks;
}

void Shard::pay_loans(std::span<const Generation> loans) {
  for (const Generation generation : loans) {
    const auto found = relationships_.find(generation);
    if (found != relationships_.end()) found->second->paying = true;
  }
}

void Shard::remove_loans_onto(const VolumeShare& borrower, std::span<const volume::Loan> but) {
  const std::vector<RelationshipShare*> loans = borrower.loans;
  for (const RelationshipShare* loan : loans) {
    const bool stays = std::any_of(but.begin(), but.end(),
                                   [&](const volume::Loan& made) { return made.generation == loan->generation; });
    if (!stays) remove_relationship(loan->generation);
  }
}

void Shard::forget_failed_loan(RelationshipShare& loan) noexcept {
  const RelationshipShare* parent = loan.target->parent;
  const bool in_relationship = parent != nullptr && !parent->withdrawn_at;
  if (!loan.failed || in_relationship) return;
  loan.uncopied.set_run(0, loan.uncopied.track_count(), false);
}

/// The borrower's relationship may have been waiting for it; a closed loan may end.
void Shard::report_if_paid(RelationshipShare& loan) noexcept {
  if (loan.removed || loan.uncopied.count() != 0) return;
  if (RelationshipShare* parent = loan.target->parent; parent != nullptr) report_if_drained(*parent);
  if (loan.borrower == nullptr) control_.share_drained(*this, loan.generation);
}

}  // namespace tt::image
