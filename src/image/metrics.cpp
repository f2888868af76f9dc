// SPDX-License-Identifier: Apache-2.0
#include "image/metrics.h"

namespace tt::image {

using flashcopy::VolumeCounters;
using nlohmann::json;

namespace {

constexpr std::uint64_t kByteUnit = 128_KiB;
constexpr std::uint64_t kTimeUnit = 16'000'000;

void add(VolumeCounters& sum, const VolumeCounters& part) {
  sum.reads += part.reads;
  sum.read_hits += part.read_hits;
  sum.sequential_reads += part.sequential_reads;
  sum.sequential_read_hits += part.sequential_read_hits;
  sum.tracks_prefetched += part.tracks_prefetched;
  sum.read_bytes += part.read_bytes;
  sum.read_ns += part.read_ns;
  sum.writes += part.writes;
  sum.write_bytes += part.write_bytes;
  sum.write_ns += part.write_ns;
  sum.delayed_writes += part.delayed_writes;
  sum.journal_records += part.journal_records;
  sum.tracks_staged += part.tracks_staged;
  sum.tracks_destaged += part.tracks_destaged;
  sum.media_reads += part.media_reads;
  sum.media_read_bytes += part.media_read_bytes;
  sum.media_read_ns += part.media_read_ns;
  sum.media_writes += part.media_writes;
  sum.media_write_bytes += part.media_write_bytes;
}

/// What this image never does: count key data, sequential writes, remote mirroring. Zero is the truth.
constexpr const char* kNever[] = {
    "seqwritereq",
    "seqwritehits",
    "cachfwrreqs",
    "cachfwrhits",
    "cachefwreqs",
    "cachfwhits",
    "inbcachload",
    "bypasscach",
    "seqwriteops",
    "reccachemis",
    "qwriteprots",
    "CKDirtrkac",
    "CKDirtrkhits",
    "recmoreads",
    "sfiletrkreads",
    "contamwrts",
    "PPRCtrks",
    "zHPFRead",
    "zHPFWrite",
    "zHPFPrefetchReq",
    "zHPFPrefetchHit",
    "GMCollisionsSidefileCount",
    "GMCollisionsSendSyncCount",
};

json volume_row(const VolumeCounters& c, std::int64_t date) {
  json row = {{"date", date},
              {"normrdrqts", c.reads - c.sequential_reads},
              {"normrdhits", c.read_hits - c.sequential_read_hits},
              {"seqreadreqs", c.sequential_reads},
              {"seqreadhits", c.sequential_read_hits},
              {"normwritereq", c.writes},
              {"normwritehits", c.writes},  // every write is answered from the journal
              {"DASDtrans", c.tracks_staged},
              {"seqDASDtrans", c.tracks_prefetched},
              {"cachetrans", c.tracks_destaged},
              {"NVSspadel", c.delayed_writes},
              {"normwriteops", c.media_writes},
              {"phread", c.media_reads},
              {"phwrite", c.media_writes},
              {"phbyteread", c.media_read_bytes / kByteUnit},
              {"phbytewrite", c.media_write_bytes / kByteUnit},
              {"NVSspallo", c.journal_records},
              {"timephread", c.media_read_ns / kTimeUnit},
              {"byteread", c.read_bytes / kByteUnit},
              {"bytewrit", c.write_bytes / kByteUnit},
              {"timeread", c.read_ns / kTimeUnit},
              {"timewrite", c.write_ns / kTimeUnit}};
  for (const char* name : kNever) row[name] = 0;
  return row;
}

/// What a port for NBD never sees.
constexpr const char* kNeverAtPorts[] = {"byteread_ficon", "bytewrit_ficon",  "reads_ficon",   "writes_ficon",
                                         "timeread_ficon", "timewrite_ficon", "byteread_pprc", "bytewrit_pprc",
                                         "reads_pprc",     "writes_pprc",     "timeread_pprc", "timewrite_pprc"};

void add(RankCounters& sum, const RankCounters& part) {
  sum.reads += part.reads;
  sum.writes += part.writes;
  sum.read_bytes += part.read_bytes;
  sum.write_bytes += part.write_bytes;
  sum.read_ns += part.read_ns;
  sum.write_ns += part.write_ns;
}

/// Of all shards.
rt::Task<RankCounters> rank_counters(Image& image, std::uint16_t rank) {
  rt::Reactor& home = image.shards().front()->reactor();
  RankCounters sum;
  for (const auto& shard : image.shards()) {
    co_await rt::hop(home, shard->reactor());
    add(sum, shard->rank_counters(rank));
    co_await rt::hop(shard->reactor(), home);
  }
  co_return sum;
}

json rank_row(const RankCounters& sum, std::int64_t date) {
  return {{"date", date},
          {"byteread", sum.read_bytes / kByteUnit},
          {"bytewrit", sum.write_bytes / kByteUnit},
          {"reads", sum.reads},
          {"writes", sum.writes},
          {"timeread", sum.read_ns / kTimeUnit},
          {"timewrite", sum.write_ns / kTimeUnit}};
}

}  // namespace

rt::Task<json> volume_metrics(Image& image, VolumeId id) {
  rt::Reactor& home = image.shards().front()->reactor();
  VolumeCounters sum;
  for (const auto& shard : image.shards()) {
    co_await rt::hop(home, shard->reactor());
    if (const flashcopy::VolumeShare* volume = shard->find(id)) add(sum, volume->counters);
    co_await rt::hop(shard->reactor(), home);
  }
  co_return volume_row(sum, home.wall_seconds());
}

rt::Task<json> rank_metrics(Image& image, std::uint16_t rank) {
  const RankCounters sum = co_await rank_counters(image, rank);
  co_return rank_row(sum, image.shards().front()->reactor().wall_seconds());
}

rt::Task<json> pool_metrics(Image& image, std::uint16_t pool) {
  std::vector<std::uint16_t> ranks;
  for (const auto& [id, rank] : image.control().config().ranks) {
    if (rank.pool == pool) ranks.push_back(id);
  }
  RankCounters sum;
  for (const std::uint16_t rank : ranks) {
    const RankCounters part = co_await rank_counters(image, rank);
    add(sum, part);
  }
  co_return rank_row(sum, image.shards().front()->reactor().wall_seconds());
}

rt::Task<ReadCacheCounters> read_cache_counters(Image& image) {
  rt::Reactor& home = image.shards().front()->reactor();
  ReadCacheCounters sum;
  for (const auto& shard : image.shards()) {
    co_await rt::hop(home, shard->reactor());
    const ReadCacheCounters part = shard->read_cache_counters();
    sum.hit_bytes += part.hit_bytes;
    sum.missed_bytes += part.missed_bytes;
    sum.held_bytes += part.held_bytes;
    sum.capacity_bytes += part.capacity_bytes;
    sum.ahead.read_bytes += part.ahead.read_bytes;
    sum.ahead.used_bytes += part.ahead.used_bytes;
    sum.ahead.wasted_bytes += part.ahead.wasted_bytes;
    co_await rt::hop(shard->reactor(), home);
  }
  co_return sum;
}

json port_metrics(const PortTraffic& traffic, std::int64_t date) {
  json row = {{"date", date},
              {"byteread_scsi", traffic.read_bytes / kByteUnit},
              {"bytewrit_scsi", traffic.write_bytes / kByteUnit},
              {"reads_scsi", traffic.reads},
              {"writes_scsi", traffic.writes},
              {"timeread_scsi", traffic.read_ns / kTimeUnit},
              {"timewrite_scsi", traffic.write_ns / kTimeUnit}};
  for (const char* name : kNeverAtPorts) row[name] = 0;
  return row;
}

}  // namespace tt::image
