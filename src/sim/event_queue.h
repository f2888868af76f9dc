// SPDX-License-Identifier: Apache-2.0
// The future of a simulated world: a four-way heap of events by (time, seeded tie, sequence). Events of equal time come
// out in an order that the seed decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "runtime/reactor.h"

namespace tt::sim {

using MachineId = std::uint32_t;
inline constexpr MachineId kAllMachines = ~MachineId{0};

/// Something that events happen to. `machine` says with whom its events die; kAllMachines = only with everyone.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(std::uint64_t argument) = 0;
  [[nodiscard]] virtual MachineId machine() const noexcept = 0;
};

struct Event {
  rt::TimeNs time = 0;
  std::uint64_t key = 0;  ///< 24 bits tie, 39 bits sequence, 1 bit "background"
  EventSink* sink = nullptr;
  std::uint64_t argument = 0;

  [[nodiscard]] bool background() const noexcept { return (key & 1U) != 0; }
  [[nodiscard]] bool before(const Event& other) const noexcept {
    return time != other.time ? time < other.time : key < other.key;
  }
};

class EventQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }
  /// Events that are not background events (timers).
  [[nodiscard]] std::size_t foreground() const noexcept { return heap_.size() - background_; }
  [[nodiscard]] const Event& top() const noexcept { return heap_.front(); }

  void push(rt::TimeNs time, std::uint64_t tie, EventSink& sink, std::uint64_t argument, bool background) {
    const std::uint64_t sequence = next_sequence_++ & ((std::uint64_t{1} << 39U) - 1);
    const Event event{time, ((tie & 0xFFFFFFU) << 40U) | (sequence << 1U) | (background ? 1U : 0U), &sink, argument};
    background_ += background ? 1 : 0;
    heap_.push_back(event);
    sift_up(heap_.size() - 1);
  }

  Event pop() noexcept {
    TT_ASSERT(!heap_.empty());
    const Event first = heap_.front();
    background_ -= first.background() ? 1 : 0;
    heap_.front() = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sift_down(0);
    return first;
  }

  void clear() noexcept {
    heap_.clear();
    background_ = 0;
  }

  template <class Predicate>
  void remove_if(Predicate&& drop) {
    std::vector<Event> kept;
    background_ = 0;
    for (const Event& event : heap_) {
      if (drop(event)) continue;
      background_ += event.background() ? 1 : 0;
      kept.push_back(event);
    }
    heap_.clear();
    for (const Event& event : kept) {
      heap_.push_back(event);
      sift_up(heap_.size() - 1);
    }
  }

 private:
  void sift_up(std::size_t at) noexcept {
    const Event event = heap_[at];
    while (at != 0) {
      const std::size_t parent = (at - 1) / 4;
      if (!event.before(heap_[parent])) break;
      heap_[at] = heap_[parent];
      at = parent;
    }
    heap_[at] = event;
  }
  void sift_down(std::size_t at) noexcept {
    const Event event = heap_[at];
    for (;;) {
      const std::size_t first = at * 4 + 1;
      if (first >= heap_.size()) break;
      std::size_t least = first;
      const std::size_t end = first + 4 < heap_.size() ? first + 4 : heap_.size();
      for (std::size_t child = first + 1; child < end; ++child) {
        if (heap_[child].before(heap_[least])) least = child;
      }
      if (!heap_[least].before(event)) break;
      heap_[at] = heap_[least];
      at = least;
    }
    heap_[at] = event;
  }

  std::vector<Event> heap_;
  std::size_t background_ = 0;
  std::uint64_t next_sequence_ = 1;
};

}  // namespace tt::sim
