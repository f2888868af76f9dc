// SPDX-License-Identifier: Apache-2.0
// The storage management console program. docs/console.md is its manual.
#include <sys/stat.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "console/audit_chain.h"
#include "console/console.h"
#include "interfaces/files/files.h"
#include "model/ids.h"

namespace {

constexpr const char* kUsage =
    "Usage: twintrack-console --dir DIR --image ID=SOCKET [--image ID=SOCKET ...] [options]\n"
    "\n"
    "Serves one or more storage images over HTTPS until SIGTERM.\n"
    "\n"
    "  --dir DIR           users, certificate and audit log; made when missing\n"
    "  --image ID=SOCKET   a storage image (IBM.2107-75ABCD1) and its control socket\n"
    "  --listen HOST:PORT  default 127.0.0.1:8452; port 0 = any free one\n"
    "  --name NAME         a further name or address for a new certificate; repeatable\n"
    "  --ready-file FILE   written as JSON when the console serves: url, ca, user, password_file, pid, images\n"
    "  --version, --help\n"
    "\n"
    "Instead of serving:\n"
    "  --verify-audit FILE   checks the chain of an audit log; exit 1 names the first line that does not fit\n"
    "  --noted HASH          and that the log still has the line with this hash, noted at an earlier check\n";

int fail(const std::string& text) {
  std::fprintf(stderr, "twintrack-console: %s\nTry --help.\n", text.c_str());
  return 2;
}

int verify_audit(const std::string& path, const std::string& noted) {
  const auto log = tt::files::read_file(path);
  if (!log) return fail("cannot read " + path + ": " + tt::files::describe(log.error()));
  const auto found = tt::console::check_chain(*log);
  if (found.first_bad != 0) {
    std::printf("%s: line %llu does not fit%s\n", path.c_str(), static_cast<unsigned long long>(found.first_bad),
                found.torn_end ? ": it was not written to its end" : ": it was changed, added, or follows a lost one");
    return 1;
  }
  std::printf("%s: %llu lines fit, %llu torn by crashes and recorded as such; the last is\n%s\n", path.c_str(),
              static_cast<unsigned long long>(found.lines), static_cast<unsigned long long>(found.torn),
              found.head.c_str());
  if (noted.empty() || noted == found.head || tt::console::chain_has(*log, noted)) return 0;
  std::printf("%s: no line has the hash %s: the log was written anew, or the line was dropped as too old\n",
              path.c_str(), noted.c_str());
  return 1;
}

bool parse_listen(std::string_view text, tt::console::ConsoleOptions& options) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::string_view port = text.substr(colon + 1);
  const auto [stopped, failure] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  options.host = std::string(host);
  return !host.empty() && failure == std::errc{} && stopped == port.data() + port.size();
}

bool parse_image(std::string_view text, tt::console::ConsoleOptions& options) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals + 1 == text.size()) return false;
  const auto id = tt::model::parse_image_id(text.substr(0, equals));
  if (!id) return false;
  options.images.push_back({*id, std::string(text.substr(equals + 1))});
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  ::umask(0077);
  std::signal(SIGPIPE, SIG_IGN);
  std::string audit_file;
  std::string noted;
  tt::console::ConsoleOptions options;
  options.version = TWINTRACK_VERSION;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--help") return std::fputs(kUsage, stdout) < 0 ? 1 : 0;
    if (flag == "--version") return std::puts("twintrack-console " TWINTRACK_VERSION) < 0 ? 1 : 0;
    if (i + 1 == argc) return fail(std::string(flag) + " is unknown or needs a value");
    const std::string value = argv[++i];
    if (flag == "--dir") {
      options.directory = value;
    } else if (flag == "--image") {
      if (!parse_image(value, options))
        return fail("--image wants ID=SOCKET, for example IBM.2107-75ABCD1=/path/control.sock");
    } else if (flag == "--listen") {
      if (!parse_listen(value, options)) return fail("--listen wants HOST:PORT, for example 127.0.0.1:8452");
    } else if (flag == "--name") {
      options.names.push_back(value);
    } else if (flag == "--verify-audit") {
      audit_file = value;
    } else if (flag == "--noted") {
      noted = value;
    } else if (flag == "--ready-file") {
      options.ready_file = value;
    } else {
      return fail(std::string(flag) + " is unknown");
    }
  }
  if (!audit_file.empty()) return verify_audit(audit_file, noted);
  if (options.directory.empty()) return fail("--dir is missing");
  if (options.images.empty()) return fail("--image is missing: a console serves at least one storage image");
  // The ready file is read by programs with other working directories.
  options.directory = std::filesystem::absolute(options.directory).lexically_normal().string();
  return tt::console::run_console(options);
}
