// SPDX-License-Identifier: Apache-2.0
// The smallest engine worth crashing: a log of numbers, two blocks each, group commit. It exists to test the simulator
// and to show how an engine and its scenario fit together; nothing else uses it.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "base/crc32c.h"
#include "runtime/disk.h"
#include "runtime/scope.h"
#include "runtime/sync.h"
#include "runtime/task.h"

namespace tt::sim {

/// Bugs that can be switched on to see whether the harness finds them.
enum class ToyBug : std::uint8_t { none, acknowledge_before_flush, trust_torn_slots, ignore_flush_error };

class ToyWal {
 public:
  static constexpr std::uint64_t kSlots = 512;

  ToyWal(rt::Reactor& reactor, std::unique_ptr<rt::Storage> storage, ToyBug bug)
      : storage_(std::move(storage)), bug_(bug), scope_(reactor), work_(reactor), done_(reactor) {}

  /// Opens the log and reads back what it holds; then appends may begin.
  rt::Task<Result<void>> start() {
    TT_CO_TRY(disk_, storage_->open("log", rt::OpenMode::create, kSlots * 2 * rt::kDiskAlignment));
    memory_.resize(slot_bytes() + disk_->block_bytes());
    TT_CO_CHECK(co_await disk_->allocate(0, disk_->size_bytes()));
    TT_CO_CHECK(co_await disk_->flush());  // what the scan is going to believe must not vanish afterwards
    for (std::uint64_t slot = 0; slot < kSlots; ++slot) {
      TT_CO_CHECK(co_await disk_->read(slot * slot_bytes(), buffer()));
      Head head;
      std::uint64_t copy = 0;
      std::memcpy(&head, buffer().data(), sizeof head);
      std::memcpy(&copy, buffer().data() + disk_->block_bytes(), sizeof copy);
      if (!valid(head, copy, slot)) break;
      values_.push_back(copy);
    }
    durable_ = values_.size();
    scope_.spawn(commit_loop());
    co_return Result<void>{};
  }

  /// Returns when the value is durable.
  rt::Task<Result<void>> append(std::uint64_t value) {
    if (failed_ || values_.size() == kSlots) co_return Errc::journal_failed;
    const std::size_t position = values_.size();
    values_.push_back(value);
    work_.wake_all();
    while (!failed_ && durable_ <= position) co_await done_.wait();
    if (durable_ > position) co_return Result<void>{};
    co_return Errc::journal_failed;
  }

  [[nodiscard]] const std::vector<std::uint64_t>& values() const noexcept { return values_; }
  void kill() noexcept { scope_.kill(); }

 private:
  /// First block of a slot; the second begins with the value once more.
  struct Head {
    std::uint64_t slot;
    std::uint64_t value;
    std::uint64_t crc;
  };

  [[nodiscard]] std::size_t slot_bytes() const noexcept { return std::size_t{2} * disk_->block_bytes(); }
  /// One slot, aligned to a block inside memory_.
  std::span<std::byte> buffer() noexcept {
    const std::size_t block = disk_->block_bytes();
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    return {memory_.data() + (block - address % block) % block, slot_bytes()};
  }
  static std::uint64_t crc_of(const Head& head) {
    return crc32c(1, std::as_bytes(std::span(&head, 1)).first(offsetof(Head, crc)));
  }
  [[nodiscard]] bool valid(const Head& head, std::uint64_t copy, std::uint64_t slot) const {
    if (bug_ == ToyBug::trust_torn_slots) return head.value != 0;
    return head.slot == slot && head.crc == crc_of(head) && copy == head.value;
  }

  rt::Task<Result<void>> write_slot(std::size_t position) {
    Head head{position, values_[position], 0};
    head.crc = crc_of(head);
    std::memset(buffer().data(), 0, buffer().size());
    std::memcpy(buffer().data(), &head, sizeof head);
    std::memcpy(buffer().data() + disk_->block_bytes(), &head.value, sizeof head.value);
    auto written = co_await disk_->write(position * slot_bytes(), buffer());
    co_return written;
  }

  rt::Task<Result<void>> commit(std::size_t end) {
    for (std::size_t position = durable_; position < end; ++position) TT_CO_CHECK(co_await write_slot(position));
    if (bug_ == ToyBug::acknowledge_before_flush) {
      durable_ = end;
      done_.wake_all();
    }
    auto flushed = co_await disk_->flush();
    if (!flushed && bug_ != ToyBug::ignore_flush_error) co_return flushed.error();
    co_return Result<void>{};
  }

  rt::Task<void> commit_loop() {
    while (!failed_) {
      if (durable_ == values_.size()) {
        co_await work_.wait();
        continue;
      }
      const std::size_t end = values_.size();
      auto committed = co_await commit(end);
      failed_ = !committed;
      if (committed) durable_ = end;
      done_.wake_all();
    }
  }

  std::unique_ptr<rt::Storage> storage_;
  ToyBug bug_;
  std::unique_ptr<rt::Disk> disk_;
  std::vector<std::byte> memory_;
  std::vector<std::uint64_t> values_;
  std::size_t durable_ = 0;
  bool failed_ = false;
  rt::Scope scope_;
  rt::WaitQueue work_;
  rt::WaitQueue done_;
};

}  // namespace tt::sim
