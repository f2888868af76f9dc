// SPDX-License-Identifier: Apache-2.0
// The checker of invariants must see what is broken on purpose.
#include "invariants.h"

#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

class InvariantsTest : public testing::Test {
 protected:
  InvariantsTest() : thin_(lab_.make(0x0000, 4, true)), target_(lab_.make(0x0100, 4)) {
    EXPECT_TRUE(lab_.establish(thin_, target_));
    EXPECT_TRUE(lab_.write(target_, 5, 2, 'a'));
    EXPECT_EQ(broken(), "");
  }
  std::string broken() { return broken_invariant(lab_.life->image()); }
  flashcopy::VolumeShare& share(VolumeId volume) { return *lab_.shard(0).find(volume); }

  Lab lab_;
  VolumeId thin_;
  VolumeId target_;
};

TEST_F(InvariantsTest, AWrittenTrackWithoutAnExtent) {
  share(thin_).written.set(2, true);
  EXPECT_NE(broken().find("I20"), std::string::npos) << broken();
  share(thin_).written.set(2, false);
  EXPECT_EQ(broken(), "");
}

TEST_F(InvariantsTest, AnEntryThatWasNeverDrawnOrIsOfAFormerLife) {
  cache::Entry& entry = *share(target_).dirty.first->first;
  const Lsn lsn = entry.lsn;
  entry.lsn = Lsn{lab_.shard(0).lsns().newest().value + 1};
  EXPECT_NE(broken().find("I6"), std::string::npos) << broken();
  entry.lsn = Lsn{1};
  EXPECT_NE(broken().find("former life"), std::string::npos) << broken();
  entry.lsn = lsn;
  EXPECT_EQ(broken(), "");
}

TEST_F(InvariantsTest, AnEntryWhoseSlotIsGone) {
  cache::Entry& entry = *share(target_).dirty.first->first;
  const journal::SlotSeq slot = entry.slot;
  entry.slot = journal::SlotSeq{0};
  EXPECT_NE(broken().find("I13"), std::string::npos) << broken();
  entry.slot = slot;
}

TEST_F(InvariantsTest, AClosingRelationshipThatOwesNothing) {
  ASSERT_TRUE(lab_.withdraw(thin_, target_));
  ASSERT_EQ(broken(), "");
  flashcopy::RelationshipShare* closing = share(target_).parent;
  ASSERT_NE(closing, nullptr);
  closing->uncopied.set(3, true);
  EXPECT_NE(broken().find("I7"), std::string::npos) << broken();
  closing->uncopied.set(3, false);
}

}  // namespace
}  // namespace tt::simulation
