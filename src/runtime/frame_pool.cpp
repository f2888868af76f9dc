// SPDX-License-Identifier: Apache-2.0
#include "runtime/frame_pool.h"

#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#if !defined(ASAN_POISON_MEMORY_REGION)
#define ASAN_POISON_MEMORY_REGION(address, bytes) (static_cast<void>(address), static_cast<void>(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) (static_cast<void>(address), static_cast<void>(bytes))
#endif

namespace tt::rt {
namespace {

constexpr std::size_t kClassBytes = 64;
constexpr std::size_t kClassCount = 65;  // frames up to 4 KiB are pooled
// More than this per class goes back to the system: tasks that begin on one thread and always end on another would
// otherwise fill that thread's list without end.
constexpr std::size_t kKeptBytesPerClass = 16U << 20U;

struct FreeFrame {
  FreeFrame* next;
};

struct List {
  FreeFrame* first = nullptr;
  std::size_t count = 0;
};

struct Pool {
  List lists[kClassCount];
  std::size_t misses = 0;

  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (List& list : lists) {
      while (list.first != nullptr) {
        FreeFrame* next = list.first->next;
        std::free(list.first);
        list.first = next;
      }
    }
  }
};

thread_local Pool pool;

constexpr std::size_t class_of(std::size_t bytes) noexcept {
  return (bytes + kClassBytes - 1) / kClassBytes;
}

}  // namespace

void* allocate_frame(std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  if (size_class < kClassCount) {
    List& list = pool.lists[size_class];
    if (FreeFrame* frame = list.first; frame != nullptr) {
      list.first = frame->next;
      --list.count;
      ASAN_UNPOISON_MEMORY_REGION(frame, size_class * kClassBytes);
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
  const std::size_t class_bytes = size_class * kClassBytes;
  if (size_class >= kClassCount || pool.lists[size_class].count * class_bytes >= kKeptBytesPerClass) {
    std::free(frame);
    return;
  }
  List& list = pool.lists[size_class];
  auto* entry = static_cast<FreeFrame*>(frame);
  entry->next = list.first;
  list.first = entry;
  ++list.count;
  // Whoever touches a frame after its end is reported although the memory stays ours.
  ASAN_POISON_MEMORY_REGION(entry + 1, class_bytes - sizeof(FreeFrame));
}

std::size_t frame_pool_misses() noexcept {
  return pool.misses;
}

}  // namespace tt::rt
