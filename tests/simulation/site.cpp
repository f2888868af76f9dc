// SPDX-License-Identifier: Apache-2.0
#include "site.h"

#include <utility>

namespace tt::simulation {

namespace {

constexpr rt::TimeNs kLongestWorkload = 300 * rt::kSecond;

sim::StorageOptions labelled(std::uint8_t number, sim::StorageOptions disks) {
  disks.label = Site::label_of(number);
  return disks;
}

LivesPlan plan_of(std::uint8_t number, LivesPlan plan) {
  plan.shape.number = number;
  plan.shape.storage_image_id = "IBM.2107-75SIM0" + std::to_string(number);
  plan.work.begin = std::uint64_t{number} << 48U;
  return plan;
}

}  // namespace

Site::Site(sim::Case& c, std::uint8_t number, const sim::StorageOptions& disks, LivesPlan plan)
    : case_(c),
      name_("site " + std::to_string(number)),
      plan_(plan_of(number, std::move(plan))),
      storage_(c.world(), labelled(number, disks)),
      work_(c, plan_.work, plan_.shape.open.acknowledge == image::Acknowledge::hardened),
      lives_left_(plan_.lives) {}

Site::~Site() {
  if (life_ != nullptr) end_life(sim::CrashKind::power);
}

std::string Site::label_of(std::uint8_t number) {
  return "site" + std::to_string(number) + ".";
}

void Site::fail(const std::string& what) {
  case_.fail(name_ + ": " + what);
}

bool Site::make() {
  life_ = std::make_unique<Life>(case_.world(), storage_, plan_.shape);
  const bool made = life_->create() && life_->open() && work_.make_volumes(*life_) && life_->stop();
  if (!made) fail("the image cannot be made");
  end_life(sim::CrashKind::power);
  return made;
}

void Site::power_on() {
  if (lives_left_ == 0) end_faults();
  life_ = std::make_unique<Life>(case_.world(), storage_, plan_.shape);
  begin(Phase::opening);
}

void Site::begin(Phase phase) {
  phase_ = phase;
  done_ = false;
  if (phase == Phase::opening) life_->begin_open(done_);
  if (phase == Phase::working) work_.start(*life_);
  if (phase == Phase::stopping) life_->begin_stop(done_);
  if (phase == Phase::checking || phase == Phase::checking_again) work_.begin_check(*life_, done_);
  if (phase == Phase::draining) work_.begin_drain(*life_, done_);
}

bool Site::is_waiting() const {
  if (phase_ == Phase::working) return work_.done() || case_.world().now() >= deadline_;
  return phase_ != Phase::off && phase_ != Phase::finished && done_;
}

void Site::go_on() {
  switch (phase_) {
    case Phase::opening:
      return opened();
    case Phase::working:
      return worked();
    case Phase::stopping:
      return lose_power(case_.random().chance(1, 4) ? sim::CrashKind::process : sim::CrashKind::power);
    case Phase::checking:
      return plan_.work.errors_expected ? finish() : begin(Phase::draining);
    case Phase::draining:
      return begin(Phase::checking_again);
    case Phase::checking_again:
      return finish();
    case Phase::off:
    case Phase::finished:
      return;
  }
}

void Site::worked() {
  if (plan_.life_length == 0 && !work_.done()) return fail("the workload does not end");
  --lives_left_;
  if (!plan_.clean_ends)
    return lose_power(case_.random().chance(1, 4) ? sim::CrashKind::process : sim::CrashKind::power);
  work_.crash();
  work_.set_witness(nullptr);
  begin(Phase::stopping);
}

void Site::finish() {
  end_life(sim::CrashKind::power);
  phase_ = Phase::finished;
}

/// Its disks may be the reason; then it has to open once they are well.
void Site::not_opened() {
  sim::FaultPlan& faults = case_.world().faults();
  if (!plan_.work.errors_expected || faults.fired_total() == 0 || faults_ended_)
    return fail(std::string("the image does not open: ") + name_of(life_->open_error().code));
  end_faults();
  lose_power(sim::CrashKind::power);
}

void Site::end_faults() {
  if (!plan_.work.errors_expected) return;
  case_.world().faults().set_quiet(true);
  faults_ended_ = true;
}

void Site::opened() {
  if (!life_->is_open()) return not_opened();
  witness_ = std::make_unique<Witness>(life_->image(), storage_, [this](const std::string& what) { fail(what); });
  witness_->attach(case_.world());
  work_.set_witness(witness_.get());
  work_.settle_after_restart(*life_);
  if (lives_left_ == 0) return begin(Phase::checking);
  const auto longest = static_cast<std::uint64_t>(plan_.life_length);
  deadline_ = case_.world().now() + 1 +
              (longest == 0 ? kLongestWorkload : static_cast<rt::TimeNs>(case_.random().below(longest)));
  case_.world().at(deadline_, [] {});  // so that the world looks at the clock
  begin(Phase::working);
}

void Site::lose_power(sim::CrashKind kind) {
  ++power_losses_;
  end_life(kind);
  power_on();
}

/// In the order in which run_lives() does it.
void Site::end_life(sim::CrashKind kind) {
  work_.crash();
  work_.set_witness(nullptr);
  witness_.reset();
  case_.world().crash(life_->machine(), kind);
  life_.reset();
}

bool Site::owns(sim::MachineId machine) const {
  return life_ != nullptr && life_->machine().id() == machine;
}

std::string Site::broken() const {
  if (witness_ == nullptr || phase_ == Phase::stopping) return {};
  const std::string broken = broken_invariant(life_->image());
  return broken.empty() ? broken : name_ + ": " + broken;
}

}  // namespace tt::simulation
