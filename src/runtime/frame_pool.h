// SPDX-License-Identifier: Apache-2.0
// Coroutine frames come from per-thread free lists by size class, so that a running data path does not call malloc.
// A frame may be freed on another thread than the one that made it (a task that hopped); it then joins that thread's
// list.
#pragma once

#include <cstddef>

namespace tt::rt {

void* allocate_frame(std::size_t bytes);
void free_frame(void* frame, std::size_t bytes) noexcept;

/// Number of times this thread's pool had to ask the system allocator; a steady data path keeps it constant.
std::size_t frame_pool_misses() noexcept;

}  // namespace tt::rt
