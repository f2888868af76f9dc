// SPDX-License-Identifier: Apache-2.0
// What the tests of both backends share: a platform per test, and a directory that disappears again.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/platform.h"
#include "runtime/uring_reactor.h"

namespace tt::rt {

class TemporaryDirectory {
 public:
  /// Below the current directory, which lies on a real disk more often than /tmp does.
  explicit TemporaryDirectory(std::filesystem::path below = std::filesystem::current_path()) {
    std::string pattern = (below / "runtime-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// A test that runs once per backend. run() may be called once per test.
class BackendTest : public testing::TestWithParam<IoBackend> {
 protected:
  void SetUp() override {
    if (GetParam() == IoBackend::uring && UringReactor::probe() != 0) {
      GTEST_SKIP() << explain_uring_refusal(UringReactor::probe());
    }
  }
  Platform& make(unsigned reactors = 1) {
    PlatformOptions options;
    options.reactors = reactors;
    options.backend = GetParam();
    options.seed = 1;
    options.notice = [this](const std::string& notice) { notices_.push_back(notice); };
    platform_ = std::move(*make_platform(options));
    return *platform_;
  }

  std::vector<std::string> notices_;
  std::unique_ptr<Platform> platform_;
};

inline std::string backend_name(const testing::TestParamInfo<IoBackend>& info) {
  return info.param == IoBackend::uring ? "uring" : "posix";
}

#define TT_EACH_BACKEND(suite)                                                                      \
  INSTANTIATE_TEST_SUITE_P(EachBackend, suite,                                                      \
                           testing::Values(::tt::rt::IoBackend::uring, ::tt::rt::IoBackend::posix), \
                           ::tt::rt::backend_name)

}  // namespace tt::rt
