// SPDX-License-Identifier: Apache-2.0
// Buffers for read data and large writes, shared by all connections of one reactor and mapped once at start-up: size
// classes, each with a fixed count. Memory that was never used costs nothing (the mapping is lazy). Who finds a class
// empty waits in FIFO order; buffers are only held by requests in flight, so waiting ends.
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

  BufferPool(rt::Reactor& reactor, const SizeClasses& classes);
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  /// `co_await pool.reserve(n);` then take(n): two steps, so that waiting allocates nothing.
  rt::Semaphore::Acquire reserve(std::size_t bytes) noexcept;
  /// After exactly one reserve() of the same size.
  Buffer take(std::size_t bytes) noexcept;
  /// Some size has nothing left: who holds buffers without using them is in the way.
  [[nodiscard]] bool starved() const noexcept;
  /// Buffers handed out; for tests.
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }

 private:
  struct Class {
    Class(rt::Reactor& reactor, const SizeClass& shape) : shape(shape), credits(reactor, shape.count) {}
    SizeClass shape;
    rt::Semaphore credits;
    std::vector<std::byte*> free;
  };
  std::size_t class_for(std::size_t bytes) const noexcept;
  void give_back(std::uint8_t size_class, std::byte* start) noexcept;

  std::array<Class, kClassCount> classes_;
  std::byte* mapping_ = nullptr;
  std::size_t mapping_bytes_ = 0;
  std::size_t in_use_ = 0;
};

}  // namespace tt::nbd
