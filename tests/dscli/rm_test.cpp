// SPDX-License-Identifier: Apache-2.0
// The behaviours of mirrored pairs by their numbers (spec: remote mirror, RM-1 ...), as far as they are of Global Copy,
// with two whole images. Those of the commands' words are in tests/transcripts/pprc.txt.
#include <gtest/gtest.h>

#include "flashcopy/pair_share.h"
#include "mirror_pairs.h"

namespace tt::live {
namespace {

constexpr VolumeId kSource = TwoImages::kSource;
constexpr VolumeId kTarget = TwoImages::kTarget;
constexpr const char* kHere = TwoImages::kHere;
constexpr const char* kThere = TwoImages::kThere;
constexpr std::uint64_t kTracks = 600;  ///< More than two stripes.

/// A part of every third track, each with a letter of its own.
void write_some(LiveImage& image, VolumeId volume, std::uint64_t tracks, char first) {
  for (std::uint64_t track = 0; track < tracks; track += 3) {
    const char letter = static_cast<char>(first + static_cast<char>(track % 11));
    ASSERT_TRUE(image.lab().write(volume, track * kTrackBlocks + 5, 100, letter));
  }
}

/// What the target holds: it is failed over for that, and nothing else may be done with the pair then.
std::string content_of_target(TwoImages& two) {
  if (!two.there_says("failoverpprc -type gcp 2000:1000")) return "was not failed over";
  return two.content_there();
}

/// A pair in step.
class Rm : public ::testing::Test {
 protected:
  void mirror(TwoImages& two, std::uint64_t tracks = kTracks, const std::string& options = "") {
    write_some(two.here(), kSource, tracks, 'a');
    two.make_paths();
    ASSERT_TRUE(two.here_says("mkpprc -type gcp " + options + " 1000:2000"));
    ASSERT_TRUE(two.in_step(kHere, "1000"));
    two.site.advance(2);
  }
};

TEST_F(Rm, RM1_WithoutAPathThereIsNoPair) {
  TwoImages two(8);
  EXPECT_EQ(two.say(kHere, "mkpprc -type gcp 1000:2000").text(),
            "! CMUN90401E mkpprc: 1000:2000: There is no path between these LSSs in that direction.\n");
  EXPECT_TRUE(two.here().lab().control().config().mirror_pairs.empty());
  EXPECT_TRUE(two.there().lab().control().config().mirror_pairs.empty());
}

TEST_F(Rm, RM5_APathIsOfOneDirection) {
  TwoImages two(8);
  two.make_paths(false);
  EXPECT_EQ(two.say(kThere, "mkpprc -type gcp 2000:1000").exit_code, 4);
  EXPECT_TRUE(two.here_says("mkpprc -type gcp 1000:2000"));
}

/// A Global Copy of volumes that are said to be equal: nothing is sent.
TEST_F(Rm, RM8_WithoutACopyNothingIsSent) {
  TwoImages two(kTracks);
  write_some(two.here(), kSource, kTracks, 'a');
  two.make_paths();
  ASSERT_TRUE(two.here_says("mkpprc -type gcp -mode nocp 1000:2000"));
  EXPECT_EQ(two.column(kHere, "1000", "First Pass Status"), "True");
  EXPECT_EQ(two.column(kHere, "1000", "Out Of Sync Tracks"), "0");
  two.site.advance(3);
  EXPECT_EQ(two.sent(two.here()), 0U);
  ASSERT_TRUE(two.here().lab().fill(kSource, 7, 'X'));
  ASSERT_TRUE(two.in_step(kHere, "1000"));
  two.site.advance(1);
  EXPECT_EQ(two.sent(two.here()), 1U);
  EXPECT_EQ(content_of_target(two),
            ".*" + std::to_string(7 * kTrackBlocks) + " X*128 .*" + std::to_string((kTracks - 8) * kTrackBlocks));
}

TEST_F(Rm, RM9_AGlobalCopyInStepStaysCopyPending) {
  for (const std::uint32_t shards : {1U, 2U}) {
    TwoImages two(kTracks, 1, shards);
    write_some(two.here(), kSource, kTracks, 'a');
    write_some(two.there(), kTarget, kTracks, 'A');  // what was there goes
    two.make_paths();
    ASSERT_TRUE(two.here_says("mkpprc -type gcp 1000:2000"));
    EXPECT_EQ(two.column(kHere, "1000", "First Pass Status"), "False");
    write_some(two.here(), kSource, 100, 'k');
    ASSERT_TRUE(two.in_step(kHere, "1000"));
    two.site.advance(2);
    EXPECT_EQ(two.state(kHere, "1000"), "Copy Pending");
    EXPECT_EQ(two.state(kThere, "2000"), "Target Copy Pending");
    EXPECT_EQ(two.column(kHere, "1000", "First Pass Status"), "True");
    EXPECT_EQ(two.content_here(), content_of_target(two)) << shards << " shards";
  }
}

TEST_F(Rm, RM13_AGlobalCopyGoesOnByItself) {
  for (const bool itself : {true, false}) {
    TwoImages two(kTracks);
    mirror(two, kTracks, itself ? "" : "-disableautoresync");
    two.there().power_off();
    write_some(two.here(), kSource, 30, 'q');
    two.site.advance(70);
    EXPECT_EQ(two.state(kHere, "1000"), "Suspended/Internal Conditions Target");
    EXPECT_EQ(two.column(kHere, "1000", "Out Of Sync Tracks"), "10");
    two.there().power_on();
    two.site.advance(61);
    EXPECT_EQ(two.state(kHere, "1000"), itself ? "Copy Pending" : "Suspended/Internal Conditions Target");
    if (!itself) ASSERT_TRUE(two.here_says("resumepprc -type gcp 1000:2000"));
    ASSERT_TRUE(two.in_step(kHere, "1000"));
    EXPECT_EQ(two.content_here(), content_of_target(two));
  }
}

/// Power losses of either end while tracks are on their way: what was noted as sent is there.
TEST_F(Rm, RM14_RM15_RM16_PowerLossesLoseNothing) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    TwoImages two(kTracks, seed);
    two.make_paths();
    write_some(two.here(), kSource, kTracks, 'a');
    ASSERT_TRUE(two.here_says("mkpprc -type gcp 1000:2000"));
    for (int round = 0; round < 4; ++round) {
      two.site.world.run_for(static_cast<rt::TimeNs>(1 + seed * 3) * rt::kMillisecond);
      write_some(two.here(), kSource, 60, static_cast<char>('b' + round));
      two.site.world.run_for(static_cast<rt::TimeNs>(seed) * rt::kMillisecond);
      (round % 2 == 0 ? two.there() : two.here()).crash();
    }
    ASSERT_TRUE(two.in_step(kHere, "1000")) << two.state(kHere, "1000");
    EXPECT_EQ(two.content_here(), content_of_target(two)) << "seed " << seed;
  }
}

TEST_F(Rm, RM22_RM24_ASuspendedTargetStaysAsItIs) {
  TwoImages two(kTracks);
  mirror(two);
  const std::string before = two.content_here();
  ASSERT_TRUE(two.here_says("pausepprc 1000:2000"));
  EXPECT_EQ(two.state(kHere, "1000"), "Suspended/Host Source");
  EXPECT_EQ(two.state(kThere, "2000"), "Target Suspended/Update Target");
  write_some(two.here(), kSource, 90, 'q');
  two.site.advance(3600);
  EXPECT_EQ(two.column(kHere, "1000", "Out Of Sync Tracks"), "30");
  const std::uint64_t sent = two.sent(two.here());
  ASSERT_TRUE(two.here_says("resumepprc -type gcp 1000:2000"));
  EXPECT_EQ(two.state(kThere, "2000"), "Target Copy Pending");
  ASSERT_TRUE(two.in_step(kHere, "1000"));
  two.site.advance(1);
  EXPECT_EQ(two.sent(two.here()) - sent, 30U);
  ASSERT_TRUE(two.here_says("pausepprc 1000:2000"));
  const std::string after = two.content_here();
  write_some(two.here(), kSource, 90, 'A');
  EXPECT_EQ(after, content_of_target(two));
  EXPECT_NE(before, after);
}

TEST_F(Rm, RM22_RM23_PausedAtTheTarget) {
  TwoImages two(kTracks);
  mirror(two);
  ASSERT_TRUE(two.there_says("pausepprc -at tgt 1000:2000"));
  EXPECT_EQ(two.state(kThere, "2000"), "Target Suspended/Host Target");
  two.site.advance(1);
  EXPECT_EQ(two.state(kHere, "1000"), "Suspended/Host Target") << "there is a path back";
  ASSERT_TRUE(two.here_says("resumepprc -type gcp 1000:2000"));

  ASSERT_TRUE(two.there_says("rmpprcpath -quiet 20:10"));
  ASSERT_TRUE(two.there_says("pausepprc -at tgt 1000:2000"));
  two.site.advance(5);
  EXPECT_EQ(two.state(kHere, "1000"), "Copy Pending") << "it cannot know yet";
  ASSERT_TRUE(two.here().lab().fill(kSource, 1, 'X'));
  two.site.advance(1);
  EXPECT_EQ(two.state(kHere, "1000"), "Suspended/Host Target");
  EXPECT_EQ(two.column(kHere, "1000", "Out Of Sync Tracks"), "1");
}

TEST_F(Rm, RM27_HostsDoNotUseATarget) {
  TwoImages two(kTracks);
  mirror(two);
  EXPECT_EQ(two.there().lab().write(kTarget, 0, 1, 'X').error().code, Errc::mirror_target);
  EXPECT_EQ(two.there().lab().zero(kTarget, 0, 1, true).error().code, Errc::mirror_target);
  EXPECT_EQ(two.there().lab().content(kTarget, 0, 1), "error mirror_target");
  two.there().crash();
  EXPECT_EQ(two.there().lab().write(kTarget, 0, 1, 'X').error().code, Errc::mirror_target);
  EXPECT_EQ(two.there().lab().content(kTarget, 0, 1), "error mirror_target");
}

/// What of a pair may be written at this end, and by whom.
TEST_F(Rm, OnlyItsSourceInItsEpochWritesATarget) {
  TwoImages two(kTracks);
  mirror(two);
  const auto written = [&](LiveImage& image, VolumeId volume, Generation pair, std::uint64_t epoch) {
    const std::vector<std::byte> block(kBlockBytes, std::byte{'Z'});
    const auto done = image.lab().run(
        image.lab().shard(0).write_mirrored({pair, epoch}, image.lab().handle(volume), 0, 1, block.data()));
    if (done) return std::string("done");
    return std::string(name_of(done.error().code)) + " " + std::to_string(done.error().detail);
  };
  const auto refused = [](mirror::AnswerCode code) {
    return "wrong_pair_state " + std::to_string(static_cast<unsigned>(code));
  };
  const volume::PairConfig source = two.here().lab().control().config().mirror_pairs.begin()->second;
  const volume::PairConfig target = two.there().lab().control().config().mirror_pairs.begin()->second;
  EXPECT_EQ(source.peer_generation, target.generation);
  EXPECT_EQ(target.peer_generation, source.generation);
  EXPECT_EQ(written(two.there(), kTarget, target.generation, target.epoch), "done");
  EXPECT_EQ(written(two.there(), kTarget, target.generation, target.epoch - 1), refused(mirror::AnswerCode::epoch));
  EXPECT_EQ(written(two.there(), kTarget, target.generation, target.epoch + 1), refused(mirror::AnswerCode::epoch));
  EXPECT_EQ(written(two.there(), kTarget, Generation{1}, target.epoch), refused(mirror::AnswerCode::no_pair));
  EXPECT_EQ(written(two.here(), kSource, source.generation, source.epoch), refused(mirror::AnswerCode::role));
  ASSERT_TRUE(two.here_says("pausepprc 1000:2000"));
  EXPECT_EQ(written(two.there(), kTarget, target.generation, target.epoch), refused(mirror::AnswerCode::state));
  ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000"));
  EXPECT_EQ(written(two.there(), kTarget, target.generation, target.epoch), refused(mirror::AnswerCode::epoch));
}

TEST_F(Rm, RM31_RM54_TheSourceIsDead) {
  TwoImages two(kTracks);
  mirror(two);
  const std::string content = two.content_here();
  two.here().power_loss();
  two.site.advance(5);
  EXPECT_EQ(two.column(kThere, "2000", "Timeout (secs)"), "unknown");
  EXPECT_EQ(two.state(kThere, "2000"), "Target Copy Pending");
  ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000"));
  EXPECT_EQ(two.state(kThere, "2000"), "Suspended/Host Source");
  EXPECT_EQ(two.content_there(), content);
  EXPECT_TRUE(two.there().lab().fill(kTarget, 3, 'X'));
  EXPECT_EQ(two.column(kThere, "2000", "Out Of Sync Tracks"), "1");
  EXPECT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000")) << "said again";
  EXPECT_EQ(two.column(kThere, "2000", "Out Of Sync Tracks"), "1");
  two.here().power_on();
}

/// The former source is alive and its hosts go on: nothing of that reaches the new one.
TEST_F(Rm, RM32_RM36_RM39_TwoSources) {
  for (const bool path_back : {true, false}) {
    TwoImages two(kTracks);
    mirror(two);
    if (!path_back) ASSERT_TRUE(two.there_says("rmpprcpath -quiet 20:10"));
    const std::string content = two.content_here();
    ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000"));
    write_some(two.here(), kSource, 90, 'q');
    two.site.advance(3);
    EXPECT_EQ(two.state(kHere, "1000"), "Suspended/Host Target");
    EXPECT_EQ(two.content_there(), content);
    EXPECT_EQ(two.column(kHere, "1000", "Out Of Sync Tracks"), "30");
    const Spoken refused = two.say(kHere, "resumepprc -type gcp 1000:2000");
    EXPECT_EQ(refused.exit_code, 4);
    EXPECT_NE(refused.text().find("CMUN90408E"), std::string::npos) << refused.text();
    two.there().crash();
    two.here().crash();
    two.site.advance(120);
    EXPECT_EQ(two.state(kHere, "1000"), "Suspended/Host Target");
    EXPECT_EQ(two.state(kThere, "2000"), "Suspended/Host Source");
    EXPECT_EQ(two.content_there(), content) << "no automatic copy";
  }
}

/// `also_here`: hosts wrote at both ends after the failover.
void fail_back_to_there(TwoImages& two, bool also_here, std::uint64_t expected) {
  ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000"));
  if (also_here) write_some(two.here(), kSource, 90, 'q');
  ASSERT_TRUE(two.there().lab().fill(kTarget, 1, 'X'));
  ASSERT_TRUE(two.there().lab().fill(kTarget, 3, 'Y'));
  two.site.advance(2);
  ASSERT_TRUE(two.there_says("failbackpprc -type gcp 2000:1000"));
  EXPECT_EQ(two.state(kHere, "1000"), "Target Copy Pending");
  EXPECT_EQ(two.state(kThere, "2000"), "Copy Pending");
  EXPECT_EQ(two.here().lab().write(kSource, 0, 1, 'X').error().code, Errc::mirror_target);
  ASSERT_TRUE(two.in_step(kThere, "2000"));
  two.site.advance(2);
  EXPECT_EQ(two.sent(two.there()), expected);
  const std::string content = two.content_there();
  ASSERT_TRUE(two.here_says("failoverpprc -type gcp 1000:2000"));
  EXPECT_EQ(two.content_here(), content);
}

TEST_F(Rm, RM33_OnlyWhatWasWrittenComesBack) {
  TwoImages two(kTracks);
  mirror(two);
  fail_back_to_there(two, false, 2);
}

TEST_F(Rm, RM34_WhatWasWrittenAtEitherEndComesBack) {
  TwoImages two(kTracks);
  mirror(two);
  fail_back_to_there(two, true, 31);  // track 3 was written at both
}

/// The end of a test at the other site: whoever sits at a terminal is told what goes, and asked.
TEST_F(Rm, RM41_WhatIsGivenUpIsAskedFor) {
  TwoImages two(kTracks);
  mirror(two);
  ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000"));
  ASSERT_TRUE(two.there().lab().fill(kTarget, 1, 'X'));
  ASSERT_TRUE(two.there().lab().fill(kTarget, 3, 'Y'));
  const std::string content = two.content_here();
  const std::string question =
      "CMUC09002W failbackpprc: Failback 1000:2000 overwrites 2 tracks that were changed at the other volume alone.";
  const std::string command = "failbackpprc -dev IBM.2107-75ABCD1 -type gcp 1000:2000";
  two.admin.have_terminal(true);
  const Spoken refused = two.admin.say(command, {"n"});
  EXPECT_NE(refused.text().find(question), std::string::npos) << refused.text();
  EXPECT_EQ(refused.unused_answers, 0U);
  EXPECT_EQ(two.state(kThere, "2000"), "Suspended/Host Source");
  const Spoken done = two.admin.say(command, {"y"});
  EXPECT_EQ(done.exit_code, 0) << done.text();
  two.admin.have_terminal(false);
  ASSERT_TRUE(two.in_step(kHere, "1000"));
  EXPECT_EQ(content_of_target(two), content);
  ASSERT_TRUE(two.there().lab().fill(kTarget, 7, 'Z'));
  const Spoken script = two.admin.say(command);
  EXPECT_EQ(script.exit_code, 0);
  EXPECT_NE(script.text().find("CMUC09002W"), std::string::npos) << "said, not asked: " << script.text();
}

TEST_F(Rm, RM35_AnEmptyVolumeGetsEverything) {
  TwoImages two(kTracks);
  mirror(two);
  ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000"));
  ASSERT_TRUE(two.here_says("rmpprc -quiet -unconditional -at src 1000:2000"));
  ASSERT_TRUE(two.here_says("rmfbvol -quiet -force 1000"));
  two.here().lab().make(kSource.value, kTracks);
  ASSERT_TRUE(two.there_says("failbackpprc -type gcp 2000:1000"));
  ASSERT_TRUE(two.in_step(kThere, "2000"));
  const std::string content = two.content_there();
  ASSERT_TRUE(two.here_says("failoverpprc -type gcp 1000:2000"));
  EXPECT_EQ(two.content_here(), content);
}

TEST_F(Rm, RM37_NoFailbackWithoutAPathInItsDirection) {
  TwoImages two(kTracks);
  mirror(two);
  ASSERT_TRUE(two.there_says("rmpprcpath -quiet 20:10"));
  ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000"));
  const Spoken refused = two.say(kThere, "failbackpprc -type gcp 2000:1000");
  EXPECT_EQ(refused.text(),
            "! CMUN90401E failbackpprc: 2000:1000: There is no path between these LSSs in that direction.\n");
}

/// There and back again, with load at each step, and without a full copy anywhere.
TEST_F(Rm, RM38_TheRoundTrip) {
  TwoImages two(kTracks);
  mirror(two);
  const std::uint64_t first = two.sent(two.here());
  ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000"));
  write_some(two.there(), kTarget, 90, 'q');
  ASSERT_TRUE(two.there_says("failbackpprc -type gcp 2000:1000"));
  write_some(two.there(), kTarget, 120, 'h');
  ASSERT_TRUE(two.in_step(kThere, "2000"));
  const std::string content = two.content_there();
  two.site.advance(1);
  EXPECT_LE(two.sent(two.there()), 2U * 40);
  ASSERT_TRUE(two.here_says("failoverpprc -type gcp 1000:2000"));
  EXPECT_EQ(two.content_here(), content);
  write_some(two.here(), kSource, 60, 'a');
  ASSERT_TRUE(two.here_says("failbackpprc -type gcp 1000:2000"));
  ASSERT_TRUE(two.in_step(kHere, "1000"));
  two.site.advance(1);
  EXPECT_LE(two.sent(two.here()) - first, 2U * 20);
  EXPECT_EQ(two.content_here(), content_of_target(two));
}

/// Answered from the cache of the source, which may lose it: the target does not have it before it is durable there.
TEST_F(Rm, WhatTheSourceMayLoseIsNotSent) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    TwoImages two(kTracks, seed, 1, image::Acknowledge::as_cached);
    mirror(two, 30);
    two.here().lab().slow_once("journal.0", sim::kWrites, 2000);
    ASSERT_TRUE(two.here().lab().fill(kSource, 7, 'X'));
    two.site.world.run_for(static_cast<rt::TimeNs>(10 + seed) * rt::kMillisecond);
    two.here().crash();
    ASSERT_TRUE(two.in_step(kHere, "1000"));
    EXPECT_EQ(two.content_here(), content_of_target(two)) << "seed " << seed;
  }
}

/// A failback marks tracks of which an answer of before is still on its way.
TEST_F(Rm, MarksThatAreSetWhileTheirTracksAreOnTheWayStay) {
  TwoImages two(kTracks);
  mirror(two);
  ASSERT_TRUE(two.here_says("pausepprc 1000:2000"));
  simulation::Lab& lab = two.here().lab();
  const Generation pair = lab.control().config().mirror_pairs.begin()->first;
  flashcopy::PairShare& share = *lab.shard(0).find_pair(pair);
  share.sending.push_back({5, 1, false, false});
  ASSERT_TRUE(lab.run(lab.shard(0).mark_all(pair)));
  share.sending.front().arrived = true;
  two.site.advance(1);
  EXPECT_TRUE(share.sending.empty());
  EXPECT_EQ(share.marks.count(), kTracks);
}

/// The first story that went wrong: a failback in the other direction is cut short when the other end is a target
/// already, and has not been asked for its marks yet.
TEST_F(Rm, ATargetKnowsWhatItChangedUntilItsSourceDoes) {
  TwoImages two(kTracks);
  mirror(two);
  ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000"));
  ASSERT_TRUE(two.there().lab().fill(kTarget, 1, 'X'));
  ASSERT_TRUE(two.there().lab().fill(kTarget, 3, 'Y'));
  const auto cut_short = two.here().lab().start(two.here().desk().pairs().fail_back(
      {kSource, kTarget, std::nullopt}, mirror::PairType::global_copy, {}, image::PairDesk::Turn::now));
  const auto is_target = [&] { return !two.there().lab().control().config().mirror_pairs.begin()->second.is_source(); };
  ASSERT_EQ(two.site.world.run_until(is_target), sim::RunEnd::reached);
  two.here().crash();
  two.site.advance(40);
  ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000"));
  ASSERT_TRUE(two.there_says("failbackpprc -type gcp 2000:1000"));
  ASSERT_TRUE(two.in_step(kThere, "2000"));
  const std::string content = two.content_there();
  ASSERT_TRUE(two.here_says("failoverpprc -type gcp 1000:2000"));
  EXPECT_EQ(two.content_here(), content);
}

/// Somebody took an old state of the target back: what is known of its differences is wrong.
TEST_F(Rm, RM40_AnotherHistoryIsNotResumed) {
  TwoImages two(kTracks);
  mirror(two);
  ASSERT_TRUE(two.here_says("pausepprc 1000:2000"));
  ASSERT_TRUE(two.here_says("rmpprc -quiet -unconditional -at src 1000:2000"));
  ASSERT_TRUE(two.there_says("rmpprc -quiet -unconditional -at tgt 1000:2000"));
  ASSERT_TRUE(two.here_says("mkpprc -type gcp 1000:2000"));
  ASSERT_TRUE(two.here_says("pausepprc 1000:2000"));
  const auto change = [&](LiveImage& image) {
    image::ControlPlane& control = image.lab().control();
    const Generation pair = control.config().mirror_pairs.begin()->first;
    const image::ControlPlane::PairPlanner other = [](const volume::PairConfig& now) -> Result<volume::PairConfig> {
      volume::PairConfig next = now;
      next.lineage[0] ^= 1U;
      return next;
    };
    return image.lab().run(control.change_pair(pair, other));
  };
  ASSERT_TRUE(change(two.there()));
  EXPECT_EQ(two.say(kHere, "resumepprc -type gcp 1000:2000").exit_code, 4);
  EXPECT_EQ(two.state(kHere, "1000"), "Suspended/Host Source");
}

TEST_F(Rm, RM48_RM49_Removal) {
  TwoImages two(kTracks);
  mirror(two);
  const std::string content = two.content_here();
  two.there().power_off();
  two.site.advance(5);
  EXPECT_EQ(two.say(kHere, "rmpprc -quiet 1000:2000").exit_code, 4);
  EXPECT_EQ(two.state(kHere, "1000"), "Copy Pending");
  ASSERT_TRUE(two.here_says("rmpprc -quiet -unconditional -at src 1000:2000"));
  EXPECT_EQ(two.state(kHere, "1000"), "");
  two.there().power_on();
  two.site.advance(40);
  EXPECT_EQ(two.state(kThere, "2000"), "Target Copy Pending") << "until it is removed there, too";
  ASSERT_TRUE(two.there_says("rmpprc -quiet -unconditional -at tgt 1000:2000"));
  EXPECT_EQ(two.content_there(), content);
  EXPECT_TRUE(two.there().lab().fill(kTarget, 0, 'X'));
}

TEST_F(Rm, RM49_ATargetThatWasRemoved) {
  TwoImages two(kTracks);
  mirror(two);
  ASSERT_TRUE(two.there_says("rmpprc -quiet -unconditional -at tgt 1000:2000"));
  ASSERT_TRUE(two.there().lab().fill(kTarget, 0, 'X'));
  ASSERT_TRUE(two.here().lab().fill(kSource, 0, 'Y'));
  two.site.advance(2);
  EXPECT_EQ(two.state(kHere, "1000"), "Suspended/Simplex Target");
  EXPECT_EQ(two.say(kHere, "resumepprc -type gcp 1000:2000").exit_code, 4);
  EXPECT_EQ(two.there().lab().track(kTarget, 0), "X*128");
  ASSERT_TRUE(two.here_says("rmpprc -quiet 1000:2000"));
  EXPECT_EQ(two.state(kHere, "1000"), "");
}

/// 1000 -> 2000 -> 1001: what arrives in the middle is noted for the end in the same record.
TEST_F(Rm, RM50_RM51_ACascade) {
  TwoImages two(kTracks);
  two.here().lab().make(0x1001, kTracks);
  mirror(two);
  EXPECT_EQ(two.say(kThere, "mkpprc -type gcp 2000:1001").exit_code, 4);
  EXPECT_EQ(two.say(kThere, "mkpprc -type gcp -cascade 2000:1000").exit_code, 4) << "a circle";
  ASSERT_TRUE(two.there_says("mkpprc -type gcp -cascade 2000:1001"));
  const auto end_in_step = [&] {
    return two.in_step(kHere, "1000") && two.column(kThere, "2000:1001", "Out Of Sync Tracks") == "0";
  };
  for (int i = 0; i < 100 && !end_in_step(); ++i) two.site.world.run_for(100 * rt::kMillisecond);
  ASSERT_TRUE(two.there_says("pausepprc 2000:1001"));
  ASSERT_TRUE(two.here().lab().fill(kSource, 5, 'X'));
  ASSERT_TRUE(two.in_step(kHere, "1000"));
  two.there().crash();
  EXPECT_EQ(two.column(kThere, "2000:1001", "Out Of Sync Tracks"), "1");
  EXPECT_EQ(two.column(kThere, "1000:2000", "Tgt Cascade"), "Enabled");
  two.site.advance(40);
  ASSERT_TRUE(two.there_says("resumepprc -type gcp 2000:1001"));
  for (int i = 0; i < 100 && !end_in_step(); ++i) two.site.world.run_for(100 * rt::kMillisecond);
  ASSERT_TRUE(two.here_says("failoverpprc -type gcp 1001:2000"));
  EXPECT_EQ(two.content_here(VolumeId(0x1001)), two.content_here());
  // Now 2000 would be the target of both.
  const Spoken refused = two.say(kHere, "failbackpprc -type gcp 1001:2000");
  EXPECT_NE(refused.text().find("CMUN90404E"), std::string::npos) << refused.text();
  two.there().crash();
  EXPECT_EQ(two.state(kThere, "1000:2000"), "Target Copy Pending");
}

/// A pause says that the pair is to stay as it is, also when an error was first.
TEST_F(Rm, APauseEndsWhatWouldGoOnByItself) {
  TwoImages two(kTracks);
  mirror(two);
  two.there().power_off();
  two.site.advance(70);
  ASSERT_EQ(two.state(kHere, "1000"), "Suspended/Internal Conditions Target");
  ASSERT_TRUE(two.here_says("pausepprc -unconditional 1000:2000"));
  two.there().power_on();
  two.site.advance(120);
  EXPECT_EQ(two.state(kHere, "1000"), "Suspended/Host Source");
}

/// The other end was failed over while nobody could say so.
TEST_F(Rm, RM39_AFailoverIsNoticedWhenTheLineIsBack) {
  TwoImages two(kTracks);
  mirror(two);
  ASSERT_TRUE(two.here_says("setioport -dev IBM.2107-75ABCD1 -topo off I0100 I0101") ||
              two.here_says("setioport -topo off -force I0100 I0101"));
  two.site.advance(70);
  ASSERT_EQ(two.state(kHere, "1000"), "Suspended/Internal Conditions Target");
  ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2000:1000"));
  ASSERT_TRUE(two.here_says("setioport -topo scsi-fcp I0100 I0101"));
  two.site.advance(100);
  EXPECT_EQ(two.state(kHere, "1000"), "Suspended/Host Target");
  EXPECT_EQ(two.state(kThere, "2000"), "Suspended/Host Source");
}

TEST_F(Rm, RM52_Sizes) {
  TwoImages two(kTracks);
  two.make_paths();
  two.there().lab().make(0x2001, kTracks - 1);
  two.there().lab().make(0x2002, kTracks + 1);
  EXPECT_EQ(two.say(kHere, "mkpprc -type gcp 1000:2001").text(),
            "! CMUN90405E mkpprc: 1000:2001: The target is smaller than the source.\n");
  const Spoken larger = two.say(kHere, "mkpprc -type gcp 1000:2002");
  EXPECT_EQ(larger.exit_code, 0);
  EXPECT_NE(larger.text().find("CMUC09005W"), std::string::npos) << larger.text();
  ASSERT_TRUE(two.in_step(kHere, "1000"));
  ASSERT_TRUE(two.there_says("failoverpprc -type gcp 2002:1000"));
  const Spoken refused = two.say(kThere, "failbackpprc -type gcp 2002:1000");
  EXPECT_NE(refused.text().find("CMUN90405E"), std::string::npos) << refused.text();
}

}  // namespace
}  // namespace tt::live
