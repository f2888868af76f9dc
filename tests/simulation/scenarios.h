// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "sim/sweep.h"

namespace tt::simulation {

/// Hosts and FlashCopies under power loss and process death, several lives, then everything is read.
void crashes(sim::Case& c);
/// Two or three images in one world, each with hosts, FlashCopies and power losses of its own.
void several(sim::Case& c);
/// The same, and the disks of one of them fail or lie: operations of that one may be refused, no byte may be wrong, and
/// the others notice nothing.
void several_one_failing(sim::Case& c);
void several_one_lying(sim::Case& c);
/// A short fixed history for sweeps over every I/O.
void short_history(sim::Case& c);
/// Sequences of one to three commands between three volumes that hosts write to; the seed says which. For crashes, not
/// for failing disks.
void sequences(sim::Case& c);
/// Of these there are so many; further seeds begin anew.
std::uint64_t sequence_count();
/// crashes() with media that fail: operations may be refused, no byte may be wrong.
void failing_media(sim::Case& c);
/// crashes() with clean stops instead, and a medium that lies about one write: lost, elsewhere, or a bit of it wrong.
/// No byte may be wrong.
void lying_media(sim::Case& c);
/// EN-55: one rank refuses every write; the journal must not stop for the volumes of the other one.
void dead_rank(sim::Case& c);

}  // namespace tt::simulation
