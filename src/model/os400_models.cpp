// SPDX-License-Identifier: Apache-2.0
#include "model/os400_models.h"

#include "base/units.h"
#include "model/catalogue.h"

namespace tt::model {

namespace {

using M = Os400Model;

constexpr Os400ModelFacts kModels[] = {
    {M::a01, "A01", true, 16'777'216},   {M::a81, "A81", false, 16'777'216}, {M::a02, "A02", true, 34'275'328},
    {M::a82, "A82", false, 34'275'328},  {M::a04, "A04", true, 137'822'208}, {M::a84, "A84", false, 137'822'208},
    {M::a05, "A05", true, 68'681'728},   {M::a85, "A85", false, 68'681'728}, {M::a06, "A06", true, 275'644'416},
    {M::a86, "A86", false, 275'644'416}, {M::a07, "A07", true, 551'288'832}, {M::a87, "A87", false, 551'288'832},
    {M::v099, "099", true, 0},           {M::v050, "050", false, 0},
};

}  // namespace

std::string_view Os400ModelFacts::data_type() const {
  if (is_variable()) return is_protected ? "FB 520PV" : "FB 520UV";
  return is_protected ? "FB 520P" : "FB 520U";
}

bool is_os400_size(std::uint64_t blocks) {
  constexpr std::uint64_t kGibBlocks = 1_GiB / kBlockBytes;
  return blocks >= kSmallestOs400Gib * kGibBlocks && blocks <= kLargestOs400Gib * kGibBlocks;
}

std::span<const Os400ModelFacts> os400_models() {
  return kModels;
}

const Os400ModelFacts* find_os400_model(std::string_view name) {
  for (const Os400ModelFacts& facts : kModels) {
    if (equals_ignoring_case(facts.name, name)) return &facts;
  }
  return nullptr;
}

const Os400ModelFacts* facts_of(Os400Model model) {
  for (const Os400ModelFacts& facts : kModels) {
    if (facts.model == model) return &facts;
  }
  return nullptr;
}

}  // namespace tt::model
