// SPDX-License-Identifier: Apache-2.0
// The owner of root tasks: nothing runs that no scope knows. Belongs to one reactor.
#pragma once

#include <cstddef>

#include "runtime/reactor.h"
#include "runtime/task.h"

namespace tt::rt {

class Scope {
 public:
  explicit Scope(Reactor& reactor) noexcept : reactor_(reactor) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  /// All tasks must have ended or been killed.
  ~Scope();

  /// Queues the task; it starts in a later step of the loop, not inline.
  void spawn(Task<void> task);
  /// Suspends until no task is left. One waiter.
  struct JoinAwaiter {
    Scope& scope;
    [[nodiscard]] bool await_ready() const noexcept { return scope.count_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { scope.joiner_ = waiter; }
    void await_resume() const noexcept {}
  };
  JoinAwaiter join() noexcept { return {*this}; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  /// Destroys every task where it stands. Only for a simulated crash, after every source of completions (disks,
  /// timers, messages, ready ring) has forgotten them.
  void kill() noexcept;

 private:
  friend struct ScopeRoot;
  struct Node {
    Node* next;
    Node* previous;
  };
  Reactor& reactor_;
  Node roots_{&roots_, &roots_};
  std::size_t count_ = 0;
  std::coroutine_handle<> joiner_;
};

/// In the frame of a task that spawns others and joins them before it ends. After a simulated crash they go with it.
class LocalScope : public Scope {
 public:
  using Scope::Scope;
  ~LocalScope() { kill(); }
};

}  // namespace tt::rt
