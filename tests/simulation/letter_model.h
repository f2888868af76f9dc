// SPDX-License-Identifier: Apache-2.0
// Contents of volumes as hosts must see them, one letter a block, for tests with random steps. The text is that of
// Lab::content().
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace tt::simulation {

class LetterModel {
 public:
  /// Volume i is full of the i-th letter from 'A' on.
  LetterModel(std::size_t volumes, std::uint64_t blocks) {
    for (std::size_t i = 0; i < volumes; ++i) content_.emplace_back(blocks, first_letter(i));
  }
  static char first_letter(std::size_t volume) { return static_cast<char>('A' + volume); }

  void write(std::size_t volume, std::uint64_t block, std::uint64_t blocks, char letter) {
    content_[volume].replace(block, blocks, blocks, letter);
  }
  void copy(std::size_t from, std::size_t to) { content_[to] = content_[from]; }
  [[nodiscard]] const std::string& letters(std::size_t volume) const { return content_[volume]; }
  void set_letters(std::size_t volume, std::string letters) { content_[volume] = std::move(letters); }

  [[nodiscard]] std::string runs(std::size_t volume) const {
    std::string text;
    const std::string& all = content_[volume];
    for (std::size_t i = 0; i < all.size();) {
      const std::size_t end = std::min(all.find_first_not_of(all[i], i), all.size());
      if (!text.empty()) text += ' ';
      text += all[i] + ("*" + std::to_string(end - i));
      i = end;
    }
    return text;
  }
  /// The letters of such a text; empty if it is no content.
  static std::string letters_of(const std::string& runs) {
    std::string letters;
    for (std::size_t at = 0; at < runs.size();) {
      if (at + 2 >= runs.size() || runs[at + 1] != '*') return {};
      const std::size_t end = std::min(runs.find(' ', at), runs.size());
      letters.append(std::stoul(runs.substr(at + 2, end - at - 2)), runs[at]);
      at = end + 1;
    }
    return letters;
  }

 private:
  std::vector<std::string> content_;
};

}  // namespace tt::simulation
