// SPDX-License-Identifier: Apache-2.0
// The crash pattern of world.h, step by step, with a toy engine; and the scenario made of it, which a correct engine
// must survive under every fault, and in which every switched-on bug must be found.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "sim/sweep.h"
#include "sim/toy_wal.h"

namespace tt::sim {
namespace {

/// What the clients of the log know, across all lives of the engine.
struct Knowledge {
  std::vector<std::uint64_t> issued;
  std::vector<std::uint64_t> acknowledged;
};

/// One life of the engine and of its clients on one machine.
class Life {
 public:
  Life(World& world, SimStorage& storage, ToyBug bug)
      : reactor_(world.boot(1).reactor()), wal_(reactor_, storage.mount(reactor_), bug), scope_(reactor_) {}
  // The owner's half of a crash: World::crash came before; now the frames die where they stand, clients first because
  // they wait in queues of the engine.
  ~Life() {
    scope_.kill();
    wal_.kill();
  }

  void start() { scope_.spawn(start_task()); }
  void add_client(Knowledge& knowledge, std::uint64_t first, std::uint64_t count) {
    ++clients_;
    scope_.spawn(client(knowledge, first, count));
  }

  bool started = false;
  bool start_failed = false;
  [[nodiscard]] bool clients_done() const noexcept { return clients_ == 0; }
  [[nodiscard]] const std::vector<std::uint64_t>& values() const noexcept { return wal_.values(); }

 private:
  rt::Task<void> start_task() {
    auto result = co_await wal_.start();
    started = result.has_value();
    start_failed = !started;
  }
  rt::Task<void> client(Knowledge& knowledge, std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t value = first; value < first + count; ++value) {
      knowledge.issued.push_back(value);
      auto result = co_await wal_.append(value);
      if (!result) break;
      knowledge.acknowledged.push_back(value);
      co_await rt::sleep_for(reactor_, static_cast<rt::TimeNs>(reactor_.random().below(100'000)));
    }
    --clients_;
  }

  SimReactor& reactor_;
  ToyWal wal_;
  rt::Scope scope_;
  std::size_t clients_ = 0;
};

void check_recovered(Case& c, const Life& life, const Knowledge& knowledge) {
  const auto& values = life.values();
  for (const std::uint64_t value : knowledge.acknowledged) {
    const bool there = std::find(values.begin(), values.end(), value) != values.end();
    if (!c.check(there, "acknowledged value lost: " + std::to_string(value))) return;
  }
  for (const std::uint64_t value : values) {
    const auto& issued = knowledge.issued;
    const bool known = std::find(issued.begin(), issued.end(), value) != issued.end();
    if (!c.check(known, "value that nobody wrote: " + std::to_string(value))) return;
  }
}

/// Starts an engine; if the disks do not let it, power off and on once more with healthy disks.
std::unique_ptr<Life> start_life(Case& c, SimStorage& storage, ToyBug bug) {
  World& world = c.world();
  for (int attempt = 0; attempt < 4; ++attempt) {
    auto life = std::make_unique<Life>(world, storage, bug);
    life->start();
    const RunEnd end = world.run_until([&] { return life->started || life->start_failed; });
    if (end == RunEnd::reached && life->started) return life;
    if (end == RunEnd::failed || end == RunEnd::idle) break;
    world.crash();
    if (end == RunEnd::reached) world.faults().set_quiet(true);
  }
  c.fail("the engine does not start");
  world.crash();
  return nullptr;
}

void toy_log(Case& c, ToyBug bug) {
  const WorldOptions world_options = c.draw_world_options();
  World& world = c.world(world_options);
  SimStorage storage(world, c.draw_storage_options());
  const std::uint64_t clients = c.draw("clients", 1, 4);
  const std::uint64_t appends = c.draw("appends", 1, 8);
  const CrashKind crash_kind = c.draw_chance("process_crash_first", 1, 4) ? CrashKind::process : CrashKind::power;
  Knowledge knowledge;
  std::uint64_t next_value = 1000;
  for (int lives = 0; lives < 3; ++lives) {
    auto life = start_life(c, storage, bug);
    if (life == nullptr) return;
    check_recovered(c, *life, knowledge);
    for (std::uint64_t i = 0; i < clients && !c.failed(); ++i) {
      life->add_client(knowledge, next_value, appends);
      next_value += appends;
    }
    const rt::TimeNs crash_after = static_cast<rt::TimeNs>(c.random().below(5'000'000));
    world.run_until([&] { return life->clients_done(); }, crash_after);
    world.crash(lives == 0 ? crash_kind : CrashKind::power);
    if (c.failed()) return;
  }
  world.faults().set_quiet(true);
  auto life = start_life(c, storage, bug);
  if (life == nullptr) return;
  check_recovered(c, *life, knowledge);
  world.crash();
}

Scenario toy_scenario(ToyBug bug) {
  return [bug](Case& c) { toy_log(c, bug); };
}

TEST(CrashPattern, step_by_step) {
  World world(7);
  SimStorage storage(world);  // 0. owned outside of every engine
  Knowledge knowledge;
  {
    Life first(world, storage, ToyBug::none);
    first.start();
    ASSERT_EQ(world.run_until([&] { return first.started; }), RunEnd::reached);
    first.add_client(knowledge, 1, 100);
    ASSERT_EQ(world.run_until([&] { return knowledge.acknowledged.size() >= 10; }), RunEnd::reached);
    world.crash();  // 1. decide, 2. forget
    EXPECT_EQ(storage.in_flight(), 0U);
  }  // 3. kill the scopes, destroy the engine
  Life second(world, storage, ToyBug::none);  // 4. a new machine on the same storage
  second.start();
  ASSERT_EQ(world.run_until([&] { return second.started; }), RunEnd::reached);
  ASSERT_GE(second.values().size(), knowledge.acknowledged.size());
  for (std::size_t i = 0; i < second.values().size(); ++i) EXPECT_EQ(second.values()[i], i + 1);
  world.crash();
}

TEST(CrashPattern, a_request_stops_the_run_at_once) {
  World world(1);
  SimStorage storage(world);
  FaultRule rule;
  rule.kind = FaultKind::crash_before;
  rule.operations = kWrites;
  rule.at = 3;
  world.faults().add(rule);
  Knowledge knowledge;
  Life life(world, storage, ToyBug::none);
  life.start();
  ASSERT_EQ(world.run_until([&] { return life.started; }), RunEnd::reached);
  life.add_client(knowledge, 1, 100);
  EXPECT_EQ(world.run_until([&] { return life.clients_done(); }), RunEnd::crash_requested);
  EXPECT_EQ(world.faults().io_count(kWrites), 3U);
  EXPECT_EQ(world.faults().fired_total(), 1U);
  world.crash();
}

TEST(CrashPattern, a_correct_log_survives_a_campaign) {
  CampaignOptions options;
  options.end_seed = 301;
  const RunSummary summary = campaign("toy_log", toy_scenario(ToyBug::none), options);
  EXPECT_TRUE(summary.ok());
  EXPECT_TRUE(summary.replayed || summary.runs > 300);
}

TEST(CrashPattern, a_correct_log_survives_the_sweeps) {
  SweepOptions options;
  options.seed = 2;
  options.max_per_kind = 40;
  options.second_samples = 1;
  const RunSummary crashes = sweep("toy_log_crashes", toy_scenario(ToyBug::none), crash_kinds(), options);
  EXPECT_TRUE(crashes.ok());
  const RunSummary errors = sweep("toy_log_errors", toy_scenario(ToyBug::none), error_kinds(), options);
  EXPECT_TRUE(errors.ok());
  if (!crashes.replayed) {
    EXPECT_GT(crashes.faults_fired, 100U);
    EXPECT_GT(errors.faults_fired, 100U);
  }
}

/// The canary: if the harness stops seeing bugs, these tests fail.
class Canary : public testing::TestWithParam<ToyBug> {
 protected:
  void SetUp() override {
    if (requested_replay()) GTEST_SKIP() << "a replay of one case was requested";
  }
};

TEST_F(Canary, acknowledging_before_the_flush_is_found_by_seeds) {
  CampaignOptions options;
  options.end_seed = 501;
  options.silent = true;
  const RunSummary summary = campaign("toy_canary", toy_scenario(ToyBug::acknowledge_before_flush), options);
  ASSERT_FALSE(summary.ok());
  EXPECT_NE(summary.report.find("acknowledged value lost"), std::string::npos) << summary.report;
  EXPECT_NE(summary.report.find("TWINTRACK_SIM_REPLAY='toy_canary 0 none "), std::string::npos) << summary.report;
}

TEST_F(Canary, trusting_a_torn_slot_is_found_by_the_crash_sweep) {
  SweepOptions options;
  options.seeds = 20;
  options.silent = true;
  const RunSummary summary = sweep("toy_torn", toy_scenario(ToyBug::trust_torn_slots), crash_kinds(), options);
  ASSERT_FALSE(summary.ok());
  EXPECT_NE(summary.report.find("value that nobody wrote"), std::string::npos) << summary.report;
}

TEST_F(Canary, ignoring_a_failed_flush_is_found_by_the_error_sweep) {
  SweepOptions options;
  options.seeds = 20;
  options.silent = true;
  const RunSummary summary = sweep("toy_fsync", toy_scenario(ToyBug::ignore_flush_error), error_kinds(), options);
  ASSERT_FALSE(summary.ok());
  EXPECT_NE(summary.report.find("acknowledged value lost"), std::string::npos) << summary.report;
}

TEST_F(Canary, a_found_case_fails_again_when_run_by_its_line) {
  SweepOptions options;
  options.seeds = 20;
  options.silent = true;
  const Scenario scenario = toy_scenario(ToyBug::trust_torn_slots);
  const RunSummary summary = sweep("toy_torn", scenario, crash_kinds(), options);
  const std::string mark = "TWINTRACK_SIM_REPLAY='";
  const std::size_t begin = summary.report.find(mark);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = summary.report.find('\'', begin + mark.size());
  const auto id = CaseId::parse(summary.report.substr(begin + mark.size(), end - begin - mark.size()));
  ASSERT_TRUE(id.has_value());
  const Outcome again = run_case(*id, scenario);
  EXPECT_EQ(again.report, summary.report);
}

}  // namespace
}  // namespace tt::sim
