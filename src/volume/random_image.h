// SPDX-License-Identifier: Apache-2.0
// For tests: random but valid histories of an image. Every step asks a plan first, so rejected requests occur as well.
#pragma once

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/random.h"
#include "mirror/pair_machine.h"
#include "volume/plan.h"
#include "volume/plan_change.h"
#include "volume/sample_image.h"

namespace tt::volume {

class RandomImage {
 public:
  explicit RandomImage(std::uint64_t seed)
      : image(seed % 3 == 0 ? Personality::ds6000 : Personality::ds8000), random_(seed) {
    image.add_pool(0, {50, 10, 30});
    image.add_pool(1, {40, 40});
    image.change(BeginHostAccess{.connection = open_host_connection()});
  }

  void step() {
    switch (random_.below(36)) {
      case 0:
        return make_pool();
      case 1:
        return add_rank();
      case 2:
        return accept(plan_assign_rank(image.config, some_rank(), some_pool_or_none()));
      case 3:
        return random_.chance(1, 8) ? accept(plan_remove_pool(image.config, some_pool())) : make_volume();
      case 4:
      case 5:
        return make_volume();
      case 6:
        return accept(plan_remove_volume(image.config, some_volume()));
      case 7:
      case 8:
        return accept(plan_allocate_extent(image.config, some_volume(), static_cast<std::uint32_t>(random_.below(6))));
      case 9:
      case 10:
        return free_extent();
      case 11:
        return establish();
      case 12:
      case 13:
        return end_some_relationship();
      case 14:
        return change_volume();
      case 15:
        return change_attributes();
      case 16:
      case 17:
        return change_arrays();
      case 18:
      case 19:
        return renew();
      case 20:
        return change_names();
      case 21:
      case 22:
        return change_volume_groups();
      case 23:
      case 24:
        return change_host_connections();
      case 25:
        return start_copy();
      case 26:
        return thaw();
      case 27:
        return change_copy_rates();
      case 28:
        return end_loans();
      case 29:
        return copy_range();
      case 30:
        return change_range();
      case 31:
      case 32:
        return change_resource_groups();
      case 33:
        return change_paths();
      case 34:
        return change_mirror_pairs();
      default:
        return fail_something();
    }
  }

  SampleImage image;

 private:
  template <class Plan>
  void accept(Result<Plan> plan) {
    if (plan) image.change(std::move(plan));
  }

  std::uint16_t some_pool() { return static_cast<std::uint16_t>(random_.below(random_.chance(1, 8) ? 5 : 2)); }
  std::optional<std::uint16_t> some_pool_or_none() {
    if (random_.chance(1, 10)) return std::nullopt;
    return some_pool();
  }
  std::uint16_t some_rank() { return static_cast<std::uint16_t>(random_.below(8)); }
  VolumeId any_volume() { return VolumeId(static_cast<std::uint16_t>((random_.below(4) << 8U) + random_.below(6))); }
  /// Mostly one that exists.
  VolumeId some_volume() {
    if (image.config.volumes.empty() || random_.chance(1, 8)) return any_volume();
    auto chosen = image.config.volumes.begin();
    std::advance(chosen, random_.below(image.config.volumes.size()));
    return chosen->first;
  }

  void make_pool() {
    if (image.config.pools.size() < 6)
      accept(plan_make_pool(image.config, "p", static_cast<std::uint8_t>(random_.below(2)),
                            random_.chance(1, 3) ? kSmallExtentBytes : kLargeExtentBytes));
  }

  void add_rank() {
    RankConfig rank{};
    rank.id = some_rank();
    rank.device = "rank" + std::to_string(rank.id);
    rank.data_bytes = random_.below(30 * 1_GiB);
    if (!image.config.ranks.contains(rank.id)) image.change(AddRank{.rank = rank});
  }

  void make_volume() {
    const VolumeId id = any_volume();
    const std::uint64_t fitting = (id.value >> 8U) % 2 + 2 * random_.below(2);
    auto request = image.request(id.value, random_.chance(1, 8) ? some_pool() : static_cast<std::uint16_t>(fitting), 0);
    request.block_count = random_.below(5 * 1_GiB / kBlockBytes);
    if (random_.chance(1, 2)) request.method = random_.chance(1, 4) ? AllocationMethod::tse : AllocationMethod::ese;
    if (random_.chance(1, 3)) request.capacity_type = CapacityType::blocks;
    if (random_.chance(1, 3)) request.volume_groups = {some_group()};
    if (random_.chance(1, 8)) make_os400(request);
    request.t10dif = random_.chance(1, 8);
    if (random_.chance(1, 3)) request.resource_group = some_resource_group();
    accept(plan_make_volume(image.config, request, Generation(image.next_lsn++),
                            static_cast<std::int64_t>(random_.next())));
  }

  void make_os400(MakeVolumeRequest& request) {
    const auto models = model::os400_models();
    const model::Os400ModelFacts& facts = models[random_.below(models.size())];
    request.os400 = facts.model;
    request.method = AllocationMethod::ese;
    if (!facts.is_variable()) request.block_count = facts.blocks;
  }

  void free_extent() {
    const VolumeId id = some_volume();
    const VolumeConfig* volume = image.config.find_volume(id);
    if (volume == nullptr || volume->method == AllocationMethod::standard) return;
    const std::uint64_t number = random_.below(std::min<std::uint64_t>(6, volume->extents.size()));
    if (volume->extents[number])
      image.change(FreeExtent{.volume = id, .extent_number = static_cast<std::uint32_t>(number)});
  }

  void establish() {
    std::vector<PairRequest> requests(1 + random_.below(5));
    for (PairRequest& request : requests) {
      request = {.source = some_volume(), .target = some_volume(), .options = {}};
      request.options.sequence_number = static_cast<std::uint32_t>(random_.next());
      request.options.persistent = random_.chance(1, 2);
      if (random_.chance(1, 4)) {
        request.options.background_copy = false;
        request.options.out_of_space = OutOfSpace::inhibit_source;
      }
    }
    const auto verdicts = validate_pairs(image.config, requests);
    Establish establish;
    const Lsn t0(image.next_lsn++);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (!verdicts[i]) continue;
      establish.pairs.push_back(image.pair(requests[i].source.value, requests[i].target.value, t0));
      establish.pairs.back().options = requests[i].options;
      establish.pairs.back().frozen = random_.chance(1, 3);
    }
    for (const Relationship& made : establish.pairs) {
      if (empties_target(image.config, made.source, made.target))
        establish.emptied.push_back({made.target, Generation(image.next_lsn++)});
    }
    establish.loans = loans_for(establish.pairs, {});
    if (!establish.pairs.empty()) image.change(establish);
  }

  std::vector<Loan> loans_for(const std::vector<Relationship>& made, const std::vector<Generation>& retired) {
    auto loans = plan_loans(image.config, made, retired);
    for (Loan& loan : loans) loan.generation = Generation(image.next_lsn++);
    return loans;
  }

  void copy_range() {
    RangeRequest request{.source = some_volume(), .target = some_volume(), .runs = {}};
    std::uint64_t target = 0;
    for (std::uint64_t i = 1 + random_.below(3); i > 0; --i) {
      const std::uint64_t source = random_.below(1000);
      const std::uint64_t count = 1 + random_.below(20);
      target += random_.below(500);
      request.runs.push_back({source, target, count});
      target += count;
    }
    const std::vector<RangeRequest> requests = {request};
    if (!validate_ranges(image.config, requests).front()) return;
    RangeCopy copy;
    copy.source = request.source;
    copy.target = request.target;
    copy.generation = Generation(image.next_lsn++);
    copy.t0 = Lsn(image.next_lsn++);
    copy.runs = request.runs;
    copy.background_copy = random_.chance(1, 2);
    image.change(EstablishRanges{{copy}});
  }

  void change_range() {
    if (image.config.range_copies.empty()) return;
    const auto& [generation, copy] = *image.config.range_copies.begin();
    const std::uint64_t first = random_.below(300);
    if (random_.chance(1, 2)) return image.change(ChangeRanges{generation, {}});
    const std::vector<TrackRun> gone = {{0, first, 1 + random_.below(300)}};
    const auto left = without_targets(copy.runs, gone);
    if (left != copy.runs) image.change(ChangeRanges{generation, left});
  }

  void end_loans() {
    EndLoans end;
    for (const auto& [generation, loan] : image.config.loans) {
      if (!is_open(image.config, loan) && random_.chance(1, 2)) end.loans.push_back(generation);
    }
    if (!end.loans.empty()) image.change(end);
  }

  void end_some_relationship() {
    if (image.config.relationships.empty()) return;
    auto chosen = image.config.relationships.begin();
    std::advance(chosen, random_.below(image.config.relationships.size()));
    const Generation generation = chosen->first;
    if (!chosen->second.closing() && random_.chance(1, 2))
      image.withdraw(generation);
    else
      image.change(EndRelationship{.relationship = generation});
  }

  void thaw() { image.change(Thaw{{static_cast<std::uint8_t>(random_.below(4))}, random_.chance(1, 2)}); }

  void start_copy() {
    if (image.config.relationships.empty()) return;
    auto chosen = image.config.relationships.begin();
    std::advance(chosen, random_.below(image.config.relationships.size()));
    if (!chosen->second.closing()) image.change(StartCopy{{chosen->first}, random_.chance(1, 2)});
  }

  void change_copy_rates() {
    const std::uint64_t rate = random_.below(3) * 10_MiB;
    if (random_.chance(1, 3)) return image.change(ChangeScrub{{rate, static_cast<std::uint32_t>(random_.below(9999))}});
    if (random_.chance(1, 2)) return image.change(ChangeCopyRates{{rate, 1 + random_.below(8_MiB)}});
    LimitCopies limit{{}, rate};
    for (const auto& [generation, r] : image.config.relationships) {
      if (!r.closing() && random_.chance(1, 2)) limit.relationships.push_back(generation);
    }
    image.change(limit);
  }

  void change_volume() {
    const VolumeId id = some_volume();
    if (random_.chance(1, 3)) {
      const Lsn at(image.next_lsn++);
      const Generation maps(image.next_lsn++);
      return accept(plan_release_space(image.config, id, at, maps));
    }
    ChangeVolumeRequest request{.id = id, .name = "changed", .block_count = std::nullopt};
    if (random_.chance(2, 3)) request.block_count = random_.below(8 * 1_GiB / kBlockBytes);
    if (random_.chance(1, 8)) request.os400 = model::os400_models()[random_.below(model::os400_models().size())].model;
    if (random_.chance(1, 8)) request.t10dif = true;
    if (random_.chance(1, 3)) request.resource_group = some_resource_group();
    accept(plan_change_volume(image.config, request));
  }

  void change_attributes() {
    switch (random_.below(6)) {
      case 0:
        return change_lss();
      case 1: {
        ChangePoolRequest request;
        request.id = some_pool();
        if (image.config.personality == Personality::ds8000) request.virtual_limited = random_.chance(1, 4);
        request.name = "q";
        request.limited = random_.chance(1, 4);
        request.limit_percent = static_cast<std::uint8_t>(random_.below(120));
        return accept(plan_change_pool(image.config, request));
      }
      case 2:
        return accept(plan_reserve_rank(image.config, some_rank(), random_.chance(1, 3)));
      case 3:
      case 4:
        return change_repository();
      default:
        return accept(plan_merge_pools(image.config, static_cast<std::uint16_t>(random_.below(6)),
                                       static_cast<std::uint16_t>(2 + random_.below(6))));
    }
  }

  void change_lss() {
    ChangeLssRequest request;
    request.id = static_cast<std::uint8_t>(random_.below(5));
    request.consistency_group = random_.chance(1, 2);
    request.long_busy_timeout_s = image.config.personality == Personality::ds8000 ? 60 : 120;
    if (random_.chance(1, 2)) request.resource_group = some_resource_group();
    accept(plan_change_lss(image.config, request));
  }

  std::uint16_t some_resource_group() { return static_cast<std::uint16_t>(random_.below(4)); }

  void change_resource_groups() {
    ResourceGroupRequest request;
    request.id = some_resource_group();
    if (random_.chance(1, 2)) request.label = std::string(1, static_cast<char>('A' + random_.below(5)));
    if (random_.chance(1, 2)) request.description = "d";
    switch (random_.below(4)) {
      case 0:
        return accept(plan_remove_resource_group(image.config, request.id));
      case 1:
        return accept(plan_change_resource_group(image.config, request));
      default:
        return accept(plan_make_resource_group(image.config, request));
    }
  }

  void change_paths() {
    const auto lss = [this] { return static_cast<std::uint8_t>(random_.below(3)); };
    SetPathsRequest request;
    request.set.key = {random_.below(2), lss(), lss()};
    request.set.partner = "IBM.2107-75TT002";
    request.set.consistency_group = random_.chance(1, 2);
    for (std::uint64_t n = random_.below(4); n > 0; --n) {
      request.set.ports.push_back({static_cast<std::uint16_t>(random_.below(4)), static_cast<std::uint16_t>(n)});
    }
    if (!random_.chance(1, 3)) return accept(plan_set_paths(image.config, request, 0));
    accept(plan_remove_paths(image.config, {lss(), lss(), random_.below(2), std::nullopt}));
  }

  static mirror::PairType some_type(Random& random) {
    return random.chance(1, 2) ? mirror::PairType::metro_mirror : mirror::PairType::global_copy;
  }

  void make_mirror_pair() {
    const bool is_source = random_.chance(1, 2);
    mirror::PairAttributes attributes;
    attributes.cascade = random_.chance(1, 2);
    const auto pair = is_source ? plan_make_pair(image.config, {some_volume(), VolumeId(0x2000), 1, "IBM.2107-75TT002",
                                                                some_type(random_), random_.chance(1, 2), attributes})
                                : plan_accept_pair(image.config, {VolumeId(0x2000),
                                                                  some_volume(),
                                                                  1,
                                                                  "IBM.2107-75TT002",
                                                                  Generation(7),
                                                                  128,
                                                                  some_type(random_),
                                                                  true,
                                                                  attributes,
                                                                  3,
                                                                  {1, 2, 3}});
    if (!pair || (!is_source && mirror_onto(image.config, pair->volume) != nullptr)) return;
    PairConfig made = *pair;
    made.generation = made.marks = Generation(image.next_lsn++);
    image.change(MakePair{made});
  }

  void change_mirror_pairs() {
    auto& pairs = image.config.mirror_pairs;
    if (pairs.empty() || random_.chance(1, 3)) return make_mirror_pair();
    PairConfig pair = std::next(pairs.begin(), static_cast<std::ptrdiff_t>(random_.below(pairs.size())))->second;
    if (random_.chance(1, 3)) return image.change(RemovePair{pair.generation});
    const auto event = random_.chance(1, 2) ? mirror::PairEvent::pause : mirror::PairEvent::resume;
    const auto step = mirror::step(pair.phase, {event, some_type(random_), true});
    if (!step) return;
    pair.phase = *step->next;
    ++pair.epoch;
    image.change(ChangePair{pair});
  }

  void change_repository() {
    RepositoryRequest request;
    request.pool = some_pool();
    request.virtual_blocks = random_.below(60 * 1_GiB / kBlockBytes);
    request.real_percent = static_cast<std::uint8_t>(1 + random_.below(40));
    if (random_.chance(1, 2)) request.threshold_percent = static_cast<std::uint8_t>(random_.below(110));
    if (random_.chance(1, 6)) return accept(plan_remove_repository(image.config, request.pool));
    if (random_.chance(1, 2)) return accept(plan_change_repository(image.config, request));
    accept(plan_make_repository(image.config, request));
  }

  void change_names() {
    switch (random_.below(3)) {
      case 0:
        return image.change(ChangeNames{
            .image_name = "image",
            .names = {.image_description = "d", .unit_name = "unit", .unit_description = "", .os400_serial = "ABC"}});
      case 1:
        return image.change(RecordProblem{.kind = ProblemKind::pool_full, .at_s = 7, .object = "P0"});
      default:
        return accept(plan_close_problem(image.config, static_cast<std::uint32_t>(random_.below(30)), 9));
    }
  }

  void change_arrays() {
    const auto number = static_cast<std::uint16_t>(random_.below(10));
    switch (random_.below(5)) {
      case 0:
        if (image.config.sites.size() > 12) return;
        return accept(plan_add_site(image.config, "site" + std::to_string(random_.below(100)), 7 * 1_GiB));
      case 1:
        return accept(plan_make_array(image.config, number, 5));
      case 2:
        return accept(plan_remove_array(image.config, number));
      case 3:
        return accept(plan_remove_rank(image.config, some_rank()));
      default:
        if (image.config.ranks.size() > 8) return;
        return accept(plan_add_rank(image.config, number, some_pool_or_none()));
    }
  }

  void renew() {
    for (const auto& [generation, old] : image.config.relationships) {
      if (old.closing() || random_.chance(1, 2)) continue;
      if (old.revertible()) {
        if (random_.chance(1, 2)) {
          image.change(CommitRevertible{.relationships = {generation}});
        } else {
          image.change(RevertRelationships{.relationships = {generation}});
        }
        return;
      }
      Renewal renewal{.retired = generation, .made = old};
      renewal.made.generation = Generation(image.next_lsn++);
      renewal.made.t0 = Lsn(renewal.made.generation.value);
      renewal.made.renewed = true;
      renewal.made.options.recording = random_.chance(1, 2);
      const bool turn = random_.chance(1, 2) && validate_reverse(image.config, generation, {}, true).has_value();
      if (turn) {
        std::swap(renewal.made.source, renewal.made.target);
      } else if (random_.chance(1, 2)) {
        renewal.made.saved = generation;
      }
      const std::vector<Loan> loans = turn ? std::vector<Loan>{} : loans_for({renewal.made}, {generation});
      image.change(RenewRelationships{.renewals = {renewal}, .loans = loans});
      return;
    }
  }

  std::uint16_t some_group() { return static_cast<std::uint16_t>(random_.below(5)); }

  void change_volume_groups() {
    std::vector<VolumeId> volumes;
    for (std::uint64_t i = random_.below(5); i > 0; --i) volumes.push_back(some_volume());
    switch (random_.below(4)) {
      case 0:
        if (image.config.volume_groups.size() < 5)
          accept(plan_make_volume_group(
              image.config, {"g", static_cast<VolumeGroupType>(random_.below(3)), volumes, {}, some_resource_group()}));
        return;
      case 1:
        return accept(plan_join_volume_groups(image.config, some_volume(), std::vector{some_group()}));
      case 2:
        return accept(plan_remove_volume_group(image.config, some_group()));
      default:
        using Action = ChangeVolumeGroupRequest::Action;
        return accept(plan_change_volume_group(
            image.config,
            {some_group(), "h", static_cast<Action>(random_.below(4)), volumes, {}, some_resource_group()}));
    }
  }

  void change_host_connections() {
    HostConnectionRequest request;
    request.identity = "unix:" + std::to_string(random_.below(9));
    if (random_.chance(1, 2)) request.volume_group = some_group();
    if (random_.chance(1, 2)) request.wwpn = random_.below(9);
    if (random_.chance(1, 4)) request.host_type = "LinuxRHEL";
    if (random_.chance(1, 4)) request.resource_group = some_resource_group();
    const auto id = static_cast<std::uint16_t>(random_.below(8));
    switch (random_.below(4)) {
      case 0:
        return accept(plan_make_host_connection(image.config, request));
      case 1:
        return accept(plan_change_host_connection(image.config, id, request));
      case 2:
        return accept(plan_remove_host_connection(image.config, id));
      default:
        return image.change(SetIoPort{.port = {.id = id,
                                               .topology = random_.chance(1, 2) ? Topology::off : Topology::scsi_fcp,
                                               .port_group = static_cast<std::uint16_t>(random_.below(2))}});
    }
  }

  void fail_something() {
    for (const auto& [generation, r] : image.config.relationships) {
      if (r.options.out_of_space != OutOfSpace::inhibit_source || random_.chance(2, 3)) continue;
      return image.change(InhibitSource{.relationship = generation, .at_s = 8});
    }
    if (!image.config.relationships.empty() && random_.chance(1, 2))
      image.change(FailRelationship{.relationship = image.config.relationships.begin()->first});
    else if (random_.chance(1, 60) && !image.config.ranks.empty())
      image.change(FailRank{.rank = image.config.ranks.rbegin()->first});
  }

  Random random_;
};

}  // namespace tt::volume
