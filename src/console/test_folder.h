// SPDX-License-Identifier: Apache-2.0
// A folder of a test that goes away with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/assert.h"

namespace tt::console {

class TestFolder {
 public:
  TestFolder() {
    char name[] = "/tmp/twintrack-console-XXXXXX";
    TT_ASSERT(::mkdtemp(name) != nullptr);
    path_ = name;
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace tt::console
