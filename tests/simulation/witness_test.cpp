// SPDX-License-Identifier: Apache-2.0
// The witness must see what is broken on purpose: answers that nobody was given, writes that no engine made.
#include "witness.h"

#include <gtest/gtest.h>

#include "lab.h"

namespace tt::simulation {
namespace {

using sim::DiskEvent;

class WitnessTest : public testing::Test {
 protected:
  WitnessTest() : lab_(1, two_shards()), s_(lab_.make(0x0000, 512)), t_(lab_.make(0x0100, 512)) {
    EXPECT_TRUE(lab_.fill(s_, 0, 'A'));
    EXPECT_TRUE(lab_.drain());
    witness_ = std::make_unique<Witness>(lab_.life->image(), lab_.storage,
                                         [this](const std::string& what) { broken_ = what; });
    lab_.world.observe_disks([this](const DiskEvent& event) {
      const bool lost = lose_completions_ && event.phase == DiskEvent::Phase::complete;
      if (!lost) witness_->see(event);
    });
  }
  static LabOptions two_shards() {
    LabOptions options;
    options.shards = 2;
    return options;
  }
  /// What is wrong since the last call.
  std::string broken() { return std::exchange(broken_, {}); }
  static std::vector<std::byte> blocks(char letter, std::uint64_t count) {
    return std::vector<std::byte>(count * kBlockBytes, static_cast<std::byte>(letter));
  }
  /// As if a batch wrote this to the first track that the shard has of the volume.
  void pretend_media_write(VolumeId volume, std::uint64_t first_block, const std::vector<std::byte>& data,
                           std::size_t shard = 0, DiskEvent::Phase phase = DiskEvent::Phase::submit) {
    const image::MediaAddress at = lab_.shard(shard).address_of(*lab_.shard(shard).find(volume), 0);
    DiskEvent event;
    event.file_name = &lab_.control().config().ranks.at(at.rank->id).device;
    event.phase = phase;
    event.kind = rt::DiskOp::Kind::write;
    event.offset = at.offset + first_block * kBlockBytes;
    event.length = data.size();
    event.data = data;
    witness_->see(event);
  }
  Generation relationship() { return lab_.control().config().relationships.begin()->first; }
  /// An establish whose shares are installed and whose record is not durable.
  Pending<std::vector<Result<void>>> installed_establish() {
    lab_.slow_once("journal.0", sim::kWrites, 2000);
    auto establish = lab_.start_establish({Lab::pair(s_, t_)});
    EXPECT_TRUE(lab_.run_until([this] { return lab_.relationship_count() == 1; }));
    EXPECT_FALSE(establish->has_value());
    return establish;
  }

  // Before the lab: its disks are heard of until its image has stopped.
  std::string broken_;
  std::unique_ptr<Witness> witness_;
  bool lose_completions_ = false;
  Lab lab_;
  VolumeId s_;
  VolumeId t_;
};

TEST_F(WitnessTest, AHistoryWithoutFault) {
  ASSERT_TRUE(lab_.write(s_, 3, 2, 'w'));
  witness_->answered_write(lab_.handle(s_), 3, blocks('w', 2));
  ASSERT_TRUE(lab_.establish(s_, t_));
  witness_->answered_establish(relationship());
  ASSERT_TRUE(lab_.fill(s_, 0, 'B'));
  ASSERT_TRUE(lab_.drain());
  const Generation withdrawn = relationship();
  ASSERT_TRUE(lab_.withdraw(s_, t_));
  witness_->answered_withdraw(withdrawn);
  EXPECT_EQ(broken(), "");
}

TEST_F(WitnessTest, I9_ASlotThatIsCalledHardenedAndIsNot) {
  lose_completions_ = true;  // the disk never did what the ring believes
  ASSERT_TRUE(lab_.write(s_, 3, 2, 'w'));
  ASSERT_TRUE(lab_.write(s_, 3, 2, 'x'));
  EXPECT_NE(broken().find("I9: the ring of shard 0"), std::string::npos);
}

TEST_F(WitnessTest, I9_AnAnswerBeforeTheWriteIsHardened) {
  lab_.slow_once("journal.0", sim::kWrites, 2000);
  const auto write = lab_.start_write(s_, 3, 2, 'w');
  lab_.run_for(rt::kMillisecond);
  ASSERT_FALSE(write->has_value());
  witness_->answered_write(lab_.handle(s_), 3, blocks('w', 2));
  EXPECT_NE(broken().find("I9: a write"), std::string::npos);
  ASSERT_TRUE(lab_.wait(write));
  witness_->answered_write(lab_.handle(s_), 3, blocks('w', 2));
  EXPECT_EQ(broken(), "");
  witness_->answered_write(lab_.handle(s_), 3, blocks('x', 2));
  EXPECT_NE(broken().find("I9: a write"), std::string::npos);
}

/// Whole tracks in their place: durable when a flush that began after them has succeeded.
TEST_F(WitnessTest, I9_AnAnswerBeforeThePlaceIsFlushed) {
  const auto track = blocks('p', kTrackBlocks);
  const std::string& medium = lab_.control().config().ranks.at(0).device;
  const auto flush = [&](DiskEvent::Phase phase) {
    DiskEvent event;
    event.file_name = &medium;
    event.phase = phase;
    witness_->see(event);
  };
  flush(DiskEvent::Phase::submit);
  pretend_media_write(s_, 0, track, 0, DiskEvent::Phase::complete);
  flush(DiskEvent::Phase::complete);
  witness_->answered_write(lab_.handle(s_), 0, track);
  EXPECT_NE(broken().find("I9: a write"), std::string::npos) << "the flush began before the write had ended";
  flush(DiskEvent::Phase::submit);
  flush(DiskEvent::Phase::complete);
  witness_->answered_write(lab_.handle(s_), 0, track);
  EXPECT_EQ(broken(), "");
  witness_->answered_write(lab_.handle(s_), 0, blocks('q', kTrackBlocks));
  EXPECT_NE(broken().find("I9: a write"), std::string::npos) << "something else is in that place";
}

/// A write of several pieces may have the release of the volume's space between them: the first were safe before it,
/// and went with it (found as seed 1005 of crashes, once).
TEST_F(WitnessTest, I9_AnAnswerAfterTheSpaceWasReleased) {
  const auto track = blocks('p', kTrackBlocks);
  const std::string medium = lab_.control().config().ranks.at(0).device;
  const VolumeId thin = lab_.make(0x0002, 512, true);
  ASSERT_TRUE(lab_.fill(thin, 0, 'f'));
  ASSERT_TRUE(lab_.drain());
  pretend_media_write(thin, 0, track, 0, DiskEvent::Phase::complete);
  ASSERT_TRUE(lab_.release(thin));
  witness_->answered_write(lab_.handle(thin), 0, track);
  EXPECT_NE(broken().find("I9: a write"), std::string::npos) << "it was never flushed";
  for (const DiskEvent::Phase phase : {DiskEvent::Phase::submit, DiskEvent::Phase::complete}) {
    DiskEvent flush;
    flush.file_name = &medium;
    flush.phase = phase;
    witness_->see(flush);
  }
  witness_->answered_write(lab_.handle(thin), 0, track);
  EXPECT_EQ(broken(), "");
  witness_->answered_write(lab_.handle(thin), 0, blocks('q', kTrackBlocks));
  EXPECT_NE(broken().find("I9: a write"), std::string::npos) << "nobody wrote that";
}

TEST_F(WitnessTest, I9_AnAnswerBeforeTheCommandIsHardened) {
  const auto establish = installed_establish();
  witness_->answered_establish(relationship());
  EXPECT_NE(broken().find("I9: an establish"), std::string::npos);
  ASSERT_TRUE(lab_.wait(establish));
  witness_->answered_establish(relationship());
  EXPECT_EQ(broken(), "");
  witness_->answered_withdraw(relationship());
  EXPECT_NE(broken().find("I9: a withdraw"), std::string::npos);
}

TEST_F(WitnessTest, I10_DataThatIsNotHardened) {
  lab_.slow_once("journal.0", sim::kWrites, 2000);
  const auto write = lab_.start_write(s_, 3, 2, 'w');
  lab_.run_for(rt::kMillisecond);
  pretend_media_write(s_, 4, blocks('w', 1));
  EXPECT_NE(broken().find("I10: data that is not hardened"), std::string::npos);
  pretend_media_write(s_, 4, blocks('o', 1));  // older data of the block
  pretend_media_write(s_, 5, blocks('w', 1));  // another block
  EXPECT_EQ(broken(), "");
  ASSERT_TRUE(lab_.wait(write));
  pretend_media_write(s_, 4, blocks('w', 1));
  EXPECT_EQ(broken(), "");
}

/// The establish waits for shard 0's journal, the fence stands in shard 1, too, whose journal is quick.
TEST_F(WitnessTest, I10_DataYoungerThanTheFence) {
  const auto establish = installed_establish();
  ASSERT_TRUE(lab_.write(s_, lab_.track_of_shard(1) * kTrackBlocks + 3, 2, 'w'));
  ASSERT_FALSE(establish->has_value());
  pretend_media_write(s_, 3, blocks('w', 2), 1);
  EXPECT_NE(broken().find("I10: data younger than the fence"), std::string::npos);
  ASSERT_TRUE(lab_.wait(establish));
  pretend_media_write(s_, 3, blocks('w', 2), 1);
  EXPECT_EQ(broken(), "");
}

TEST_F(WitnessTest, I10_ATargetWhoseEstablishIsNotDurable) {
  const auto establish = installed_establish();
  pretend_media_write(t_, 0, blocks('A', kTrackBlocks));
  EXPECT_NE(broken().find("I10: a target"), std::string::npos);
  ASSERT_TRUE(lab_.wait(establish));
  pretend_media_write(t_, 0, blocks('A', kTrackBlocks));
  EXPECT_EQ(broken(), "");
}

}  // namespace
}  // namespace tt::simulation
