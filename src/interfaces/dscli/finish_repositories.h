// SPDX-License-Identifier: Apache-2.0
// What the binder cannot check of space-efficient storage. Each returns what is wrong, or nothing.
#pragma once

#include <string>

#include "interfaces/dscli/command.h"

namespace tt::dscli {

std::string finish_mksestg(Command& command);
std::string finish_chsestg(Command& command);

}  // namespace tt::dscli
