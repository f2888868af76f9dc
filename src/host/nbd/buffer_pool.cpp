// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/buffer_pool.h"

#include <sys/mman.h>

#include <new>

#include "base/assert.h"

namespace tt::nbd {

BufferPool::BufferPool(rt::Reactor& reactor, const SizeClasses& classes, std::uint32_t set_aside)
    : classes_{{make_class(reactor, classes[0], set_aside), make_class(reactor, classes[1], set_aside),
                make_class(reactor, classes[2], set_aside), make_class(reactor, classes[3], set_aside),
                make_class(reactor, classes[4], set_aside), make_class(reactor, classes[5], set_aside)}} {
  for (const Class& c : classes_) mapping_bytes_ += c.shape.bytes * c.shape.count;
  void* mapping =
      mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) throw std::bad_alloc();
  mapping_ = static_cast<std::byte*>(mapping);
  std::byte* at = mapping_;
  for (Class& c : classes_) {
    TT_ASSERT(c.shape.count > 0 && c.shape.bytes % 4096 == 0);
    c.free.resize(c.shape.count);
    // The lowest addresses are used first and again: the set of touched pages stays as small as the load.
    for (std::uint32_t i = c.shape.count; i-- > 0; at += c.shape.bytes) c.free[i] = at;
  }
}

BufferPool::~BufferPool() {
  TT_ASSERT(in_use_ == 0);
  munmap(mapping_, mapping_bytes_);
}

std::size_t BufferPool::class_for(std::size_t bytes) const noexcept {
  std::size_t i = 0;
  while (i < kClassCount && bytes > classes_[i].shape.bytes) ++i;
  TT_ASSERT(i < kClassCount);  // judge() lets nothing through that is larger than the last class
  return i;
}

rt::Semaphore::Acquire BufferPool::reserve(std::size_t bytes) noexcept {
  return classes_[class_for(bytes)].credits.acquire();
}

BufferPool::Buffer BufferPool::take(std::size_t bytes) noexcept {
  const std::size_t size_class = class_for(bytes);
  std::vector<std::byte*>& free = classes_[size_class].free;
  TT_ASSERT(!free.empty());
  std::byte* const start = free.back();
  free.pop_back();
  ++in_use_;
  return Buffer(*this, static_cast<std::uint8_t>(size_class), start);
}

void BufferPool::give_back(std::uint8_t size_class, std::byte* start) noexcept {
  --in_use_;
  classes_[size_class].free.push_back(start);  // never beyond the capacity reserved at start-up
  classes_[size_class].credits.release();
}

bool BufferPool::starved() const noexcept {
  for (const Class& c : classes_) {
    if (c.credits.available() <= c.set_aside) return true;
  }
  return false;
}

}  // namespace tt::nbd
