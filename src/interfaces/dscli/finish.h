// SPDX-License-Identifier: Apache-2.0
// What a declaration cannot say: values of one command that depend on each other.
#pragma once

#include <string>

#include "interfaces/dscli/command.h"

namespace tt::dscli {

/// Completes the arguments of a bound command. Returns a problem in words, or nothing.
std::string finish_command(Command& command);

}  // namespace tt::dscli
