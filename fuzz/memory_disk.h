// SPDX-License-Identifier: Apache-2.0
// A disk in memory that keeps pages of 4 KiB that were written, so that a large, almost empty one costs nothing. What
// it holds outlives the Disk object, as a file does.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "base/assert.h"
#include "runtime/disk.h"
#include "runtime/reactor.h"

namespace tt::fuzz {

inline constexpr std::uint64_t kPage = 4096;

class Pages {
 public:
  using Page = std::array<std::byte, kPage>;

  Page& page(std::uint64_t number) { return pages_.try_emplace(number).first->second; }
  [[nodiscard]] const std::map<std::uint64_t, Page>& all() const { return pages_; }

  void write(std::uint64_t offset, std::span<const std::byte> from) {
    for (std::uint64_t done = 0; done < from.size();) {
      const std::uint64_t in_page = (offset + done) % kPage;
      const std::uint64_t count = std::min(kPage - in_page, from.size() - done);
      std::memcpy(page((offset + done) / kPage).data() + in_page, from.data() + done, count);
      done += count;
    }
  }
  /// Whole pages.
  void read(std::uint64_t offset, std::span<std::byte> into) const {
    for (std::uint64_t done = 0; done < into.size(); done += kPage) {
      const auto found = pages_.find((offset + done) / kPage);
      const auto target = into.subspan(done, kPage);
      if (found != pages_.end()) {
        std::ranges::copy(found->second, target.begin());
      } else if (!is_zero(target)) {
        std::ranges::fill(target, std::byte{0});  // fresh memory is not touched, and stays cheap
      }
    }
  }

 private:
  static bool is_zero(std::span<const std::byte> bytes) {
    return bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
  }
  std::map<std::uint64_t, Page> pages_;
};

class MemoryDisk final : public rt::Disk {
 public:
  MemoryDisk(rt::Reactor& reactor, Pages& pages, std::uint64_t size_bytes)
      : reactor_(reactor), pages_(pages), size_bytes_(size_bytes) {}

  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return size_bytes_; }
  [[nodiscard]] std::uint32_t block_bytes() const noexcept override { return kPage; }
  void submit(rt::DiskOp& op) noexcept override {
    using Kind = rt::DiskOp::Kind;
    if (op.kind == Kind::read || op.kind == Kind::write) {
      TT_ASSERT(op.offset % kPage == 0 && op.length % kPage == 0 && op.length > 0);
      TT_ASSERT(op.offset <= size_bytes_ && op.length <= size_bytes_ - op.offset);
    }
    if (op.kind == Kind::read) pages_.read(op.offset, {op.buffer, op.length});
    if (op.kind == Kind::write) pages_.write(op.offset, {op.buffer, op.length});
    reactor_.post(op.waiter);
  }

 private:
  rt::Reactor& reactor_;
  Pages& pages_;
  std::uint64_t size_bytes_;
};

}  // namespace tt::fuzz
