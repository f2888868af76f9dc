// SPDX-License-Identifier: Apache-2.0
// Labels of resource groups, and the scopes of users that are matched against them. Letters of either case differ.
#pragma once

#include <string_view>

namespace tt::model {

/// Of RG0, in which everything is that nobody put elsewhere.
inline constexpr std::string_view kPublicLabel = "PUBLIC";
/// Covers every group; what a user has of whom nothing else is said.
inline constexpr std::string_view kScopeOfAll = "*";

/// 1 to 32 letters, digits, '_', '-' and '.'.
bool is_resource_label(std::string_view label) noexcept;
/// A label, or the beginning of labels with '*' behind it; "*" alone is all of them.
bool is_resource_scope(std::string_view scope) noexcept;
bool scope_covers(std::string_view scope, std::string_view label) noexcept;

}  // namespace tt::model
