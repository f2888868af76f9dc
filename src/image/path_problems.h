// SPDX-License-Identifier: Apache-2.0
// What the problem log says about paths to other images, and with it whoever gets traps (100, 101, 102). Pure: from how
// the paths are and what the log says follows the next record, until there is none; so a crash between two of them, and
// a start, need nothing of their own.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "mirror/path_keeper.h"
#include "volume/mutation.h"

namespace tt::image {

using PathsState = mirror::PathSet::Health;

/// Nothing while one of them has not been tried.
std::optional<PathsState> paths_state(std::span<const mirror::PathReport> paths) noexcept;

/// As problems name a set: "10:20 IBM.2107-75ABCD1".
std::string paths_object(const volume::PathSetConfig& set);

/// Of all sets that there are, by object.
using PathsStates = std::map<std::string, std::optional<PathsState>>;

/// The next record after which the log is nearer to what is; nothing: it is right.
std::optional<volume::Mutation> next_path_record(const volume::ImageConfig& config, const PathsStates& states,
                                                 std::int64_t at_s);

}  // namespace tt::image
