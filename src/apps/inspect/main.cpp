// SPDX-License-Identifier: Apache-2.0
// twintrack-inspect: prints what is on the disk of a stopped image. It changes nothing and survives damage.
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "apps/inspect/report.h"

namespace {

constexpr const char* kUsage =
    "usage: twintrack-inspect [--records] [--media] [--json] DIR|FILE\n"
    "\n"
    "Prints the checkpoint and journal files of a stopped storage image.\n"
    "  --records  every slot and record of the journal\n"
    "  --media    also the ranks: every track is compared with its checksum, if the image keeps any\n"
    "  --json     one JSON document\n"
    "Ends with 0 when everything is intact, 1 when something is damaged, 2 when there is nothing to print.\n";

}  // namespace

int main(int argc, char** argv) {
  tt::inspect::ReportOptions options;
  bool json = false;
  std::string path;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help") {
      std::fputs(kUsage, stdout);
      return 0;
    }
    if (argument == "--records") {
      options.records = true;
    } else if (argument == "--media") {
      options.media = true;
    } else if (argument == "--json") {
      json = true;
    } else if (argument.starts_with("--") || !path.empty()) {
      std::fputs(kUsage, stderr);
      return 2;
    } else {
      path = argument;
    }
  }
  if (path.empty()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const auto report = tt::inspect::report_path(path, options);
  if (!report && report.error().code == tt::Errc::busy) {
    std::fprintf(stderr, "twintrack-inspect: %s is being served: stop it, then look at its media\n", path.c_str());
    return 2;
  }
  if (!report) {
    const bool unreadable = report.error().code == tt::Errc::io_error;
    std::fprintf(stderr, "twintrack-inspect: %s: %s\n", path.c_str(),
                 unreadable ? std::strerror(static_cast<int>(report.error().detail)) : "no checkpoint or journal here");
    return 2;
  }
  const std::string text = json ? report->dump(2) + '\n' : tt::inspect::as_text(*report);
  std::fputs(text.c_str(), stdout);
  return tt::inspect::has_damage(*report) ? 1 : 0;
}
