// SPDX-License-Identifier: Apache-2.0
// From what the log says and how paths are to what the log says then.
#include "image/path_problems.h"

#include <gtest/gtest.h>

#include "volume/config.h"

namespace tt::image {
namespace {

using mirror::PathStatus;
using volume::ProblemKind;

constexpr const char* kObject = "10:20 IBM.2107-75ABCD1";

struct Log {
  /// Records until there is none; how many there were.
  int settle(const PathsStates& states) {
    int records = 0;
    while (auto next = next_path_record(config, states, ++time)) {
      volume::apply(config, *next);
      EXPECT_LT(++records, 400) << "it does not end";
    }
    return records;
  }
  [[nodiscard]] std::vector<ProblemKind> kinds(bool open) const {
    std::vector<ProblemKind> all;
    for (const auto& [id, problem] : config.problems) {
      if ((problem.closed_s == 0) == open) all.push_back(problem.kind);
    }
    return all;
  }

  volume::ImageConfig config;
  std::int64_t time = 1'700'000'000;
};
using Kinds = std::vector<ProblemKind>;

std::optional<PathsState> state(std::vector<PathStatus> statuses) {
  std::vector<mirror::PathReport> paths;
  for (const PathStatus status : statuses) paths.push_back({{}, status});
  return paths_state(paths);
}

TEST(PathProblems, HowASetIs) {
  EXPECT_EQ(state({PathStatus::established, PathStatus::established}), PathsState::up);
  EXPECT_EQ(state({PathStatus::established, PathStatus::link_down}), PathsState::degraded);
  EXPECT_EQ(state({PathStatus::other_image, PathStatus::link_down}), PathsState::down);
  EXPECT_EQ(state({PathStatus::none, PathStatus::link_down}), std::nullopt) << "it is being tried";
}

/// RM-6: traps 100, 101 and 102.
TEST(PathProblems, RM6_EachChangeIsRecordedOnce) {
  Log log;
  EXPECT_EQ(log.settle({{kObject, PathsState::up}}), 0) << "that is how it should be";
  EXPECT_EQ(log.settle({{kObject, PathsState::degraded}}), 1);
  EXPECT_EQ(log.settle({{kObject, PathsState::degraded}}), 0);
  EXPECT_EQ(log.kinds(true), Kinds{ProblemKind::paths_degraded});
  log.settle({{kObject, PathsState::down}});
  EXPECT_EQ(log.kinds(true), Kinds{ProblemKind::paths_down});
  EXPECT_EQ(log.settle({{kObject, std::nullopt}}), 0) << "as after a start: nobody knows yet";
  log.settle({{kObject, PathsState::up}});
  EXPECT_EQ(log.kinds(true), Kinds{});
  EXPECT_EQ(log.kinds(false),
            (Kinds{ProblemKind::paths_degraded, ProblemKind::paths_down, ProblemKind::paths_restored}));
  EXPECT_EQ(log.settle({{kObject, PathsState::up}}), 0);
}

TEST(PathProblems, OfASetThatIsRemovedNothingIsOpen) {
  Log log;
  log.settle({{kObject, PathsState::down}, {"11:20 IBM.2107-75ABCD1", PathsState::down}});
  log.settle({{"11:20 IBM.2107-75ABCD1", PathsState::down}});
  EXPECT_EQ(log.kinds(true), Kinds{ProblemKind::paths_down});
  EXPECT_EQ(log.kinds(false), Kinds{ProblemKind::paths_down}) << "and nothing came back";
}

TEST(PathProblems, OthersAreLeftAlone) {
  Log log;
  volume::apply(log.config, volume::RecordProblem{ProblemKind::rank_failed, 1, kObject});
  log.settle({{kObject, PathsState::up}});
  EXPECT_EQ(log.kinds(true), Kinds{ProblemKind::rank_failed});
}

/// A 2107 may have 4,080 sets, and the log 256 places.
TEST(PathProblems, HoweverManyFailOtherProblemsStay) {
  Log log;
  for (int i = 0; i < 200; ++i) {
    volume::apply(log.config, volume::RecordProblem{ProblemKind::track_damaged, 1, std::to_string(i)});
  }
  PathsStates down;
  for (int i = 0; i < 300; ++i) down[std::to_string(i)] = PathsState::down;
  EXPECT_EQ(log.settle(down), 56) << "as many as there are places";
  EXPECT_EQ(log.config.problems.begin()->second.kind, ProblemKind::track_damaged);
  PathsStates up = down;
  for (auto& [object, state] : up) state = PathsState::up;
  EXPECT_GT(log.settle(up), 56);
  EXPECT_EQ(log.kinds(true).size(), 200U) << "nothing of paths is open, and nothing else has gone";
  Log empty;
  EXPECT_EQ(empty.settle(down), 64);
}

/// Whatever was recorded before a crash: the rest follows.
TEST(PathProblems, ACrashBetweenTwoRecordsChangesNothing) {
  for (int stop = 0; stop < 4; ++stop) {
    Log log;
    log.settle({{kObject, PathsState::degraded}});
    const PathsStates up{{kObject, PathsState::up}};
    for (int i = 0; i < stop; ++i) {
      if (const auto next = next_path_record(log.config, up, ++log.time)) volume::apply(log.config, *next);
    }
    log.settle(up);
    EXPECT_EQ(log.kinds(true), Kinds{});
    EXPECT_EQ(log.kinds(false), (Kinds{ProblemKind::paths_degraded, ProblemKind::paths_restored})) << stop;
  }
}

}  // namespace
}  // namespace tt::image
