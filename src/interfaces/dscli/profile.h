// SPDX-License-Identifier: Apache-2.0
// Profile files: "name: value" lines, # comments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "interfaces/dscli/settings.h"

namespace tt::dscli {

struct ProfileOutcome {
  std::string problem;               ///< Not empty: the profile cannot be used; says line and reason.
  std::vector<std::string> unknown;  ///< Names nobody knows; for verbose mode.
};

/// Applies the lines of `text` to `settings`.
ProfileOutcome apply_profile(std::string_view text, Settings& settings);

/// The directories in which a bare profile name is looked for.
struct ProfileFolders {
  std::string personal;  ///< <home>/dscli/profile
  std::string installed;
};

/// The file that -cfg `name` means; empty if there is none.
std::string find_profile(std::string_view name, const ProfileFolders& folders);

}  // namespace tt::dscli
