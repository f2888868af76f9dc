// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/intake.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace tt::nbd {

Intake::Intake() {
  slabs_[0].bytes = std::make_unique_for_overwrite<std::byte[]>(kSlabBytes);
}

std::span<const std::byte> Intake::pending() const noexcept {
  return {slabs_[current_].bytes.get() + parsed_, filled_ - parsed_};
}

void Intake::consume(std::size_t bytes) noexcept {
  TT_ASSERT(bytes <= filled_ - parsed_);
  parsed_ += bytes;
}

std::span<std::byte> Intake::window() noexcept {
  if (parsed_ == filled_ && slabs_[current_].pins == 0) parsed_ = filled_ = 0;
  if (kSlabBytes - parsed_ < needed_ && !move_to_fresh_slab()) return {};
  const std::size_t room = kSlabBytes - filled_;
  const std::size_t missing = needed_ - std::min(needed_, filled_ - parsed_);
  return {slabs_[current_].bytes.get() + filled_, header_only_ ? std::min(room, missing) : room};
}

void Intake::received(std::size_t bytes) noexcept {
  TT_ASSERT(bytes <= kSlabBytes - filled_);
  filled_ += bytes;
}

/// Carries the bytes not yet taken to the start of a slab that nothing pins.
bool Intake::move_to_fresh_slab() noexcept {
  SlabIndex target = kNoSlab;
  for (SlabIndex i = 0; i < kMaxSlabs && target == kNoSlab; ++i) {
    if (slabs_[i].pins == 0 && slabs_[i].bytes) target = i;
  }
  for (SlabIndex i = 0; i < kMaxSlabs && target == kNoSlab; ++i) {
    if (!slabs_[i].bytes) target = i;
  }
  if (target == kNoSlab) return false;
  Slab& slab = slabs_[target];
  if (!slab.bytes) slab.bytes = std::make_unique_for_overwrite<std::byte[]>(kSlabBytes);
  std::memmove(slab.bytes.get(), slabs_[current_].bytes.get() + parsed_, filled_ - parsed_);
  current_ = target;
  filled_ -= parsed_;
  parsed_ = 0;
  return true;
}

void Intake::apply_skip() noexcept {
  const std::size_t dropped = std::min(skipping_, filled_ - parsed_);
  skipping_ -= dropped;
  consume(dropped);
}

Intake::Next Intake::next(Request& request) noexcept {
  apply_skip();
  needed_ = skipping_ > 0 ? 1 : kRequestBytes;
  if (skipping_ > 0 || filled_ - parsed_ < kRequestBytes) return Next::need_bytes;
  const auto header = pending().first<kRequestBytes>();
  const auto decoded = decode_request(header);
  if (!decoded) return Next::malformed;
  request = *decoded;
  parsed_ += kRequestBytes;
  header_only_ = request.payload_bytes() > kInlineBytes;
  return Next::request;
}

std::span<const std::byte> Intake::take_inline(std::size_t bytes, SlabIndex& slab) noexcept {
  TT_ASSERT(bytes > 0 && bytes <= kInlineBytes);
  needed_ = bytes;
  if (filled_ - parsed_ < bytes) return {};
  const std::span<const std::byte> payload = pending().first(bytes);
  slab = current_;
  ++slabs_[current_].pins;
  parsed_ += bytes;
  return payload;
}

std::size_t Intake::take_prefix(std::span<std::byte> into) noexcept {
  const std::size_t bytes = std::min(into.size(), filled_ - parsed_);
  std::memcpy(into.data(), pending().data(), bytes);
  consume(bytes);
  return bytes;
}

void Intake::unpin(SlabIndex slab) noexcept {
  TT_ASSERT(slab < kMaxSlabs && slabs_[slab].pins > 0);
  --slabs_[slab].pins;
}

std::size_t Intake::pinned_slabs() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(slabs_.begin(), slabs_.end(), [](const Slab& s) { return s.pins > 0; }));
}

}  // namespace tt::nbd
