// SPDX-License-Identifier: Apache-2.0
// Lines of a transcript that speak of host I/O: which blocks of which volume, and what is or should be there.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lab.h"

namespace tt::live {

using Words = std::span<const std::string>;
using HeldWrites = std::vector<simulation::Pending<Result<void>>>;

std::vector<std::string> split(const std::string& text);

/// Each takes the words behind its name and returns what is wrong, empty if all is as it should be.
///   TRACKS VOLUME ... [thin]      volumes of that size, made without the DS CLI
std::string volumes_directive(simulation::Lab& lab, Words words);
///   VOLUME RANGE pattern LETTER [fails NAME]      RANGE: track N [blocks A-B] | tracks A-B | blocks A-B | all
std::string write_directive(simulation::Lab& lab, Words words);
///   VOLUME RANGE pattern LETTER      the write must not be answered; it is kept in `held`
std::string held_write_directive(simulation::Lab& lab, Words words, HeldWrites& held);
///   waiting | answered | fails NAME   what all of them do now; answered ones are forgotten
std::string held_directive(simulation::Lab& lab, Words words, HeldWrites& held);
///   VOLUME RANGE expect LETTER | RUNS | error NAME
std::string read_directive(simulation::Lab& lab, Words words);
///   VOLUME RANGE [fails NAME]
std::string damage_directive(simulation::Lab& lab, Words words);
std::string zero_directive(simulation::Lab& lab, Words words, bool deallocate);

}  // namespace tt::live
