// SPDX-License-Identifier: Apache-2.0
// Disks in front of disks that make trouble or report it, for rehearsals with the real program: what happens when this
// rank is slow, when its writes begin to fail. They can be stacked, the outermost acts first. All belong to the
// reactor of the disk that they stand before, and live as long as operations are under way, as any disk does.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/disk.h"
#include "runtime/reactor.h"
#include "runtime/scope.h"

namespace tt::media {

/// Kinds of operations that a layer concerns.
struct Operations {
  bool read = false;
  bool write = false;
  bool flush = false;
  bool allocate = false;
  bool discard = false;

  [[nodiscard]] bool contain(rt::DiskOp::Kind kind) const noexcept;
};
inline constexpr Operations kAllOperations{true, true, true, true, true};

/// Everything passes unchanged.
class PassingDisk : public rt::Disk {
 public:
  explicit PassingDisk(std::unique_ptr<rt::Disk> next) noexcept : next_(std::move(next)) {}

  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return next_->size_bytes(); }
  [[nodiscard]] std::uint32_t block_bytes() const noexcept override { return next_->block_bytes(); }
  void submit(rt::DiskOp& op) noexcept override { next_->submit(op); }

 protected:
  [[nodiscard]] rt::Disk& next() noexcept { return *next_; }

 private:
  std::unique_ptr<rt::Disk> next_;
};

struct DelayRule {
  Operations operations = kAllOperations;
  rt::TimeNs least = 0;
  rt::TimeNs most = 0;  ///< Drawn evenly between the two for each operation.
};

/// Operations reach the next disk later; so also later than others submitted after them.
class DelayDisk final : public PassingDisk {
 public:
  DelayDisk(rt::Reactor& reactor, std::unique_ptr<rt::Disk> next, DelayRule rule) noexcept;
  ~DelayDisk() override;
  void submit(rt::DiskOp& op) noexcept override;

 private:
  rt::Task<void> carry(rt::DiskOp& op);

  rt::Reactor& reactor_;
  DelayRule rule_;
  rt::Scope scope_;
};

struct ErrorRule {
  Operations operations = kAllOperations;
  int error = 5;                              ///< errno; 5 = EIO
  std::uint64_t good_before = 0;              ///< So many matching operations pass before the rule begins.
  std::uint64_t at_most = ~std::uint64_t{0};  ///< So many fail in all.
  std::uint32_t per_million = 1'000'000;      ///< Chance of each to fail.
};

/// Operations that fail do not reach the next disk: a failed write has changed nothing, a failed flush has made nothing
/// durable.
class ErrorDisk final : public PassingDisk {
 public:
  ErrorDisk(rt::Reactor& reactor, std::unique_ptr<rt::Disk> next, ErrorRule rule) noexcept
      : PassingDisk(std::move(next)), reactor_(reactor), rule_(rule) {}
  void submit(rt::DiskOp& op) noexcept override;

  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }

 private:
  rt::Reactor& reactor_;
  ErrorRule rule_;
  std::uint64_t matched_ = 0;
  std::uint64_t failed_ = 0;
};

/// One operation that has come to its end.
struct DiskTrace {
  rt::DiskOp::Kind kind = rt::DiskOp::Kind::flush;
  rt::Durability durability = rt::Durability::cached;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  int result = 0;  ///< 0 or errno
  rt::TimeNs submitted_at = 0;
  rt::TimeNs completed_at = 0;
};

class TraceDisk final : public PassingDisk {
 public:
  using Observer = std::function<void(const DiskTrace&)>;

  /// The observer is called on the reactor, in order of completion, before the waiter goes on.
  TraceDisk(rt::Reactor& reactor, std::unique_ptr<rt::Disk> next, Observer observer) noexcept;
  ~TraceDisk() override;
  void submit(rt::DiskOp& op) noexcept override;

 private:
  rt::Task<void> carry(rt::DiskOp& op);

  rt::Reactor& reactor_;
  Observer observer_;
  rt::Scope scope_;
};

/// A storage whose disks get layers as they are opened.
class LayeredStorage final : public rt::Storage {
 public:
  using Layers = std::function<std::unique_ptr<rt::Disk>(const std::string& name, std::unique_ptr<rt::Disk> disk)>;

  /// `next` must outlive it. `layers` returns the disk as it is or with layers before it.
  LayeredStorage(rt::Storage& next, Layers layers) : next_(next), layers_(std::move(layers)) {}
  bool exists(const std::string& name) override { return next_.exists(name); }
  Result<std::unique_ptr<rt::Disk>> open(const std::string& name, rt::OpenMode mode, std::uint64_t size_bytes) override;

 private:
  rt::Storage& next_;
  Layers layers_;
};

}  // namespace tt::media
