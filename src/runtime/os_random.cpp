// SPDX-License-Identifier: Apache-2.0
#include "runtime/os_random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/assert.h"

namespace tt::rt {

void fill_from_os(std::span<std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    TT_ASSERT(got > 0 || errno == EINTR);
    if (got > 0) bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

std::uint64_t os_random_seed() noexcept {
  std::uint64_t seed = 0;
  fill_from_os(std::as_writable_bytes(std::span(&seed, 1)));
  return seed;
}

}  // namespace tt::rt
