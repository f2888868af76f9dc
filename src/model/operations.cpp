// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <numeric>

#include "model/catalogue.h"
#include "model/tables.h"

namespace tt::model {

namespace {

constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"exit", "quit"}, {"q", "quit"}, {"incflash", "resyncflash"}};

std::vector<Operation> join_tables() {
  std::vector<Operation> all;
  for (const auto part :
       {tables::tools(), tables::users(), tables::storage(), tables::volumes(), tables::flashcopy(),
        tables::flashcopy_changes(), tables::flashcopy_of_ranges(), tables::changes(), tables::ranks(), tables::image(),
        tables::security(), tables::hosts(), tables::hardware(), tables::resource_groups(), tables::repositories(),
        tables::mirror_paths(), tables::mirrors()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  std::sort(all.begin(), all.end(), [](const Operation& a, const Operation& b) { return a.name < b.name; });
  return all;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Levenshtein distance, case-insensitive; names are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

const Argument* Operation::find_flag(std::string_view flag) const {
  for (const Argument& argument : arguments) {
    if (argument.is_flag() && equals_ignoring_case(argument.flag, flag)) return &argument;
  }
  return nullptr;
}

const Argument* Operation::operand() const {
  for (const Argument& argument : arguments) {
    if (argument.is_operand()) return &argument;
  }
  return nullptr;
}

std::span<const Operation> operations() {
  static const std::vector<Operation> all = join_tables();
  return all;
}

std::span<const std::pair<std::string_view, std::string_view>> command_aliases() {
  return kAliases;
}

const Operation* find_operation(std::string_view name) {
  for (const auto& [alias, target] : kAliases) {
    if (equals_ignoring_case(alias, name)) name = target;
  }
  for (const Operation& operation : operations()) {
    if (equals_ignoring_case(operation.name, name)) return &operation;
  }
  return nullptr;
}

std::vector<std::string_view> similar_commands(std::string_view name) {
  struct Candidate {
    std::size_t distance;
    std::string_view name;
  };
  const std::size_t limit = std::max<std::size_t>(2, name.size() / 3);
  std::vector<Candidate> candidates;
  for (const Operation& operation : operations()) {
    const std::size_t d = distance(name, operation.name);
    const bool begins = !name.empty() && operation.name.substr(0, name.size()) == name;
    // Whoever typed a beginning meant a name that begins so.
    if (d <= limit || begins) candidates.push_back({begins ? 0 : d, operation.name});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::pair(a.distance, a.name) < std::pair(b.distance, b.name);
  });
  std::vector<std::string_view> names;
  for (const Candidate& candidate : candidates) {
    if (names.size() == 5) break;
    names.push_back(candidate.name);
  }
  return names;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace tt::model
