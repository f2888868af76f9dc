// SPDX-License-Identifier: Apache-2.0
#include "journal/mapped_memory.h"

#include <sys/mman.h>

namespace tt::journal {

namespace {

/// Smaller memory is often touched in part only.
constexpr std::size_t kWorthHugePages = std::size_t{4} << 20U;

}  // namespace

MappedMemory MappedMemory::map(std::size_t bytes) noexcept {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  MappedMemory memory;
  if (at == MAP_FAILED) return memory;
  // A ring is read as a whole when it is opened: 4 KiB at a time the faults would take longer than the reading. Where
  // the kernel has no huge pages, nothing is lost.
  if (bytes >= kWorthHugePages) (void)::madvise(at, bytes, MADV_HUGEPAGE);
  memory.data_ = static_cast<std::byte*>(at);
  memory.size_ = bytes;
  return memory;
}

MappedMemory::~MappedMemory() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace tt::journal
