// SPDX-License-Identifier: Apache-2.0
#include "image/image.h"

#include <algorithm>
#include <utility>

#include "image/range_copier.h"
#include "image/recovery.h"

namespace tt::image {

/// What runs for one shard, on its reactor.
struct Image::Workers {
  Workers(Shard& shard, const OpenOptions& options, CommonPace& pace,
          std::function<std::vector<std::byte>()> config_blob)
      : ring_scope(shard.reactor()),
        scope(shard.reactor()),
        destager(shard, options.destage),
        copier(shard, pace),
        range_copier(shard, pace),
        keeper(shard, std::move(config_blob)) {}

  rt::Scope ring_scope;
  rt::Scope scope;
  Destager destager;
  Copier copier;
  RangeCopier range_copier;
  Keeper keeper;
};

Image::Image(std::span<const Port> ports, std::uint32_t shard_count, OpenOptions options)
    : ports_(ports.begin(),
             ports.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(ports.size(), shard_count))),
      options_(options),
      pace_(options.pacing, shard_count),
      scrub_pace_(options.pacing.host_latency_target, shard_count) {
  control_ = std::make_unique<ControlPlane>(*ports_[0].reactor, shards_, lsns_, pace_, scrub_pace_);
  for (std::uint32_t i = 0; i < shard_count; ++i) {
    ShardOptions shard;
    shard.id = i;
    shard.stripes.shard_count = shard_count;
    shard.acknowledge = options.acknowledge;
    shard.place = options.place;
    shard.most_preserved_pages = options.most_preserved_pages;
    shard.map_share = options.map_share;
    shard.read_cache_bytes = options.read_cache_bytes / shard_count;
    shard.sums = options.sums;
    shard.batch_frames = options.batch_frames;
    shard.active_copies = options.active_copies;
    shards_.push_back(std::make_unique<Shard>(*ports_[i % ports_.size()].reactor, shard, lsns_, *control_));
  }
  std::vector<DeskOfReactor> desks;
  for (std::size_t p = 0; p < ports_.size(); ++p) {
    routers_.push_back(std::make_unique<Router>(*ports_[p].reactor, *shards_[p], shards_));
    desks_.push_back(std::make_unique<HostDesk>(*routers_.back()));
    desks.push_back({ports_[p].reactor, desks_.back().get()});
  }
  control_->use_desks(std::move(desks));
}

/// After stop() there is nothing to kill; after a simulated crash there is.
Image::~Image() {
  kill();
}

bool Image::exists(rt::Storage& storage) {
  return storage.exists(meta_name(0));
}

rt::Task<Result<void>> Image::create(std::span<const Port> ports, CreateOptions options) {
  rt::Storage& storage = *ports[0].storage;
  if (exists(storage) || storage.exists(ring_name(0))) co_return Errc::id_taken;

  volume::ImageConfig config;
  volume::apply(config, volume::SetIdentity{options.personality, options.storage_image_id, options.name});
  for (std::uint16_t pool = 0; pool < 2; ++pool) {
    volume::PoolConfig made;
    made.id = pool;
    made.name = pool == 0 ? "fb_even" : "fb_odd";
    made.extent_bytes =
        volume::limits_of(options.personality).small_extents ? volume::kSmallExtentBytes : volume::kLargeExtentBytes;
    volume::apply(config, volume::MakePool{made});
  }
  for (std::size_t i = 0; i < options.ranks.size(); ++i) {
    const NewRank& rank = options.ranks[i];
    const auto id = static_cast<std::uint16_t>(i);
    auto formatted = co_await media::create_rank(storage, rank.device, options.uuid, id, rank.data_bytes);
    if (!formatted) co_return formatted;
    volume::RankConfig made;
    made.id = id;
    made.device = rank.device;
    made.data_bytes = rank.data_bytes;
    volume::apply(config, volume::AddRank{made});
    if (i < 2) volume::apply(config, volume::AssignRank{id, id});
  }
  volume::apply(config, volume::BeginHostAccess{volume::open_host_connection()});
  for (std::uint32_t n = options.shard_count; n-- > 0;) {  // shard 0 last: its store makes the image exist
    const ShardFiles files{options.uuid, n, options.shard_count, options.ring_bytes, options.keeps_sums};
    std::vector<std::byte> blob;
    if (n == 0) blob = volume::encode_config(config);
    auto made = co_await create_shard_files(*ports[0].reactor, storage, files, std::move(blob));
    if (!made) co_return made;
  }
  co_return Result<void>{};
}

rt::Task<Result<std::unique_ptr<Image>>> Image::open(std::span<const Port> ports, OpenOptions options) {
  // Shard 0's superblock says how many shards there are.
  TT_CO_TRY(auto disk, ports[0].storage->open(meta_name(0), rt::OpenMode::must_exist, 0));
  std::uint32_t shard_count = 0;
  {
    auto store = co_await journal::MetaStore::open(*ports[0].reactor, std::move(disk));
    if (!store) co_return store.error();
    shard_count = (*store)->fields().shard_count;
  }
  std::unique_ptr<Image> image(new Image(ports, shard_count, options));
  auto opened = co_await image->open_shards();
  if (!opened) {
    co_await image->stop();
    co_return opened.error();
  }
  co_return image;
}

rt::Task<Result<void>> Image::open_shards() {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const Port& port = ports_[i % ports_.size()];
    co_await rt::hop(*ports_[0].reactor, *port.reactor);
    Recovery recovery(*shards_[i]);
    auto opened = co_await recovery.open_files(*port.storage);
    co_await rt::hop(*port.reactor, *ports_[0].reactor);
    if (!opened) co_return opened;
  }
  Recovery control(*shards_[0]);
  TT_CO_TRY(volume::ImageConfig config, control.read_config());
  const auto uuid = shards_[0]->store().fields().image_uuid;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const Port& port = ports_[i % ports_.size()];
    co_await rt::hop(*ports_[0].reactor, *port.reactor);
    Recovery recovery(*shards_[i]);
    Result<void> done;
    if (shards_[i]->store().fields().image_uuid != uuid) done = Errc::corrupt;
    for (const auto& [id, rank] : config.ranks) {
      if (done) done = co_await recovery.open_rank(*port.storage, rank, uuid);
    }
    if (done) done = recovery.load(config);
    co_await rt::hop(*port.reactor, *ports_[0].reactor);
    if (!done) co_return done;
  }
  control_->load(std::move(config));
  std::vector<rt::Storage*> storages;
  for (std::size_t i = 0; i < shards_.size(); ++i) storages.push_back(ports_[i % ports_.size()].storage);
  control_->use_storages(std::move(storages));
  control_->start();
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    auto started = co_await start_shard(i);
    if (!started) co_return started;
  }
  auto begun = co_await control_->begin_host_access();
  co_return begun;
}

rt::Task<Result<void>> Image::start_shard(std::size_t i) {
  Shard& shard = *shards_[i];
  rt::Reactor& home = *ports_[0].reactor;
  co_await rt::hop(home, shard.reactor());
  std::function<std::vector<std::byte>()> config_blob;
  if (i == 0) config_blob = [this] { return control_->encode(); };
  workers_.push_back(std::make_unique<Workers>(shard, options_, pace_, std::move(config_blob)));
  Workers& workers = *workers_.back();
  shard.follow_copy_rates(control_->copy_rates());
  shard.ring().start(workers.ring_scope);
  workers.destager.start(workers.scope);
  workers.copier.start(workers.scope);
  workers.range_copier.start(workers.scope);
  workers.keeper.start(workers.scope);
  scrubbers_.push_back(std::make_unique<Scrubber>(shard, scrub_pace_, options_.scrub_after));
  scrubbers_.back()->start(workers.scope);
  shard.mender().start(workers.scope);
  shard.start_read_ahead(workers.scope);
  shard.sums().start(workers.scope);
  co_await rt::hop(shard.reactor(), home);
  co_return Result<void>{};
}

rt::Task<void> Image::stop_shard(std::size_t i) {
  Shard& shard = *shards_[i];
  Workers& workers = *workers_[i];
  rt::Reactor& home = *ports_[0].reactor;
  co_await rt::hop(home, shard.reactor());
  workers.copier.stop();
  workers.range_copier.stop();
  workers.destager.stop();
  workers.keeper.stop();
  scrubbers_[i]->stop();
  shard.mender().stop();
  shard.stop_read_ahead();
  shard.sums().stop();
  co_await workers.scope.join();
  co_await shard.sums().close_all();
  auto saved = co_await workers.keeper.checkpoint();
  static_cast<void>(saved);  // without it the next start replays more; nothing is lost
  shard.ring().stop();
  co_await workers.ring_scope.join();
  shard.index().clear();
  co_await rt::hop(shard.reactor(), home);
}

rt::Task<void> Image::stop() {
  co_await control_->stop();
  for (std::size_t i = 0; i < workers_.size(); ++i) co_await stop_shard(i);
}

void Image::kill() noexcept {
  control_->kill();
  for (const auto& workers : workers_) {
    workers->scope.kill();
    workers->ring_scope.kill();
  }
}

}  // namespace tt::image
