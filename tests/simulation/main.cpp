// SPDX-License-Identifier: Apache-2.0
// image_sim: scenarios of the whole image, for campaigns and for replaying a case; --help tells how.
#include "scenarios.h"

int main(int argc, char** argv) {
  const tt::sim::NamedScenario scenarios[] = {
      {"crashes", tt::simulation::crashes},
      {"short_history", tt::simulation::short_history},
      {"sequences", tt::simulation::sequences},
      {"failing_media", tt::simulation::failing_media},
      {"several", tt::simulation::several},
      {"dead_rank", tt::simulation::dead_rank},
      {"lying_media", tt::simulation::lying_media},
      {"several_one_failing", tt::simulation::several_one_failing},
      {"several_one_lying", tt::simulation::several_one_lying},
  };
  return tt::sim::simulator_main(argc, argv, scenarios);
}
