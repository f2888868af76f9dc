// SPDX-License-Identifier: Apache-2.0
// Buffers for read data and large writes, shared by all connections of one reactor and mapped once at start-up: size
// classes, each with a fixed count. Memory that was never used costs nothing (the mapping is lazy). Who finds a class
// empty waits in FIFO order; buffers are only held by requests in flight, so waiting ends.
//
// Of the smaller sizes some are set aside for connections that hold none of that size (kLargestSetAside), one for each
// that there may be: whoever asks much and reads no replies, in whatever number, does not keep others from being
// served. The sessions keep to it: is_short() says when who has one takes no more.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "host/nbd/wire.h"
#include "runtime/sync.h"

namespace tt::nbd {

class BufferPool {
 public:
  struct SizeClass {
    std::size_t bytes = 0;
    std::uint32_t count = 0;
  };
  static constexpr std::size_t kClassCount = 6;
  /// Ascending sizes, multiples of 4096; the last one holds the maximum payload.
  using SizeClasses = std::array<SizeClass, kClassCount>;
  static constexpr SizeClasses kDefaultClasses = {
      {{4_KiB, 2048}, {16_KiB, 1024}, {64_KiB, 512}, {256_KiB, 256}, {1_MiB, 64}, {kMaximumPayloadBytes, 6}}};

  /// Owns one buffer of the pool; the pool outlives it.
  class Buffer {
   public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept { *this = std::move(other); }
    Buffer& operator=(Buffer&& other) noexcept {
      if (this != &other) {
        reset();
        pool_ = std::exchange(other.pool_, nullptr);
        start_ = other.start_;
        class_ = other.class_;
      }
      return *this;
    }
    ~Buffer() { reset(); }
    void reset() noexcept {
      if (pool_ != nullptr) std::exchange(pool_, nullptr)->give_back(class_, start_);
    }
    [[nodiscard]] bool empty() const noexcept { return pool_ == nullptr; }
    [[nodiscard]] std::size_t size_class() const noexcept { return class_; }
    /// The first `bytes` bytes; page-aligned.
    [[nodiscard]] std::span<std::byte> first(std::size_t bytes) const noexcept { return {start_, bytes}; }

   private:
    friend class BufferPool;
    Buffer(BufferPool& pool, std::uint8_t size_class, std::byte* start) noexcept
        : pool_(&pool), start_(start), class_(size_class) {}
    BufferPool* pool_ = nullptr;
    std::byte* start_ = nullptr;
    std::uint8_t class_ = 0;
  };

  static constexpr std::size_t kLargestSetAside = 256_KiB;

  /// `set_aside` of each size up to kLargestSetAside come on top of `classes`.
  BufferPool(rt::Reactor& reactor, const SizeClasses& classes, std::uint32_t set_aside = 0);
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  /// `co_await pool.reserve(n);` then take(n): two steps, so that waiting allocates nothing.
  rt::Semaphore::Acquire reserve(std::size_t bytes) noexcept;
  /// After exactly one reserve() of the same size.
  Buffer take(std::size_t bytes) noexcept;
  /// Which of the sizes holds so many bytes.
  [[nodiscard]] std::size_t class_for(std::size_t bytes) const noexcept;
  /// No more than what is set aside is left of this size. Never, if nothing is set aside.
  [[nodiscard]] bool is_short(std::size_t size_class) const noexcept {
    const Class& c = classes_[size_class];
    return c.set_aside > 0 && c.credits.available() <= c.set_aside;
  }
  /// Some size has nothing left but what is set aside: who holds buffers without using them is in the way.
  [[nodiscard]] bool starved() const noexcept;
  /// Buffers handed out; for tests.
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }

 private:
  struct Class {
    Class(rt::Reactor& reactor, const SizeClass& wanted, std::uint32_t more)
        : shape{wanted.bytes, wanted.count + more}, set_aside(more), credits(reactor, shape.count) {}
    SizeClass shape;
    std::uint32_t set_aside;
    rt::Semaphore credits;
    std::vector<std::byte*> free;
  };
  void give_back(std::uint8_t size_class, std::byte* start) noexcept;

  static Class make_class(rt::Reactor& reactor, const SizeClass& shape, std::uint32_t set_aside) {
    return {reactor, shape, shape.bytes <= kLargestSetAside ? set_aside : 0};
  }

  std::array<Class, kClassCount> classes_;
  std::byte* mapping_ = nullptr;
  std::size_t mapping_bytes_ = 0;
  std::size_t in_use_ = 0;
};

}  // namespace tt::nbd
