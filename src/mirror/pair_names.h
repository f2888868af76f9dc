// SPDX-License-Identifier: Apache-2.0
// Short words for what a pair is and does, for tables, logs and tests. Interfaces have words of their own.
#pragma once

#include <string>

#include "mirror/pair_machine.h"

namespace tt::mirror {

const char* name_of(PairEvent event) noexcept;
const char* name_of(SuspendReason reason) noexcept;
const char* name_of(PairState state) noexcept;
/// "source, Metro Mirror, suspended (freeze)"; "failed over" at the end if it is.
std::string describe(const PairPhase& phase);
/// "stop_sending, commit", in the order in which they are done; "-" for none.
std::string describe_actions(PairActions actions);
/// The whole machine as Markdown: docs/mirror-states.md is this text.
std::string machine_as_markdown();

}  // namespace tt::mirror
