// SPDX-License-Identifier: Apache-2.0
#include "lab.h"

#include <algorithm>

namespace tt::simulation {

namespace {

std::string runs_of(const std::vector<std::byte>& data) {
  std::string out;
  char last = 0;
  std::uint64_t count = 0;
  const auto put = [&] {
    if (count == 0) return;
    if (!out.empty()) out += ' ';
    out += last;
    out += '*' + std::to_string(count);
  };
  for (std::size_t at = 0; at < data.size(); at += kBlockBytes) {
    const bool uniform = std::all_of(data.begin() + static_cast<std::ptrdiff_t>(at),
                                     data.begin() + static_cast<std::ptrdiff_t>(at + kBlockBytes),
                                     [&](std::byte b) { return b == data[at]; });
    char letter = uniform ? static_cast<char>(data[at]) : '?';
    if (letter == 0) letter = '.';
    if (letter == last) {
      ++count;
      continue;
    }
    put();
    last = letter;
    count = 1;
  }
  put();
  return out;
}

}  // namespace

Lab::Lab(std::uint64_t seed, const LabOptions& options)
    : own_world_(std::make_unique<sim::World>(seed)), world(*own_world_), storage(world, options.storage) {
  create(options);
}

Lab::Lab(sim::World& shared_world, const LabOptions& options) : world(shared_world), storage(world, options.storage) {
  create(options);
}

void Lab::create(const LabOptions& options) {
  shape_.shards = options.shards;
  shape_.reactors = options.reactors;
  shape_.ring_bytes = options.ring_bytes;
  shape_.open.batch_frames = options.batch_frames;
  shape_.open.acknowledge = options.acknowledge;
  shape_.open.place = options.place;
  shape_.open.most_preserved_pages = options.most_preserved_pages;
  shape_.open.map_share = options.map_share;
  shape_.open.read_cache_bytes = options.read_cache_bytes;
  shape_.open.sums = options.sums;
  shape_.keeps_sums = options.made_with_sums;
  shape_.open.scrub_after = options.scrub_after;
  shape_.open.destage = options.destage;
  shape_.storage_image_id = options.storage_image_id;
  shape_.name = options.name;
  shape_.rank_bytes = options.rank_bytes;
  life = std::make_unique<Life>(world, storage, shape_);
  const bool made = life->create() && life->open();
  TT_ASSERT(made);
}

Lab::~Lab() {
  power_loss();
  life.reset();
}

VolumeId Lab::make_blocks(std::uint16_t id, std::uint64_t blocks, bool thin) {
  volume::MakeVolumeRequest request;
  request.id = VolumeId{id};
  request.pool = static_cast<std::uint16_t>((id >> 8U) % 2);
  request.block_count = blocks;
  request.capacity_type = volume::CapacityType::blocks;
  request.method = thin ? volume::AllocationMethod::ese : volume::AllocationMethod::standard;
  const Result<void> made = run(control().make_volume(request));
  TT_ASSERT(made.has_value());
  return request.id;
}

Result<void> Lab::remove(VolumeId volume) {
  return run(control().remove_volume(volume, image::RemoveMode::force));
}

image::VolumeHandle Lab::handle(VolumeId volume) {
  const volume::VolumeConfig* config = control().config().find_volume(volume);
  TT_ASSERT(config != nullptr);
  return {volume, config->generation};
}

rt::Task<Result<void>> Lab::write_task(VolumeId volume, std::uint64_t block, std::uint64_t blocks, char letter) {
  const std::size_t bytes = blocks * kBlockBytes;
  const image::AlignedBytes buffer = image::allocate_aligned(bytes);  // as hosts' requests are
  std::fill_n(buffer.get(), bytes, static_cast<std::byte>(letter));
  const std::span<const std::byte> data(buffer.get(), bytes);
  auto done = co_await life->image().blocks(0).write(handle(volume), block * kBlockBytes, data, false);
  co_return done;
}

rt::Task<std::string> Lab::read_task(VolumeId volume, std::uint64_t block, std::uint64_t blocks) {
  std::vector<std::byte> data(blocks * kBlockBytes, std::byte{'!'});
  auto done = co_await life->image().blocks(0).read(handle(volume), block * kBlockBytes, data);
  if (!done) co_return std::string("error ") + name_of(done.error().code);
  co_return runs_of(data);
}

Result<void> Lab::write(VolumeId volume, std::uint64_t block, std::uint64_t blocks, char letter) {
  return run(write_task(volume, block, blocks, letter));
}

Result<void> Lab::zero(VolumeId volume, std::uint64_t block, std::uint64_t blocks, bool deallocate) {
  return run(
      life->image().blocks(0).zero(handle(volume), block * kBlockBytes, blocks * kBlockBytes, deallocate, false));
}

Pending<Result<void>> Lab::start_expand(VolumeId volume, std::uint64_t blocks) {
  volume::ChangeVolumeRequest request;
  request.id = volume;
  request.block_count = blocks;
  return start(control().change_volume(request));
}

Result<void> Lab::expand(VolumeId volume, std::uint64_t blocks) {
  const auto pending = start_expand(volume, blocks);
  const bool ended = wait(pending);
  TT_ASSERT(ended);
  return **pending;
}

Pending<Result<void>> Lab::start_release(VolumeId volume) {
  return start(control().release_space(volume));
}

Result<void> Lab::release(VolumeId volume) {
  return run(control().release_space(volume));
}

std::uint64_t Lab::free_extents(VolumeId volume) {
  return control().config().free_extents(static_cast<std::uint16_t>((volume.value >> 8U) % 2));
}

Result<void> Lab::record(const image::ControlPlane::Planner& plan) {
  return run(control().record(plan));
}

Result<void> Lab::add_site(const std::string& device, std::uint64_t bytes) {
  const image::ControlPlane::Planner plan = [&]() -> Result<volume::Mutation> {
    TT_TRY(const auto added, volume::plan_add_site(control().config(), device, bytes));
    return volume::Mutation(added);
  };
  return record(plan);
}

Result<std::uint16_t> Lab::make_array(std::uint16_t site) {
  return run(control().make_array(site, 5));
}

Pending<Result<std::uint16_t>> Lab::start_rank(std::uint16_t array) {
  return start(control().make_rank(array, std::uint16_t{0}));
}

Result<std::uint16_t> Lab::make_rank(std::uint16_t array) {
  return run(control().make_rank(array, std::uint16_t{0}));
}

Result<std::uint16_t> Lab::add_rank(const std::string& device, std::uint64_t bytes) {
  TT_CHECK(add_site(device, bytes));
  TT_TRY(const std::uint16_t array, make_array(control().config().sites.rbegin()->first));
  return make_rank(array);
}

Result<void> Lab::remove_rank(std::uint16_t rank) {
  return run(control().remove_rank(rank));
}

std::string Lab::content(VolumeId volume, std::uint64_t block, std::uint64_t blocks) {
  return run(read_task(volume, block, blocks));
}

Pending<Result<void>> Lab::start_write(VolumeId volume, std::uint64_t block, std::uint64_t blocks, char letter) {
  return start(write_task(volume, block, blocks, letter));
}

Pending<std::string> Lab::start_read(VolumeId volume, std::uint64_t block, std::uint64_t blocks) {
  return start(read_task(volume, block, blocks));
}

volume::PairRequest Lab::pair(VolumeId source, VolumeId target, bool copy, bool persistent) {
  volume::PairRequest request;
  request.source = source;
  request.target = target;
  request.options.background_copy = copy;
  request.options.persistent = persistent;
  return request;
}

std::vector<Result<void>> Lab::establish(std::vector<volume::PairRequest> pairs) {
  return run(control().establish(std::move(pairs)));
}

Result<void> Lab::establish(VolumeId source, VolumeId target, bool copy, bool persistent) {
  return establish({pair(source, target, copy, persistent)}).front();
}

Pending<std::vector<Result<void>>> Lab::start_establish(std::vector<volume::PairRequest> pairs) {
  return start(control().establish(std::move(pairs)));
}

Pending<std::vector<Result<void>>> Lab::start_withdraw(VolumeId source, VolumeId target) {
  return start(control().withdraw({{source, target}}, std::nullopt));
}

Result<void> Lab::withdraw(VolumeId source, VolumeId target) {
  const auto pending = start_withdraw(source, target);
  const bool ended = wait(pending);
  TT_ASSERT(ended);
  return (*pending)->front();
}

Result<void> Lab::resync(VolumeId source, VolumeId target, volume::RelationshipOptions options) {
  return run(control().resync({{source, target, options}})).front();
}

Result<void> Lab::reverse(VolumeId source, VolumeId target, volume::RelationshipOptions options, bool fast) {
  return run(control().reverse({{source, target, options}}, fast)).front();
}

Result<void> Lab::set_revertible(VolumeId source, VolumeId target, std::uint32_t sequence_number) {
  volume::RelationshipOptions options;
  options.sequence_number = sequence_number;
  return run(control().set_revertible({{source, target, options}})).front();
}

Result<void> Lab::commit(VolumeId source) {
  return run(control().commit_flash({source}, std::nullopt)).front();
}

Result<void> Lab::revert(VolumeId source) {
  return run(control().revert_flash({source}, std::nullopt)).front();
}

std::optional<image::FlashStatus> Lab::status(VolumeId source, VolumeId target) {
  for (const image::FlashStatus& status : run(control().flash_status())) {
    if (status.relationship.source == source && status.relationship.target == target) return status;
  }
  return std::nullopt;
}

std::uint64_t Lab::uncopied(VolumeId source, VolumeId target) {
  const auto found = status(source, target);
  return found ? found->counts.uncopied : 0;
}

std::uint64_t Lab::out_of_sync(VolumeId source, VolumeId target) {
  const auto found = status(source, target);
  return found ? found->counts.uncopied - found->counts.owed : 0;
}

std::size_t Lab::relationship_count() {
  return control().config().relationships.size();
}

void Lab::destaging(bool on) {
  for (const auto& shard : life->image().shards()) shard->request_drain(on);
}

bool Lab::dirty() {
  return std::any_of(life->image().shards().begin(), life->image().shards().end(),
                     [](const auto& shard) { return shard->index().next_dirty(0).has_value(); });
}

bool Lab::drain() {
  destaging(true);
  const bool done = run_until([this] {
    return !dirty() && std::all_of(life->image().shards().begin(), life->image().shards().end(),
                                   [](const auto& shard) { return shard->background_idle(); });
  });
  destaging(false);
  return done;
}

void Lab::pass_checkpoint(std::size_t shard, VolumeId volume, std::uint64_t track) {
  const journal::SlotSeq before = this->shard(shard).ring().newest();
  while (this->shard(shard).store().fields().checkpoint_cut <= before) {
    const Result<void> written = fill(volume, track, 'c');
    TT_ASSERT(written.has_value());
  }
}

std::uint64_t Lab::track_of_shard(std::size_t shard, std::uint64_t from) {
  while (this->shard(0).options().stripes.shard_of(from) != shard) ++from;
  return from;
}

std::pair<sim::SimFile*, std::uint64_t> Lab::place_of(VolumeId volume, std::uint64_t track) {
  const flashcopy::Stripes stripes = shard(0).options().stripes;
  image::Shard& owner = shard(stripes.shard_of(track));
  const image::MediaAddress at = owner.address_of(*owner.find(volume), stripes.to_local(track));
  TT_ASSERT(at.rank != nullptr);
  return {storage.file(control().config().ranks.at(at.rank->id).device), at.offset};
}

void Lab::make_unreadable(VolumeId volume, std::uint64_t track) {
  const auto [file, offset] = place_of(volume, track);
  file->make_unreadable(offset, kTrackBytes);
}

void Lab::damage(VolumeId volume, std::uint64_t track, std::uint64_t byte) {
  const auto [file, offset] = place_of(volume, track);
  file->flip_bit(offset + byte, 3);
}

void Lab::hold_copies(bool on) {
  for (const auto& shard : life->image().shards()) shard->hold_background_copy(on);
}

bool Lab::copying() {
  const auto& relationships = control().config().relationships;
  return std::any_of(relationships.begin(), relationships.end(), [this](const auto& item) {
    const volume::Relationship& r = item.second;
    if (!r.options.background_copy || r.closing() || r.state == volume::RelationshipState::failed) return false;
    if (!r.options.persistent) return true;  // until it has ended by itself
    return std::any_of(life->image().shards().begin(), life->image().shards().end(), [&r](const auto& shard) {
      const auto counts = shard->counts(r.generation);
      return counts && counts->uncopied > 0;
    });
  });
}

void Lab::power_loss(sim::CrashKind kind) {
  if (own_world_ != nullptr) {
    world.crash(kind);
  } else if (life->machine().alive()) {
    world.crash(life->machine(), kind);
  }
  world.faults().clear();
}

void Lab::power_on() {
  life.reset();
  life = std::make_unique<Life>(world, storage, shape_);
  const bool opened = life->open();
  TT_ASSERT(opened);
}

void Lab::crash(sim::CrashKind kind) {
  power_loss(kind);
  power_on();
}

void Lab::restart() {
  const bool stopped = life->stop();
  TT_ASSERT(stopped);
  crash();
}

void Lab::slow_once(const std::string& file, sim::IoMask operations, std::uint32_t factor) {
  sim::FaultRule rule;
  rule.kind = sim::FaultKind::slow;
  rule.operations = operations;
  rule.file = file;
  rule.at = 1;
  rule.slow_factor = factor;
  rule.slow_for = 1;
  world.faults().add(rule);
}

void Lab::fail(const std::string& file, sim::IoMask operations, bool sticky) {
  sim::FaultRule rule;
  rule.kind = sim::FaultKind::io_error;
  rule.operations = operations;
  rule.file = file;
  rule.at = 1;
  rule.sticky = sticky;
  world.faults().add(rule);
}

}  // namespace tt::simulation
