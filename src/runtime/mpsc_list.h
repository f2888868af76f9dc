// SPDX-License-Identifier: Apache-2.0
// Lock-free intrusive list: any thread pushes, one thread takes everything. Nodes have a member `Node* next`. Nodes of
// one producer come out in the order it pushed them. All accesses are sequentially consistent because the sleep
// protocol of LoopReactor orders them against its `sleeping_` flag.
#pragma once

#include <atomic>

namespace tt::rt {

template <class Node>
class MpscList {
 public:
  void push(Node& node) noexcept {
    Node* head = newest_.load();
    do {
      node.next = head;
    } while (!newest_.compare_exchange_weak(head, &node));
  }
  [[nodiscard]] bool empty() const noexcept { return newest_.load() == nullptr; }
  /// All nodes, oldest first, linked by `next`. Taking the whole list at once leaves no room for an ABA mistake.
  Node* take_all() noexcept {
    if (newest_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    Node* node = newest_.exchange(nullptr);
    Node* oldest_first = nullptr;
    while (node != nullptr) {
      Node* older = node->next;
      node->next = oldest_first;
      oldest_first = node;
      node = older;
    }
    return oldest_first;
  }

 private:
  std::atomic<Node*> newest_{nullptr};
};

}  // namespace tt::rt
