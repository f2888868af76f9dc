// SPDX-License-Identifier: Apache-2.0
#include "sim/medium.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "sim/sparse_crc.h"

namespace tt::sim {
namespace {

constexpr std::size_t kManyLayers = 12;

void fill_noise(std::span<std::byte> into, Random& random) {
  for (std::byte& b : into) b = static_cast<std::byte>(random.next() & 0xFFU);
}

/// A buffer that nobody has touched is left alone: its pages need not exist.
void fill_with_zeros(std::span<std::byte> into) {
  if (!is_zeros(into)) std::memset(into.data(), 0, into.size());
}

}  // namespace

void WriteRecord::take(std::span<const std::byte> content) {
  if (is_zeros(content)) {
    bytes = shared_zeros().first(content.size());
  } else {
    own.assign(content.begin(), content.end());
    bytes = own;
  }
}

std::span<std::byte> WriteRecord::owned() {
  if (own.empty()) own.assign(bytes.begin(), bytes.end());
  bytes = own;
  return own;
}

Medium::Mask Medium::sectors_of(std::uint64_t chunk, std::uint64_t offset, std::uint64_t end) noexcept {
  const std::uint64_t base = chunk * kChunkBytes;
  const std::uint64_t first = offset > base ? (offset - base) / kBlockBytes : 0;
  const std::uint64_t last = std::min<std::uint64_t>((end - base) / kBlockBytes, kSectorsPerChunk);
  TT_ASSERT(first < last);
  return static_cast<Mask>((0xFFU >> (8U - (last - first))) << first);
}

Medium::Chunk* Medium::find(std::uint64_t chunk) const noexcept {
  const std::uint64_t number = chunk / kChunksPerRegion;
  if (last_region_.first != number) {
    const auto found = regions_.find(number);
    if (found == regions_.end()) return nullptr;
    last_region_ = {number, const_cast<Region*>(&found->second)};
  }
  return last_region_.second->chunks[chunk % kChunksPerRegion].get();
}

Medium::Chunk& Medium::make(std::uint64_t chunk) {
  if (Chunk* found = find(chunk); found != nullptr) return *found;
  auto& slot = regions_[chunk / kChunksPerRegion].chunks[chunk % kChunksPerRegion];
  slot = std::make_unique<Chunk>();
  ++chunk_count_;
  return *slot;
}

void Medium::copy_sectors(const Layer& layer, std::uint64_t chunk, Mask mask, std::byte* into) {
  for (std::uint32_t s = 0; s < kSectorsPerChunk; ++s) {
    if ((mask & (1U << s)) == 0) continue;
    const std::uint64_t at = chunk * kChunkBytes + std::uint64_t{s} * kBlockBytes;
    std::memcpy(into + std::size_t{s} * kBlockBytes, layer.write->bytes.data() + (at - layer.write->offset),
                kBlockBytes);
  }
}

Medium::Content& Medium::content_of(Chunk& chunk) {
  if (chunk.durable == nullptr) chunk.durable = std::make_unique<Content>();
  chunk.blank = false;
  return *chunk.durable;
}

void Medium::make_durable(Chunk& chunk, const Layer& layer, std::uint64_t index, Mask mask) {
  if (layer.write->zeros() && chunk.durable == nullptr) return;
  copy_sectors(layer, index, mask, content_of(chunk).data());
}

void Medium::note_change(const WriteRecord& write) noexcept {
  for (std::uint64_t index = write.offset / kChunkBytes; index * kChunkBytes < write.end(); ++index) {
    if (Chunk* chunk = find(index); chunk != nullptr) chunk->blank = false;
  }
}

void Medium::read(std::uint64_t offset, std::span<std::byte> into) const {
  TT_ASSERT(offset % kBlockBytes == 0 && into.size() % kBlockBytes == 0);
  std::array<std::byte, kChunkBytes> scratch;
  for (std::uint64_t at = offset, end = offset + into.size(); at < end;) {
    const std::uint64_t index = at / kChunkBytes;
    const std::uint64_t skip = at % kChunkBytes;
    const std::uint64_t bytes = std::min<std::uint64_t>(kChunkBytes - skip, end - at);
    std::byte* out = into.data() + (at - offset);
    const Chunk* chunk = find(index);
    if (chunk == nullptr || chunk->blank || (chunk->layers.empty() && chunk->durable == nullptr)) {
      fill_with_zeros({out, bytes});
    } else if (chunk->layers.empty()) {
      std::memcpy(out, chunk->durable->data() + skip, bytes);
    } else {
      if (chunk->durable != nullptr) {
        scratch = *chunk->durable;
      } else {
        scratch.fill(std::byte{0});
      }
      for (const Layer& layer : chunk->layers) copy_sectors(layer, index, layer.mask, scratch.data());
      std::memcpy(out, scratch.data() + skip, bytes);
    }
    at += bytes;
  }
}

void Medium::read_durable(std::uint64_t offset, std::span<std::byte> into) const {
  for (std::uint64_t at = offset, end = offset + into.size(); at < end;) {
    const std::uint64_t skip = at % kChunkBytes;
    const std::uint64_t bytes = std::min<std::uint64_t>(kChunkBytes - skip, end - at);
    const Chunk* chunk = find(at / kChunkBytes);
    if (chunk == nullptr || chunk->durable == nullptr) {
      std::memset(into.data() + (at - offset), 0, bytes);
    } else {
      std::memcpy(into.data() + (at - offset), chunk->durable->data() + skip, bytes);
    }
    at += bytes;
  }
}

void Medium::land(const WriteRef& write, std::uint64_t index, Mask mask) {
  // Zeros where there is nothing: whatever happens to them, zeros are read.
  if (mask == 0 || (write->zeros() && find(index) == nullptr)) return;
  Chunk& chunk = make(index);
  chunk.layers.push_back({write, mask});
  chunk.blank = chunk.blank && write->zeros();
  if (!chunk.listed) {
    chunk.listed = true;
    dirty_.push_back(index);
  }
}

template <class Covered>
void Medium::settle(std::uint64_t index, Chunk& chunk, Covered&& covered) {
  Mask done = 0;
  for (auto layer = chunk.layers.rbegin(); layer != chunk.layers.rend(); ++layer) {
    if (covered(*layer->write)) {
      const Mask take = layer->mask & static_cast<Mask>(~done);
      make_durable(chunk, *layer, index, take);
      done |= take;
    }
    layer->mask &= static_cast<Mask>(~done);
  }
  std::erase_if(chunk.layers, [](const Layer& layer) { return layer.mask == 0; });
}

template <class Visit>
void Medium::for_each_dirty(Visit&& visit) {
  std::erase_if(dirty_, [&](std::uint64_t index) {
    Chunk* chunk = find(index);
    TT_ASSERT(chunk != nullptr);
    visit(index, *chunk);
    if (!chunk->layers.empty()) return false;
    chunk->listed = false;
    return true;
  });
}

void Medium::flush(std::uint64_t before) {
  for_each_dirty([&](std::uint64_t index, Chunk& chunk) {
    settle(index, chunk, [&](const WriteRecord& write) {
      return write.completed_at != 0 && write.completed_at < before && !write.damned;
    });
  });
}

void Medium::fail_flush(std::uint64_t before, Random& random) {
  for_each_dirty([&](std::uint64_t, Chunk& chunk) {
    for (Layer& layer : chunk.layers) {
      const bool covered = layer.write->completed_at != 0 && layer.write->completed_at < before;
      if (covered && random.chance(1, 2)) layer.write->damned = true;
    }
  });
}

void Medium::harden(const WriteRef& write) {
  for (std::uint64_t index = write->offset / kChunkBytes; index * kChunkBytes < write->end(); ++index) {
    Chunk* chunk = find(index);
    if (chunk == nullptr) continue;
    settle(index, *chunk, [&](const WriteRecord& layer) { return &layer == write.get(); });
  }
}

void Medium::compact(std::uint64_t index) {
  Chunk* chunk = find(index);
  if (chunk == nullptr || chunk->layers.size() < kManyLayers) return;
  Mask above = 0;
  for (auto layer = chunk->layers.rbegin(); layer != chunk->layers.rend(); ++layer) {
    if (layer->write->completed_at == 0) continue;
    const Mask whole = layer->mask;
    layer->mask &= static_cast<Mask>(~above);
    if (!layer->write->damned) above |= whole;
  }
  std::erase_if(chunk->layers, [](const Layer& layer) { return layer.mask == 0; });
}

bool Medium::survives(WriteRecord& write, std::uint64_t offset, const CrashOdds& odds, WriteRecord::Fate all,
                      Random& random) {
  using Fate = WriteRecord::Fate;
  if (write.damned) return false;
  if (write.fate == Fate::undrawn) {
    const std::uint64_t draw = random.below(100);
    if (all != Fate::undrawn) {
      write.fate = all;
    } else if (draw < odds.write_kept) {
      write.fate = Fate::kept;
    } else if (draw < odds.write_kept + odds.write_dropped) {
      write.fate = Fate::dropped;
    } else if (draw < odds.write_kept + odds.write_dropped + odds.write_prefix) {
      write.fate = Fate::prefix;
      write.prefix_bytes = random.below(write.bytes.size() + 1);
    } else {
      write.fate = Fate::each_unit;
    }
  }
  switch (write.fate) {
    case Fate::kept:
      return true;
    case Fate::prefix:
      return offset + unit_bytes_ <= write.offset + write.prefix_bytes;
    case Fate::each_unit:
      return random.chance(1, 2);
    default:
      return false;
  }
}

void Medium::lose_power(std::uint64_t index, Chunk& chunk, const CrashOdds& odds, WriteRecord::Fate all, Random& random,
                        const FateObserver& fate) {
  const std::uint32_t unit_sectors = unit_bytes_ / kBlockBytes;
  const Mask unit_mask = static_cast<Mask>((1U << unit_sectors) - 1U);
  for (Layer& layer : chunk.layers) {
    for (std::uint32_t first = 0; first < kSectorsPerChunk; first += unit_sectors) {
      const Mask unit = layer.mask & static_cast<Mask>(unit_mask << first);
      if (unit == 0) continue;
      const std::uint64_t offset = index * kChunkBytes + std::uint64_t{first} * kBlockBytes;
      const bool kept = survives(*layer.write, offset, odds, all, random);
      fate(*layer.write, offset, kept);
      if (kept) make_durable(chunk, layer, index, unit);
      if (odds.unit_garbage != 0 && random.below(100) < odds.unit_garbage) {
        fill_noise(std::span(content_of(chunk)).subspan(std::size_t{first} * kBlockBytes, unit_bytes_), random);
      }
    }
  }
  chunk.layers.clear();
}

void Medium::lose_power(const CrashOdds& odds, Random& random, const FateObserver& fate) {
  using Fate = WriteRecord::Fate;
  const std::uint64_t draw = random.below(100);
  Fate all = Fate::undrawn;
  if (draw < odds.keep_everything) {
    all = Fate::kept;
  } else if (draw < odds.keep_everything + odds.drop_everything) {
    all = Fate::dropped;
  }
  for_each_dirty([&](std::uint64_t index, Chunk& chunk) { lose_power(index, chunk, odds, all, random, fate); });
}

void Medium::overwrite(std::uint64_t offset, std::span<const std::byte> from) {
  TT_ASSERT(offset % kBlockBytes == 0 && from.size() % kBlockBytes == 0);
  for (std::uint64_t done = 0; done < from.size(); done += kBlockBytes) {
    const std::uint64_t at = offset + done;
    Chunk& chunk = make(at / kChunkBytes);
    std::memcpy(content_of(chunk).data() + at % kChunkBytes, from.data() + done, kBlockBytes);
    const auto keep = static_cast<Mask>(~sectors_of(at / kChunkBytes, at, at + kBlockBytes));
    for (Layer& layer : chunk.layers) layer.mask &= keep;
    std::erase_if(chunk.layers, [](const Layer& layer) { return layer.mask == 0; });
  }
}

void Medium::discard(std::uint64_t offset, std::uint64_t length, bool noise, Random& random) {
  const std::uint64_t end = offset + length;
  const std::uint64_t region_bytes = kChunksPerRegion * kChunkBytes;
  for (auto it = regions_.lower_bound(offset / region_bytes); it != regions_.end() && it->first * region_bytes < end;
       ++it) {
    for (std::uint64_t i = 0; i < kChunksPerRegion; ++i) {
      const std::uint64_t index = it->first * kChunksPerRegion + i;
      if (it->second.chunks[i] == nullptr || (index + 1) * kChunkBytes <= offset || index * kChunkBytes >= end)
        continue;
      const std::uint64_t from = std::max(offset, index * kChunkBytes);
      const std::uint64_t to = std::min(end, (index + 1) * kChunkBytes);
      std::vector<std::byte> content(to - from);
      if (noise) fill_noise(content, random);
      overwrite(from, content);
    }
  }
}

std::size_t Medium::volatile_layers() const {
  std::size_t count = 0;
  for (const std::uint64_t index : dirty_) count += find(index)->layers.size();
  return count;
}

void RangeSet::add(std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) return;
  auto it = ranges_.upper_bound(begin);
  if (it != ranges_.begin() && std::prev(it)->second >= begin) --it;
  while (it != ranges_.end() && it->first <= end) {
    begin = std::min(begin, it->first);
    end = std::max(end, it->second);
    total_ -= it->second - it->first;
    it = ranges_.erase(it);
  }
  ranges_.emplace(begin, end);
  total_ += end - begin;
}

void RangeSet::remove(std::uint64_t begin, std::uint64_t end) {
  auto it = ranges_.upper_bound(begin);
  if (it != ranges_.begin() && std::prev(it)->second > begin) --it;
  while (it != ranges_.end() && it->first < end) {
    const auto [from, to] = *it;
    total_ -= to - from;
    it = ranges_.erase(it);
    if (from < begin) {
      ranges_.emplace(from, begin);
      total_ += begin - from;
    }
    if (to > end) {
      ranges_.emplace(end, to);
      total_ += to - end;
    }
  }
}

std::uint64_t RangeSet::missing(std::uint64_t begin, std::uint64_t end) const {
  std::uint64_t covered = 0;
  auto it = ranges_.upper_bound(begin);
  if (it != ranges_.begin()) --it;
  for (; it != ranges_.end() && it->first < end; ++it) {
    const std::uint64_t from = std::max(begin, it->first);
    const std::uint64_t to = std::min(end, it->second);
    if (from < to) covered += to - from;
  }
  return end - begin - covered;
}

}  // namespace tt::sim
