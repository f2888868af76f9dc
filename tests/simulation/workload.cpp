// SPDX-License-Identifier: Apache-2.0
#include "workload.h"

#include <algorithm>
#include <utility>

#include "image/frames.h"

namespace tt::simulation {

using sim::CopyPair;

namespace {

/// From the durable record of a failure to its effect in every shard, generously.
constexpr rt::TimeNs kFailureIsKnown = 20 * rt::kMillisecond;

Result<void> first_refusal(std::span<const Result<void>> verdicts) {
  for (const Result<void>& verdict : verdicts) {
    if (!verdict) return verdict;
  }
  return {};
}

}  // namespace

Workload::Workload(sim::Case& c, const WorkloadPlan& plan, bool hardened)
    : case_(c),
      plan_(plan),
      hardened_(hardened),
      history_(sim::HistoryOptions{hardened, plan.errors_expected, plan.begin}) {}

image::VolumeHandle Workload::handle(Life& life, std::size_t volume) const {
  const VolumeId id = plan_.volumes[volume].id;
  const volume::VolumeConfig* config = life.image().control().config().find_volume(id);
  TT_ASSERT(config != nullptr);
  return {id, config->generation};
}

void Workload::unexpected(const char* what, Error error) {
  if (plan_.errors_expected) return;
  case_.fail(std::string(what) + ": " + name_of(error.code) + " " + std::to_string(error.detail));
}

void Workload::refused_command(const char* what, Error error) {
  const bool does_not_fit = error.code < Errc::io_error;
  if (plan_.script.empty() || !does_not_fit) unexpected(what, error);
}

// ---- volumes --------------------------------------------------------------------------------------------------------

bool Workload::make_volumes(Life& life) {
  bool done = false;
  life.scope(0).spawn(make_volumes_task(life, done));
  return case_.world().run_until([&] { return done || case_.failed(); }) == sim::RunEnd::reached;
}

rt::Task<void> Workload::make_volumes_task(Life& life, bool& done) {
  for (const VolumePlan& plan : plan_.volumes) {
    volume::MakeVolumeRequest request;
    request.id = plan.id;
    request.pool = static_cast<std::uint16_t>((plan.id.value >> 8U) % 2);
    request.block_count = plan.block_count;
    request.capacity_type = volume::CapacityType::blocks;
    request.method = plan.thin ? volume::AllocationMethod::ese : volume::AllocationMethod::standard;
    auto made = co_await life.image().control().make_volume(request);
    if (!made) case_.fail(std::string("cannot make a volume: ") + name_of(made.error().code));
  }
  done = true;
}

// ---- hosts ----------------------------------------------------------------------------------------------------------

Workload::Range Workload::pick_range() {
  Random& random = case_.random();
  Range range;
  range.volume = random.below(plan_.volumes.size());
  const std::uint64_t blocks = plan_.volumes[range.volume].block_count;
  const std::uint64_t tracks = divide_up(blocks, kTrackBlocks);
  const std::uint64_t hot = std::min(plan_.hot_tracks, tracks);
  const std::uint64_t track = random.chance(4, 5) ? random.below(hot) * (tracks / hot) : random.below(tracks);
  if (random.below(100) < plan_.large_percent) {  // whole tracks, perhaps several
    range.block = track * kTrackBlocks;
    range.blocks = (1 + random.below(3)) * kTrackBlocks;
  } else {
    range.block = track * kTrackBlocks + random.below(kTrackBlocks);
    range.blocks = 1 + random.below(random.chance(1, 3) ? 160 : 12);
  }
  range.block = std::min(range.block, blocks - 1);
  range.blocks = std::min(range.blocks, blocks - range.block);
  return range;
}

void Workload::start(Life& life) {
  for (std::uint64_t i = 0; i < plan_.writers; ++i) {
    const std::size_t port = i % life.port_count();
    ++running_;
    life.scope(port).spawn(writer(life, port, plan_.operations));
  }
  for (std::uint64_t i = 0; i < plan_.readers; ++i) {
    const std::size_t port = (i + 1) % life.port_count();
    ++running_;
    life.scope(port).spawn(reader(life, port, plan_.operations));
  }
  ++running_;
  life.scope(0).spawn(commander(life));
}

rt::Task<void> Workload::writer(Life& life, std::size_t port, std::uint64_t operations) {
  for (std::uint64_t i = 0; i < operations && !case_.failed(); ++i) {
    co_await write_once(life, port);
    if (case_.random().chance(1, 4)) {
      co_await rt::sleep_for(life.reactor(port), static_cast<rt::TimeNs>(case_.random().below(2'000'000)));
    }
  }
  --running_;
}

rt::Task<void> Workload::write_range(Life& life, std::size_t port, Range range, bool fua) {
  const auto number = static_cast<std::uint32_t>(range.volume);
  const image::VolumeHandle volume = handle(life, range.volume);
  const std::uint64_t freeze = freeze_of(range.volume);
  // As the hosts' requests are: whole tracks may go to their place from here.
  const image::AlignedBytes buffer = image::allocate_aligned(range.blocks * kBlockBytes);
  const std::span<std::byte> data(buffer.get(), range.blocks * kBlockBytes);
  const auto write = history_.begin_write(number, range.block, data);
  auto done = co_await life.image().blocks(port).write(volume, range.block * kBlockBytes, data, fua);
  if (done) {
    check_frozen(range.volume, freeze);
    if (witness_ != nullptr && (fua || hardened_)) witness_->answered_write(volume, range.block, data);
    history_.acknowledge_write(write, fua || hardened_);
  } else {
    history_.refuse_write(write);
    unexpected("write", done.error());
  }
}

rt::Task<void> Workload::write_once(Life& life, std::size_t port) {
  Random& random = case_.random();
  const Range range = pick_range();
  const auto number = static_cast<std::uint32_t>(range.volume);
  const image::VolumeHandle volume = handle(life, range.volume);
  image::BlockService& blocks = life.image().blocks(port);
  const bool fua = plan_.fua_only || random.chance(1, 4);
  const std::uint64_t freeze = freeze_of(range.volume);
  if (random.chance(1, 10)) {
    const bool deallocate = random.chance(1, 2);
    const auto write = history_.begin_zero(number, range.block, range.blocks);
    auto done = co_await blocks.zero(volume, range.block * kBlockBytes, range.blocks * kBlockBytes, deallocate, fua);
    if (done) {
      check_frozen(range.volume, freeze);
      history_.acknowledge_write(write, fua || hardened_);
    } else {
      history_.refuse_write(write);
      unexpected("zero", done.error());
    }
    co_return;
  }
  co_await write_range(life, port, range, fua);
  if (!hardened_ && random.chance(1, 6)) {
    const auto flush = history_.begin_flush(number);
    auto flushed = co_await blocks.flush(volume);
    if (flushed) {
      history_.acknowledge_flush(flush);
    } else {
      history_.refuse_flush(flush);
      unexpected("flush", flushed.error());
    }
  }
}

std::uint64_t Workload::freeze_of(std::size_t volume) const {
  const auto found = frozen_.find(volume);
  return found == frozen_.end() ? 0 : found->second;
}

void Workload::check_frozen(std::size_t volume, std::uint64_t freeze_at_issue) {
  const bool held = freeze_at_issue != 0 && freeze_of(volume) == freeze_at_issue;
  case_.check(!held, "a write to a frozen source was answered");
}

rt::Task<void> Workload::reader(Life& life, std::size_t port, std::uint64_t operations) {
  for (std::uint64_t i = 0; i < operations && !case_.failed(); ++i) {
    const Range range = pick_range();
    if (!withdrawing_.contains(range.volume)) co_await read_and_check(life, port, range);
    if (case_.random().chance(1, 3)) {
      co_await rt::sleep_for(life.reactor(port), static_cast<rt::TimeNs>(case_.random().below(1'000'000)));
    }
  }
  --running_;
}

rt::Task<bool> Workload::read_and_check(Life& life, std::size_t port, Range range) {
  // An image may read straight into aligned memory: where the buffer lies is the seed's choice, not the allocator's.
  const std::size_t bytes = range.blocks * kBlockBytes;
  const image::AlignedBytes memory = image::allocate_aligned(round_up(bytes + 1, kTrackBytes));
  const std::span<std::byte> data(memory.get() + (case_.random().chance(1, 2) ? 1 : 0), bytes);
  const auto number = static_cast<std::uint32_t>(range.volume);
  const image::VolumeHandle volume = handle(life, range.volume);
  const auto read = history_.begin_read(number, range.block, range.blocks);
  ++reads_in_flight_[range.volume];
  auto done = co_await life.image().blocks(port).read(volume, range.block * kBlockBytes, data);
  --reads_in_flight_[range.volume];
  if (!done) {
    history_.refuse_read(read);
    unexpected("read", done.error());
    co_return false;
  }
  if (is_being_lost(life, number)) {  // what it shows changes just now
    history_.refuse_read(read);
    co_return true;
  }
  const std::string wrong = history_.end_read(read, data);
  if (!wrong.empty()) case_.fail("volume " + std::to_string(number) + ": " + wrong);
  co_return wrong.empty();
}

// ---- administrator --------------------------------------------------------------------------------------------------

bool Workload::is_source(std::size_t volume) const {
  return std::any_of(flashes_.begin(), flashes_.end(), [&](const Flash& flash) {
    return std::any_of(flash.pairs.begin(), flash.pairs.end(), [&](const auto& p) { return p.first == volume; });
  });
}

bool Workload::is_target(std::size_t volume) const {
  return std::any_of(flashes_.begin(), flashes_.end(), [&](const Flash& flash) {
    return std::any_of(flash.pairs.begin(), flash.pairs.end(), [&](const auto& p) { return p.second == volume; });
  });
}

/// Copies that ended by themselves are complete.
void Workload::forget_ended(const volume::ImageConfig& config) {
  for (Flash& flash : flashes_) {
    std::erase_if(flash.pairs, [&](const auto& pair) {
      return !volume::find_relationship(config, plan_.volumes[pair.first].id, plan_.volumes[pair.second].id);
    });
  }
  std::erase_if(flashes_, [](const Flash& flash) { return flash.pairs.empty(); });
}

rt::Task<void> Workload::commander(Life& life) {
  if (!plan_.script.empty()) co_await run_script(life);
  for (std::uint64_t i = 0; i < plan_.commands && !case_.failed(); ++i) {
    co_await rt::sleep_for(life.reactor(0), static_cast<rt::TimeNs>(case_.random().below(8'000'000)));
    forget_ended(life.image().control().config());
    forget_ended_ranges(life.image().control().config());
    if (plan_.range_copies && case_.random().chance(1, 3)) {
      const bool end_one = !ranges_.empty() && case_.random().chance(1, 3);
      if (end_one) {
        co_await withdraw_ranges(life);
      } else {
        co_await copy_ranges(life);
      }
    } else if (!plan_.errors_expected && !flashes_.empty() && case_.random().chance(1, 6)) {
      co_await copy_and_remove(life);
    } else if (!flashes_.empty() && case_.random().chance(1, 4)) {
      co_await renew(life);
    } else if (!flashes_.empty() && case_.random().chance(2, 5)) {
      co_await withdraw(life);
    } else {
      co_await establish(life);
    }
  }
  --running_;
}

rt::Task<void> Workload::establish(Life& life) {
  Random& random = case_.random();
  Flash flash;
  std::vector<volume::PairRequest> requests;
  std::set<std::size_t> used;
  // With failing media a pair may be refused beside others that are made; the oracle knows whole commands only.
  const std::uint64_t wanted = plan_.errors_expected ? 1 : 1 + random.below(3);
  for (std::uint64_t tries = 0; tries < 12 && requests.size() < wanted; ++tries) {
    const std::size_t source = random.below(plan_.volumes.size());
    const std::size_t target = random.below(plan_.volumes.size());
    const auto& from = plan_.volumes[source];
    const auto& to = plan_.volumes[target];
    if (source == target || is_target(target)) continue;
    if (is_range_target(source) || is_range_source(target) || is_range_target(target)) continue;
    const bool cascade = is_target(source) || is_source(target);
    if (cascade && (!plan_.cascades || !requests.empty())) continue;
    if (used.contains(target) || to.block_count < from.block_count) continue;
    const bool becomes_both = std::any_of(flash.pairs.begin(), flash.pairs.end(),
                                          [&](const auto& p) { return p.second == source || p.first == target; });
    if (becomes_both) continue;
    used.insert(target);
    volume::PairRequest request;
    request.source = from.id;
    request.target = to.id;
    request.options.background_copy = random.chance(1, 2);
    request.options.recording = random.chance(1, 2);
    request.options.multiple_incremental = request.options.recording;
    request.options.persistent = request.options.recording || random.chance(1, 2);
    requests.push_back(request);
    flash.pairs.emplace_back(source, target);
    if (cascade) break;  // it may be refused, and then as a whole
  }
  if (requests.empty()) co_return;
  const bool freeze = !plan_.errors_expected && random.chance(1, 4);
  for (volume::PairRequest& request : requests) request.freeze = freeze;
  co_await issue_establish(life, std::move(requests), std::move(flash));
}

/// The command itself; `flash` names its pairs in the order of the requests.
rt::Task<void> Workload::issue_establish(Life& life, std::vector<volume::PairRequest> requests, Flash flash) {
  std::vector<CopyPair> copied;
  for (const auto& [source, target] : flash.pairs) {
    copied.push_back({static_cast<std::uint32_t>(source), static_cast<std::uint32_t>(target), 0, 0,
                      plan_.volumes[source].block_count});
  }
  flash.copy = history_.begin_copy(copied);
  flash.newest_before = Generation{life.image().shards().front()->lsns().newest().value};
  flashes_.push_back(flash);
  const std::vector<Result<void>> verdicts = co_await life.image().control().establish(requests);
  for (const Result<void>& verdict : verdicts) {
    if (verdict) continue;
    if (verdict.error().code != Errc::other_relationships || !plan_.cascades)
      refused_command("establish", verdict.error());
    if (verdict.error().code == Errc::journal_failed) {  // the record may be there
      flashes_.back().in_doubt = true;
      co_return;
    }
    history_.refuse_copy(flash.copy);
    std::erase_if(flashes_, [&](const Flash& f) { return f.copy == flash.copy; });
    co_return;
  }
  history_.acknowledge_copy(flash.copy);
  if (witness_ != nullptr) note_witnessed(life, requests);
  if (requests.front().freeze) co_await thaw_later(life, flash);
}

void Workload::note_witnessed(Life& life, std::span<const volume::PairRequest> requests) {
  const volume::ImageConfig& config = life.image().control().config();
  for (const volume::PairRequest& request : requests) {
    const auto made = volume::find_relationship(config, request.source, request.target);
    if (made) witness_->answered_establish(*made);  // else it has ended by itself
  }
}

rt::Task<void> Workload::thaw_later(Life& life, Flash flash) {
  ++freezes_;
  std::vector<std::uint8_t> lsses;
  for (const auto& [source, target] : flash.pairs) {
    frozen_[source] = freezes_;
    lsses.push_back(static_cast<std::uint8_t>(plan_.volumes[source].id.value >> 8U));
  }
  co_await rt::sleep_for(life.reactor(0), static_cast<rt::TimeNs>(case_.random().below(5'000'000)));
  frozen_.clear();
  const std::vector<Result<void>> verdicts = co_await life.image().control().unfreeze(lsses);
  for (const Result<void>& verdict : verdicts) {
    if (!verdict) unexpected("unfreeze", verdict.error());
  }
}

/// For the oracle nothing happens: the image stays what it is, and one day the relationship is gone.
rt::Task<void> Workload::copy_and_remove(Life& life) {
  const Flash flash = flashes_[case_.random().below(flashes_.size())];
  if (flash.in_doubt) co_return;
  [[maybe_unused]] const Result<void> answer = co_await issue_copy_and_remove(life, flash);
}

rt::Task<Result<void>> Workload::issue_copy_and_remove(Life& life, Flash flash) {
  std::vector<std::pair<VolumeId, VolumeId>> pairs;
  for (const auto& [source, target] : flash.pairs)
    pairs.emplace_back(plan_.volumes[source].id, plan_.volumes[target].id);
  const std::vector<Result<void>> verdicts = co_await life.image().control().copy_and_remove(pairs, std::nullopt);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i]) continue;
    const Errc code = verdicts[i].error().code;
    const bool thin = plan_.volumes[flash.pairs[i].second].thin;
    if (code == Errc::no_such_relationship || (thin && code == Errc::target_space_efficient)) continue;
    refused_command("copy and remove", verdicts[i].error());
  }
  co_return first_refusal(verdicts);
}

rt::Task<void> Workload::hold_reads(Life& life, std::size_t target) {
  withdrawing_.insert(target);
  while (reads_in_flight_[target] > 0) co_await rt::sleep_for(life.reactor(0), 100 * rt::kMicrosecond);
}

rt::Task<void> Workload::withdraw(Life& life) {
  const Flash flash = flashes_[case_.random().below(flashes_.size())];
  if (flash.in_doubt) co_return;
  [[maybe_unused]] const Result<void> answer = co_await issue_withdraw(life, flash);
}

rt::Task<Result<void>> Workload::issue_withdraw(Life& life, Flash flash) {
  for (const auto& [source, target] : flash.pairs) withdrawing_.insert(target);
  for (const auto& [source, target] : flash.pairs) co_await hold_reads(life, target);
  std::vector<std::pair<VolumeId, VolumeId>> pairs;
  std::vector<Withdraw> issued;
  const volume::ImageConfig& config = life.image().control().config();
  for (const auto& [source, target] : flash.pairs) {
    const auto found = volume::find_relationship(config, plan_.volumes[source].id, plan_.volumes[target].id);
    if (!found) continue;  // it ended by itself meanwhile, and is complete
    pairs.emplace_back(plan_.volumes[source].id, plan_.volumes[target].id);
    history_.begin_withdraw(flash.copy, static_cast<std::uint32_t>(target));
    const bool failed = config.relationships.at(*found).state == volume::RelationshipState::failed;
    issued.push_back({flash.copy, static_cast<std::uint32_t>(target), *found, failed});
    std::erase_if(withdraws_, [&](const Withdraw& w) { return w.relationship == *found; });  // tried again
    withdraws_.push_back(issued.back());
  }
  const std::vector<Result<void>> verdicts = co_await life.image().control().withdraw(pairs, std::nullopt);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const bool read_by_others = plan_.cascades || is_range_source(issued[i].target);
    const bool needed = !verdicts[i] && read_by_others && verdicts[i].error().code == Errc::other_relationships;
    if (!verdicts[i] && verdicts[i].error().code != Errc::no_such_relationship && !needed) {
      refused_command("withdraw", verdicts[i].error());
      continue;
    }
    if (witness_ != nullptr && verdicts[i]) witness_->answered_withdraw(issued[i].relationship);
    settle_withdraw(issued[i], verdicts[i].has_value());  // not found: it ended by itself a moment later
    std::erase_if(withdraws_, [&](const Withdraw& w) { return w.relationship == issued[i].relationship; });
  }
  withdrawing_.clear();
  forget_ended(config);
  co_return first_refusal(verdicts);
}

// ---- crashes and checks ---------------------------------------------------------------------------------------------

void Workload::set_witness(Witness* witness) {
  witness_ = witness;
  if (witness == nullptr) return;
  witness->on_failure([this](Generation relationship) {
    const auto found = withdrawn_.find(relationship);
    if (found != withdrawn_.end()) begin_loss(found->second);
  });
}

/// A withdrawn relationship that fails takes the image of the tracks that it owes with it.
void Workload::lose_image(Generation relationship) {
  const auto found = withdrawn_.find(relationship);
  if (found == withdrawn_.end()) return;
  history_.lose(found->second);
}

/// The shards hear of a failure after it is durable: until then the volume may show this or that.
void Workload::begin_loss(std::uint32_t volume) {
  history_.lose(volume);
  being_lost_[volume] = case_.world().now() + kFailureIsKnown;
}

bool Workload::is_being_lost(Life& life, std::uint32_t volume) {
  const auto found = being_lost_.find(volume);
  if (found == being_lost_.end()) return false;
  if (life.reactor(0).now() < found->second) return true;
  history_.lose(volume);
  being_lost_.erase(found);
  return false;
}

void Workload::crash() {
  for (const auto& [volume, until] : std::exchange(being_lost_, {})) history_.lose(volume);
  for (Withdraw& withdraw : withdraws_) {
    withdraw.failed = withdraw.failed || (witness_ != nullptr && witness_->has_failed(withdraw.relationship));
  }
  running_ = 0;
  withdrawing_.clear();
  reads_in_flight_.clear();
  frozen_.clear();
  history_.crash();
}

/// P5: an establish is there whole or not at all.
bool Workload::is_there(const volume::ImageConfig& config, const Flash& flash) {
  std::size_t there = 0;
  for (const auto& [source, target] : flash.pairs) {
    const auto found = volume::find_relationship(config, plan_.volumes[source].id, plan_.volumes[target].id);
    there += found && *found > flash.newest_before ? 1 : 0;
  }
  case_.check(there == 0 || there == flash.pairs.size(), "an establish is there in part after a crash");
  return there > 0;
}

void Workload::settle_after_restart(Life& life) {
  const volume::ImageConfig& config = life.image().control().config();
  settle_ranges(config);
  for (const sim::History::Operation copy : history_.undecided_copies()) {
    const auto found = std::ranges::find(flashes_, copy, &Flash::copy);
    if (found != flashes_.end() && found->follows) {
      settle_renewal(config, Flash(*found));
    } else {
      history_.decide_copy(copy, found != flashes_.end() && is_there(config, *found));
    }
  }
  for (Flash& flash : flashes_) flash.in_doubt = false;
  settle_withdraws(config);
  for (const auto& [generation, r] : config.relationships) {
    if (r.state == volume::RelationshipState::failed) lose_image(generation);
  }
  forget_ended(config);
}

/// A relationship that the restarted image still shows was not withdrawn, and its image is exact.
void Workload::settle_withdraws(const volume::ImageConfig& config) {
  for (const Withdraw& withdraw : std::exchange(withdraws_, {})) {
    const auto found = config.relationships.find(withdraw.relationship);
    settle_withdraw(withdraw, found == config.relationships.end() || found->second.closing());
  }
}

void Workload::settle_withdraw(const Withdraw& withdraw, bool happened) {
  if (happened) {
    history_.acknowledge_withdraw(withdraw.copy, withdraw.target);
    withdrawn_[withdraw.relationship] = withdraw.target;
    const bool failed = withdraw.failed || (witness_ != nullptr && witness_->has_failed(withdraw.relationship));
    if (failed) begin_loss(withdraw.target);
  } else {
    history_.refuse_withdraw(withdraw.copy, withdraw.target);
  }
}

void Workload::begin_check(Life& life, bool& done) {
  life.scope(0).spawn(check_task(life, done));
}

bool Workload::check_everything(Life& life) {
  bool done = false;
  begin_check(life, done);
  case_.check(case_.world().run_until([&] { return done || case_.failed(); }) == sim::RunEnd::reached,
              "the final check does not end");
  return !case_.failed();
}

rt::Task<void> Workload::check_task(Life& life, bool& done) {
  bool ok = true;
  for (std::size_t v = 0; v < plan_.volumes.size() && ok; ++v) {
    std::set<std::uint64_t> tracks;
    for (const std::uint64_t sector : history_.touched(static_cast<std::uint32_t>(v)))
      tracks.insert(sector / kTrackBlocks);
    for (const std::uint64_t track : tracks) {
      const std::uint64_t block = track * kTrackBlocks;
      const Range range{v, block, std::min<std::uint64_t>(kTrackBlocks, plan_.volumes[v].block_count - block)};
      const bool right = co_await read_and_check(life, 0, range);
      ok = right || plan_.errors_expected;
      if (!ok) break;
    }
  }
  done = true;
}

void Workload::begin_drain(Life& life, bool& done) {
  life.scope(0).spawn(drain_task(life, done));
}

bool Workload::drain(Life& life) {
  bool done = false;
  begin_drain(life, done);
  return case_.world().run_until([&] { return done || case_.failed(); }) == sim::RunEnd::reached && !case_.failed();
}

rt::Task<void> Workload::drain_task(Life& life, bool& done) {
  for (;;) {
    bool busy = false;
    for (const auto& shard : life.image().shards()) busy = busy || shard->index().entry_count() > 0;
    const std::vector<image::FlashStatus> all = co_await life.image().control().flash_status();
    for (const image::FlashStatus& status : all) {
      const bool copies = status.relationship.options.background_copy && !status.relationship.revertible();
      busy = busy || (copies && status.counts.uncopied > 0);
    }
    if (!busy) break;
    co_await rt::sleep_for(life.reactor(0), 10 * rt::kMillisecond);
  }
  done = true;
}

}  // namespace tt::simulation
