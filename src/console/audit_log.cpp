// SPDX-License-Identifier: Apache-2.0
#include "console/audit_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <ctime>

#include "console/audit_chain.h"
#include "interfaces/files/files.h"

namespace tt::console {

namespace {

constexpr std::size_t kLongestDetail = 512;

struct Mark {
  std::uint64_t percent;
  int code;
  const char* event;
};
constexpr Mark kMarks[] = {{60, 1200, "Audit_Log_At_60%"}, {75, 1201, "Audit_Log_At_75%"}};

/// No comma, quote or line end may break the line apart.
std::string field(const std::string& text) {
  std::string clean;
  for (const char c : text) clean += c == ',' || c == '"' || static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return clean;
}

std::string quoted(const std::string& text) {
  std::string clean = "\"";
  for (const char c : text.substr(0, kLongestDetail)) {
    if (c == '"') clean += '"';
    clean += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return clean + "\"";
}

std::int64_t now_milliseconds() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

std::string audit_line(const AuditRecord& record, std::int64_t epoch_milliseconds) {
  const auto seconds = static_cast<std::time_t>(epoch_milliseconds / 1000);
  std::tm t{};
  localtime_r(&seconds, &t);
  return fmt::format("{},{:04}/{:02}/{:02} {:02}:{:02}:{:02}:{:03} {},{},1,{},{},{},{},{},{},{}",
                     record.by_user ? 'U' : 'S', 1900 + t.tm_year, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
                     t.tm_sec, epoch_milliseconds % 1000, t.tm_zone, field(record.user), field(record.image),
                     record.severity, record.code, field(record.event), field(record.object), field(record.result),
                     quoted(record.detail));
}

AuditLog::AuditLog(std::string path, std::uint64_t largest_bytes)
    : path_(std::move(path)), largest_bytes_(largest_bytes) {}

AuditLog::~AuditLog() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::string> AuditLog::open() {
  if (fd_ >= 0) return std::string();
  fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0 || ::fchmod(fd_, 0600) != 0) return Error{Errc::io_error, static_cast<std::uint64_t>(errno)};
  TT_TRY(const std::string content, files::read_file(path_));
  size_ = content.size();
  const ChainReport found = check_chain(content);
  head_ = found.head;
  const bool cut = !content.empty() && content.back() != '\n';
  if (cut) TT_CHECK(write_all("\n"));
  if (found.first_bad == 0 && !cut) return std::string();
  const std::string line = std::to_string(found.first_bad == 0 ? found.lines : found.first_bad);
  if (found.first_bad == 0 || found.torn_end) {
    TT_CHECK(note('W', 1203, "Audit_Log_Torn", "line " + line + " was not written to its end"));
    return "line " + line + " of the audit log was torn by a crash; the log goes on behind it";
  }
  head_ = found.claimed;
  TT_CHECK(note('E', 1204, "Audit_Log_Broken", "line " + line + " does not fit the chain"));
  return "line " + line + " of the audit log does not fit its chain: it was changed, or lines before it are missing";
}

/// After a failure the file is opened anew before the next record, and what was torn is found.
Result<void> AuditLog::write_all(const std::string& text) {
  // One write with O_APPEND: records never mix.
  const ssize_t written = ::write(fd_, text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()) || ::fdatasync(fd_) != 0) {
    const auto problem = static_cast<std::uint64_t>(errno);
    ::close(fd_);
    fd_ = -1;
    return Error{Errc::io_error, problem};
  }
  size_ += text.size();
  return {};
}

Result<void> AuditLog::write_record(const AuditRecord& record) {
  const std::string line = chained_line(audit_line(record, now_milliseconds()), head_);
  TT_CHECK(write_all(line + "\n"));
  head_ = *hash_of_line(line);
  return {};
}

Result<void> AuditLog::note(char severity, int code, const char* event, std::string detail) {
  AuditRecord record;
  record.by_user = false;
  record.severity = severity;
  record.code = code;
  record.event = event;
  record.result = "success";
  record.detail = std::move(detail);
  return write_record(record);
}

Result<std::string> AuditLog::read(std::uint64_t offset, std::size_t most) const {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::string();
  if (fd < 0) return Error{Errc::io_error, static_cast<std::uint64_t>(errno)};
  std::string text(most, '\0');
  const ssize_t got = ::pread(fd, text.data(), most, static_cast<off_t>(offset));
  const int problem = errno;
  ::close(fd);
  if (got < 0) return Error{Errc::io_error, static_cast<std::uint64_t>(problem)};
  text.resize(static_cast<std::size_t>(got));
  const std::size_t last = text.rfind('\n');
  text.resize(last == std::string::npos ? 0 : last + 1);
  return text;
}

Result<void> AuditLog::append(const AuditRecord& record) {
  TT_CHECK(open());
  const std::uint64_t before = size_;
  TT_CHECK(write_record(record));
  for (const Mark& mark : kMarks) {
    const std::uint64_t at = largest_bytes_ * mark.percent / 100;
    if (before < at && size_ >= at) TT_CHECK(note('W', mark.code, mark.event, {}));
  }
  if (size_ >= largest_bytes_) return drop_older_half();
  return {};
}

/// What is kept says which line it follows, so that it is a chain still.
Result<void> AuditLog::drop_older_half() {
  TT_TRY(const std::string content, files::read_file(path_));
  const std::string_view all = content;
  std::size_t begin = 0;  // of the last line that goes
  std::size_t end = 0;    // of its text
  for (begin = all.rfind('\n', all.size() / 2) + 1;; begin = end + 1) {
    end = all.find('\n', begin);
    if (end == std::string_view::npos) return {Errc::corrupt};
    const auto hash = hash_of_line(all.substr(begin, end - begin));
    const std::string_view next = all.substr(end + 1, all.find('\n', end + 1) - end - 1);
    // Not between a torn line and the record that admits it.
    if (!hash || !line_fits(next, *hash)) continue;
    const std::string kept = std::string(kFollows) + std::string(*hash) + "\n" + content.substr(end + 1);
    TT_CHECK(files::write_private_file(path_, kept));
    break;
  }
  ::close(fd_);
  fd_ = -1;
  TT_CHECK(open());
  return note('W', 1205, "Audit_Log_Trimmed", "the older half was dropped");
}

}  // namespace tt::console
