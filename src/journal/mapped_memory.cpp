// SPDX-License-Identifier: Apache-2.0
#include "journal/mapped_memory.h"

#include <sys/mman.h>

namespace tt::journal {

MappedMemory MappedMemory::map(std::size_t bytes) noexcept {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  MappedMemory memory;
  if (at == MAP_FAILED) return memory;
  memory.data_ = static_cast<std::byte*>(at);
  memory.size_ = bytes;
  return memory;
}

MappedMemory::~MappedMemory() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace tt::journal
