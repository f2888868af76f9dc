// SPDX-License-Identifier: Apache-2.0
// Where the bytes of one connection land, sans I/O. Bytes are received into slabs; request headers are parsed in
// place, and the payload of a small write stays where it landed and is handed on as a view that pins its slab. So one
// receive brings many small requests and their payload is never copied, but for the one request that straddles two
// slabs. The payload of a large write goes to a buffer of its own; after one, only a header is received ahead, so that
// a stream of large writes is not copied either.
//
// Invariants: parsed_ <= filled_ <= slab size; a slab is written to only beyond filled_, so pinned views never change;
// a slab is reused only when nothing pins it; at most kMaxSlabs exist. A window handed out may be written to until
// received() or the next window(): only these two move positions back, never an unpin() in between.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "host/nbd/codec.h"

namespace tt::nbd {

class Intake {
 public:
  static constexpr std::size_t kSlabBytes = 128U << 10U;
  static constexpr std::size_t kMaxSlabs = 8;
  /// Payloads up to this size stay in the slab.
  static constexpr std::size_t kInlineBytes = 16U << 10U;

  using SlabIndex = std::uint8_t;
  static constexpr SlabIndex kNoSlab = 0xff;

  Intake();

  /// Received and not yet taken.
  [[nodiscard]] std::span<const std::byte> pending() const noexcept;
  void consume(std::size_t bytes) noexcept;

  /// Where to receive next; one receive at a time. Empty: every slab is pinned; wait for an unpin().
  [[nodiscard]] std::span<std::byte> window() noexcept;
  void received(std::size_t bytes) noexcept;

  enum class Next : std::uint8_t { request, need_bytes, malformed };
  /// Parses the next header. After Next::request the caller deals with its payload before the next call: one of
  /// take_inline(), take_prefix() or skip().
  Next next(Request& request) noexcept;

  /// The whole payload of the request just parsed, pinned; empty if not all of it has arrived yet.
  /// 0 < bytes <= kInlineBytes.
  std::span<const std::byte> take_inline(std::size_t bytes, SlabIndex& slab) noexcept;
  /// Copies what has arrived of a large payload to the front of `into`; the caller receives the rest itself.
  std::size_t take_prefix(std::span<std::byte> into) noexcept;
  /// The next `bytes` bytes are dropped as they arrive.
  void skip(std::size_t bytes) noexcept {
    skipping_ += bytes;
    header_only_ = false;
  }

  void unpin(SlabIndex slab) noexcept;
  /// Slabs that cannot be received into because of pinned payload; for tests.
  [[nodiscard]] std::size_t pinned_slabs() const noexcept;

 private:
  struct Slab {
    std::unique_ptr<std::byte[]> bytes;
    std::uint32_t pins = 0;
  };

  void apply_skip() noexcept;
  bool move_to_fresh_slab() noexcept;

  std::array<Slab, kMaxSlabs> slabs_;
  SlabIndex current_ = 0;
  std::size_t parsed_ = 0;
  std::size_t filled_ = 0;
  std::size_t needed_ = kRequestBytes;  ///< Contiguous bytes the parser waits for at parsed_.
  std::size_t skipping_ = 0;
  bool header_only_ = false;
};

}  // namespace tt::nbd
