// SPDX-License-Identifier: Apache-2.0
#include "volume/loans.h"

#include <algorithm>
#include <map>

#include "volume/derived.h"
#include "volume/plan.h"

namespace tt::volume {

namespace {

/// A source that is to be inhibited has asked for the target's own space before it is overwritten.
bool may_share(const Relationship& r) noexcept {
  return !r.closing() && !r.revertible() && r.state == RelationshipState::valid &&
         r.options.out_of_space == OutOfSpace::fail_relationship;
}

}  // namespace

std::vector<Loan> plan_loans(const ImageConfig& config, std::span<const Relationship> made,
                             std::span<const Generation> retired) {
  std::map<VolumeId, std::vector<const Relationship*>> by_source;
  for (const Relationship& r : made) by_source[r.source];
  for (auto& [source, others] : by_source) {
    for (const Relationship& r : config.relationships.from(source)) {
      const bool goes = std::find(retired.begin(), retired.end(), r.generation) != retired.end();
      if (may_share(r) && !goes) others.push_back(&r);
    }
  }
  std::vector<Loan> loans;
  for (const Relationship& r : made) {
    if (!may_share(r)) continue;
    std::vector<const Relationship*>& others = by_source.at(r.source);
    for (const Relationship* other : others) {
      loans.push_back({.lender = r.target,
                       .borrower = other->target,
                       .generation = {},
                       .t0 = r.t0,
                       .since = other->t0,
                       .track_count = r.track_count,
                       .lender_relationship = r.generation,
                       .borrower_relationship = other->generation});
    }
    others.push_back(&r);
  }
  return loans;
}

bool is_open(const ImageConfig& config, const Loan& loan) noexcept {
  const auto shares = [&](Generation generation) {
    const auto found = config.relationships.find(generation);
    return found != config.relationships.end() && may_share(found->second);
  };
  return !loan.failed && shares(loan.lender_relationship) && shares(loan.borrower_relationship);
}

bool lends(const ImageConfig& config, VolumeId id) noexcept {
  return !config.loans.from(id).empty();
}

void make_loans(ImageConfig& config, std::span<const Loan> loans) {
  for (const Loan& loan : loans) {
    TT_ASSERT(loan.lender != loan.borrower && loan.since <= loan.t0);
    TT_ASSERT(loan.track_count <= existing(config.volumes, loan.lender).track_count());
    TT_ASSERT(loan.track_count <= existing(config.volumes, loan.borrower).track_count());
    TT_ASSERT(config.loans.emplace(loan.generation, loan).second);
  }
}

void end_loans_onto(ImageConfig& config, VolumeId borrower) {
  while (!config.loans.onto(borrower).empty()) config.loans.erase(config.loans.onto(borrower).front().generation);
}

}  // namespace tt::volume
