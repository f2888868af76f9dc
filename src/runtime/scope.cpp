// SPDX-License-Identifier: Apache-2.0
#include "runtime/scope.h"

namespace tt::rt {

/// A root coroutine: runs its task, then takes itself out of the scope and frees its own frame.
struct ScopeRoot {
  struct promise_type : Scope::Node {
    Scope* scope = nullptr;

    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept { free_frame(frame, bytes); }

    ScopeRoot get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    struct Final {
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
        Scope& scope = *self.promise().scope;
        unlink(self.promise());
        self.destroy();
        if (--scope.count_ == 0 && scope.joiner_) scope.reactor_.post(std::exchange(scope.joiner_, nullptr));
      }
      void await_resume() const noexcept {}
    };
    Final final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };

  static void unlink(Scope::Node& node) noexcept {
    node.next->previous = node.previous;
    node.previous->next = node.next;
  }

  std::coroutine_handle<promise_type> handle;
};

namespace {

ScopeRoot run_root(Task<void> task) {
  co_await task;
}

}  // namespace

Scope::~Scope() {
  TT_ASSERT(count_ == 0);
}

void Scope::spawn(Task<void> task) {
  auto handle = run_root(std::move(task)).handle;
  auto& promise = handle.promise();
  promise.scope = this;
  promise.previous = roots_.previous;
  promise.next = &roots_;
  roots_.previous->next = &promise;
  roots_.previous = &promise;
  ++count_;
  reactor_.post(handle);
}

void Scope::kill() noexcept {
  while (roots_.next != &roots_) {
    auto& promise = static_cast<ScopeRoot::promise_type&>(*roots_.next);
    ScopeRoot::unlink(promise);
    --count_;
    std::coroutine_handle<ScopeRoot::promise_type>::from_promise(promise).destroy();
  }
}

}  // namespace tt::rt
