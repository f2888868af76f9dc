// SPDX-License-Identifier: Apache-2.0
#include "runtime/mpsc_list.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "runtime/growing_ring.h"

namespace tt::rt {
namespace {

struct Node {
  unsigned producer = 0;
  unsigned number = 0;
  Node* next = nullptr;
};

TEST(MpscList, KeepsTheOrderOfEachProducer) {
  constexpr unsigned kProducers = 3;
  constexpr unsigned kNodes = 20'000;
  std::vector<std::vector<Node>> nodes(kProducers, std::vector<Node>(kNodes));
  MpscList<Node> list;
  std::vector<std::thread> producers;
  for (unsigned p = 0; p < kProducers; ++p) {
    producers.emplace_back([p, &list, &mine = nodes[p]] {
      for (unsigned i = 0; i < kNodes; ++i) {
        mine[i] = {p, i, nullptr};
        list.push(mine[i]);
      }
    });
  }
  unsigned expected[kProducers] = {};
  for (unsigned taken = 0; taken < kProducers * kNodes;) {
    Node* first = list.take_all();
    if (first == nullptr) std::this_thread::yield();
    for (Node* node = first; node != nullptr; node = node->next) {
      ASSERT_EQ(node->number, expected[node->producer]);
      ++expected[node->producer];
      ++taken;
    }
  }
  for (auto& producer : producers) producer.join();
  EXPECT_TRUE(list.empty());
}

TEST(GrowingRing, KeepsOrderWhileItGrowsAndWraps) {
  GrowingRing<int> ring(2);
  int pushed = 0;
  int popped = 0;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < round % 13; ++i) ring.push(pushed++);
    for (int i = 0; i < round % 7 && !ring.empty(); ++i) EXPECT_EQ(ring.pop(), popped++);
  }
  EXPECT_EQ(ring.size(), static_cast<std::size_t>(pushed - popped));
  while (!ring.empty()) EXPECT_EQ(ring.pop(), popped++);
  EXPECT_EQ(popped, pushed);
}

}  // namespace
}  // namespace tt::rt
