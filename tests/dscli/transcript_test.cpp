// SPDX-License-Identifier: Apache-2.0
// Every file of tests/transcripts, word for word. With TWINTRACK_UPDATE_TRANSCRIPTS set, files whose answers differ are
// written anew: look at the difference before you believe it.
#include "transcript.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "console/test_folder.h"
#include "model/catalogue.h"

namespace tt::live {
namespace {

namespace fs = std::filesystem;

/// Each runs in an empty folder and must leave it empty: a file name that a command took as it stands (a placeholder
/// that nothing replaced, a path that is not under the personal folder) would else end up in the tree.
class Transcripts : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { fs::current_path(folder_.path()); }
  void TearDown() override {
    fs::current_path(before_);
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      ADD_FAILURE() << "a command made " << entry.path().filename() << " in the current folder";
    }
  }

 private:
  fs::path before_ = fs::current_path();
  console::TestFolder folder_;
};

TEST_P(Transcripts, PrintExactlyThis) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  const std::string path = std::string(TRANSCRIPTS) + "/" + GetParam() + ".txt";
  Transcript transcript(path);
  const std::vector<std::string> problems = transcript.run();
  for (const std::string& problem : problems) ADD_FAILURE() << problem;
  if (!problems.empty() && std::getenv("TWINTRACK_UPDATE_TRANSCRIPTS") != nullptr) {
    std::ofstream(path) << transcript.updated();
  }
}

std::vector<std::string> transcript_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(TRANSCRIPTS)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, Transcripts, ::testing::ValuesIn(transcript_names()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

/// A command nobody types here is a command nobody has looked at.
TEST(TranscriptFiles, ShowEveryCommand) {
  std::set<std::string> typed;
  for (const std::string& name : transcript_names()) {
    std::ifstream file(std::string(TRANSCRIPTS) + "/" + name + ".txt");
    for (std::string line; std::getline(file, line);) {
      if (line.rfind("> ", 0) == 0) typed.insert(line.substr(2, line.find(' ', 2) - 2));
    }
  }
  for (const model::Operation& operation : model::operations()) {
    EXPECT_TRUE(typed.contains(std::string(operation.name))) << operation.name;
  }
}

}  // namespace
}  // namespace tt::live
