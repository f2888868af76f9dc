// SPDX-License-Identifier: Apache-2.0
// finish.h for the commands of host access.
#pragma once

#include <string>

#include "interfaces/dscli/command.h"

namespace tt::dscli {

std::string finish_mkvolgrp(Command& command);
std::string finish_chvolgrp(Command& command);
std::string finish_mkhostconnect(Command& command);
std::string finish_chhostconnect(Command& command);
std::string finish_setioport(Command& command);

}  // namespace tt::dscli
