// SPDX-License-Identifier: Apache-2.0
#include "runtime/frame_pool.h"

#include <cstdlib>
#include <new>

namespace tt::rt {
namespace {

constexpr std::size_t kClassBytes = 64;
constexpr std::size_t kClassCount = 64;  // frames up to 4 KiB are pooled

struct FreeFrame {
  FreeFrame* next;
};

struct Pool {
  FreeFrame* lists[kClassCount] = {};
  std::size_t misses = 0;

  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (FreeFrame*& list : lists) {
      while (list != nullptr) {
        FreeFrame* next = list->next;
        std::free(list);
        list = next;
      }
    }
  }
};

thread_local Pool pool;

std::size_t class_of(std::size_t bytes) {
  return (bytes + kClassBytes - 1) / kClassBytes;
}

}  // namespace

void* allocate_frame(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (size_class < kClassCount) {
    if (FreeFrame* frame = pool.lists[size_class]; frame != nullptr) {
      pool.lists[size_class] = frame->next;
      return frame;
    }
  }
  ++pool.misses;
  void* frame = std::malloc(size_class * kClassBytes);
  if (frame == nullptr) throw std::bad_alloc();
  return frame;
}

void free_frame(void* frame, std::size_t bytes) noexcept {
  const std::size_t size_class = class_of(bytes);
  if (size_class >= kClassCount) {
    std::free(frame);
    return;
  }
  auto* entry = static_cast<FreeFrame*>(frame);
  entry->next = pool.lists[size_class];
  pool.lists[size_class] = entry;
}

std::size_t frame_pool_misses() noexcept {
  return pool.misses;
}

}  // namespace tt::rt
