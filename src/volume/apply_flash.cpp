// SPDX-License-Identifier: Apache-2.0
#include "volume/apply_flash.h"

#include "base/assert.h"
#include "volume/derived.h"
#include "volume/freeze.h"
#include "volume/plan.h"

namespace tt::volume {

void ApplyFlash::operator()(const StartCopy& m) const {
  for (const Generation generation : m.relationships) {
    const auto found = config.relationships.find(generation);
    TT_ASSERT(found != config.relationships.end() && !found->second.closing());
    found->second.options.background_copy = true;
    found->second.removing = found->second.removing || m.remove;
  }
}

void ApplyFlash::operator()(const Thaw& m) const {
  for (const std::uint8_t lss : m.lsses) {
    const std::vector<VolumeId> sources = config.frozen_sources;
    for (const VolumeId source : sources) {
      if (lss_of(source) == lss) end_freeze(config, source);
    }
    if (m.expired) expire_freeze(config, lss);
  }
}

void ApplyFlash::operator()(const ChangeCopyRates& m) const {
  config.copy_rates = m.rates;
}

void ApplyFlash::operator()(const LimitCopies& m) const {
  for (const Generation generation : m.relationships) {
    const auto found = config.relationships.find(generation);
    TT_ASSERT(found != config.relationships.end() && !found->second.closing());
    found->second.options.copy_limit = m.bytes_per_second;
  }
}

void ApplyFlash::operator()(const InhibitSource& m) const {
  Relationship& relationship = existing(config.relationships, m.relationship);
  TT_ASSERT(relationship.options.out_of_space == OutOfSpace::inhibit_source);
  relationship.source_inhibited = true;
  add_problem(config, ProblemKind::source_inhibited, m.at_s, pair_name(relationship));
}

void ApplyFlash::operator()(const EstablishRanges& m) const {
  for (const RangeCopy& copy : m.copies) {
    TT_ASSERT(!copy.runs.empty());
    TT_ASSERT(config.find_volume(copy.source) != nullptr && config.find_volume(copy.target) != nullptr);
    TT_ASSERT(config.range_copies.emplace(copy.generation, copy).second);
  }
}

void ApplyFlash::operator()(const ChangeRanges& m) const {
  if (m.runs.empty()) {
    TT_ASSERT(config.range_copies.erase(m.copy) == 1);
  } else {
    existing(config.range_copies, m.copy).runs = m.runs;
  }
}

void ApplyFlash::operator()(const EndLoans& m) const {
  for (const Generation generation : m.loans) {
    TT_ASSERT(!is_open(config, existing(config.loans, generation)));
    config.loans.erase(generation);
  }
}

}  // namespace tt::volume
