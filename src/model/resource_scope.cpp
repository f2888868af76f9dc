// SPDX-License-Identifier: Apache-2.0
#include "model/resource_scope.h"

#include <algorithm>

namespace tt::model {

namespace {

constexpr std::size_t kLongestLabel = 32;

constexpr bool is_label_character(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

}  // namespace

bool is_resource_label(std::string_view label) noexcept {
  return !label.empty() && label.size() <= kLongestLabel && std::all_of(label.begin(), label.end(), is_label_character);
}

bool is_resource_scope(std::string_view scope) noexcept {
  if (scope == kScopeOfAll) return true;
  if (scope.ends_with('*')) scope.remove_suffix(1);
  return is_resource_label(scope);
}

bool scope_covers(std::string_view scope, std::string_view label) noexcept {
  if (!scope.ends_with('*')) return scope == label;
  scope.remove_suffix(1);
  return label.starts_with(scope);
}

}  // namespace tt::model
