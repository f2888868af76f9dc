// SPDX-License-Identifier: Apache-2.0
// Several tasks at once inside one coroutine. If the coroutine's frame is destroyed (a simulated crash) the tasks go
// with it, so declare the group after everything its tasks refer to.
#pragma once

#include <utility>

#include "runtime/scope.h"

namespace tt::image {

class IoGroup {
 public:
  explicit IoGroup(rt::Reactor& reactor) noexcept : scope_(reactor) {}
  IoGroup(const IoGroup&) = delete;
  IoGroup& operator=(const IoGroup&) = delete;
  ~IoGroup() { scope_.kill(); }

  void add(rt::Task<void> task) { scope_.spawn(std::move(task)); }
  rt::Scope::JoinAwaiter join() noexcept { return scope_.join(); }

 private:
  rt::Scope scope_;
};

}  // namespace tt::image
