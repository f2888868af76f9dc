// SPDX-License-Identifier: Apache-2.0
// What the binder cannot check of FlashCopies of runs of tracks. Each returns what is wrong, or nothing.
#pragma once

#include <string>

#include "interfaces/dscli/command.h"

namespace tt::dscli {

std::string finish_mkrangeflash(Command& command);
std::string finish_rmrangeflash(Command& command);

}  // namespace tt::dscli
