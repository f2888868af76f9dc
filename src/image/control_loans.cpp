// SPDX-License-Identifier: Apache-2.0
// Loans of tracks between the targets of one source (decision 0011): they are made with an establish or a resync, and
// end by themselves. The shard's side is in shard_loans.cpp.
//
// Closed is what the configuration says; shards are told in the turn in which they are asked how much is lent, and lend
// nothing afterwards. So what was counted as empty stays so until its end is recorded.
#include <algorithm>

#include "image/control.h"
#include "image/patience.h"

namespace tt::image {

namespace {

/// A record must fit into the journal; what is beyond is not lent but copied.
constexpr std::size_t kMostLoans = 2048;

}  // namespace

/// T0 has been drawn.
void ControlPlane::make_loans(RelationshipChange& change) {
  const bool turns = change.kind == ChangeKind::reverse || change.kind == ChangeKind::fast_reverse;
  if (!turns) change.loans = volume::plan_loans(config_, change.made, change.retired);
  if (change.loans.empty()) return;
  change.loans.resize(std::min(change.loans.size(), kMostLoans));
  std::uint64_t next = lsns_.draw(change.loans.size()).value;
  for (volume::Loan& loan : change.loans) loan.generation = Generation{next++};
}

std::vector<Generation> ControlPlane::loans_of(VolumeId id, LoanSide side) const {
  std::vector<Generation> loans;
  const auto note = [&loans](const volume::Loan& loan) { loans.push_back(loan.generation); };
  if (side == LoanSide::lender) {
    std::ranges::for_each(config_.loans.from(id), note);
  } else {
    std::ranges::for_each(config_.loans.onto(id), note);
  }
  return loans;
}

/// The number of tracks that each of them holds.
rt::Task<std::vector<std::uint64_t>> ControlPlane::close_loans(const std::vector<Generation>& loans) {
  std::vector<std::uint64_t> tracks(loans.size());
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    const std::vector<std::uint64_t> here = shard->close_loans(loans);
    co_await rt::hop(shard->reactor(), home_);
    for (std::size_t i = 0; i < tracks.size(); ++i) tracks[i] += here[i];
  }
  co_return tracks;
}

rt::Task<Result<void>> ControlPlane::settle_loans(VolumeId id, LoanSide side) {
  Patience patience(home_.now());
  for (;;) {
    const std::vector<Generation> loans = loans_of(id, side);
    if (loans.empty()) co_return Result<void>{};
    const std::vector<std::uint64_t> tracks = co_await close_loans(loans);
    std::uint64_t left = 0;
    for (const std::uint64_t count : tracks) left += count;
    if (left == 0) break;
    if (stopping_) co_return Errc::shutting_down;
    if (control_shard().no_more_room()) co_return Errc::journal_failed;
    if (patience.is_over(home_.now(), left)) co_return Error{Errc::timed_out, id.value};
    for (const auto& shard : shards_) {
      co_await rt::hop(home_, shard->reactor());
      shard->pay_loans(loans);
      co_await rt::hop(shard->reactor(), home_);
    }
    commands_.unlock();
    co_await rt::sleep_for(home_, Patience::kPoll);
    co_await commands_.lock();
  }
  co_await end_closed_loans();
  co_return Result<void>{};
}

/// What the targets of a volume still find through what it has borrowed would be gone with the establish onto it.
rt::Task<std::vector<Result<void>>> ControlPlane::settle_borrowed(const std::vector<volume::PairRequest>& pairs) {
  std::vector<Result<void>> settled(pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (!is_source(pairs[i].target)) continue;
    auto done = co_await settle_loans(pairs[i].target, LoanSide::borrower);
    if (!done) settled[i] = Error{Errc::other_relationships, pairs[i].target.value};
  }
  co_return settled;
}

rt::Task<void> ControlPlane::end_closed_loans() {
  std::vector<Generation> closed;
  for (const auto& [generation, loan] : config_.loans) {
    if (!volume::is_open(config_, loan) && closed.size() < kMostLoans) closed.push_back(generation);
  }
  if (closed.empty()) co_return;
  const std::vector<std::uint64_t> tracks = co_await close_loans(closed);
  volume::EndLoans end;
  for (std::size_t i = 0; i < closed.size(); ++i) {
    if (tracks[i] == 0) end.loans.push_back(closed[i]);
  }
  if (end.loans.empty()) co_return;
  // The fall of the last bits, as for a relationship (T24).
  auto done = co_await harden_every_shard();
  if (!done) co_return;
  done = co_await wait_for_room(kRecordRoom);
  if (!done) co_return;
  const volume::Mutation record = end;
  done = co_await harden(append(record));
  if (!done) co_return;  // nobody is told anything any more
  for (const auto& shard : shards_) {
    co_await rt::hop(home_, shard->reactor());
    for (const Generation generation : end.loans) shard->remove_relationship(generation);
    co_await rt::hop(shard->reactor(), home_);
  }
}

}  // namespace tt::image
