// SPDX-License-Identifier: Apache-2.0
#include "console/audit_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <ctime>

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

Result<void> AuditLog::open() {
  fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) return Error{Errc::io_error, static_cast<std::uint64_t>(errno)};
  struct stat status{};
  if (::fstat(fd_, &status) != 0) return Error{Errc::io_error, static_cast<std::uint64_t>(errno)};
  size_ = static_cast<std::uint64_t>(status.st_size);
  return {};
}

Result<void> AuditLog::write_line(const std::string& line) {
  const std::string text = line + "\n";
  // One write with O_APPEND: records never mix.
  const ssize_t written = ::write(fd_, text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()) || ::fdatasync(fd_) != 0) {
    return Error{Errc::io_error, static_cast<std::uint64_t>(errno)};
  }
  size_ += text.size();
  return {};
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
  if (fd_ < 0) TT_CHECK(open());
  const std::uint64_t before = size_;
  TT_CHECK(write_line(audit_line(record, now_milliseconds())));
  for (const Mark& mark : kMarks) {
    const std::uint64_t at = largest_bytes_ * mark.percent / 100;
    if (before >= at || size_ < at) continue;
    AuditRecord note;
    note.by_user = false;
    note.severity = 'W';
    note.code = mark.code;
    note.event = mark.event;
    note.result = "success";
    TT_CHECK(write_line(audit_line(note, now_milliseconds())));
  }
  if (size_ >= largest_bytes_) return drop_older_half();
  return {};
}

Result<void> AuditLog::drop_older_half() {
  TT_TRY(const std::string content, files::read_file(path_));
  const std::size_t cut = content.find('\n', content.size() / 2);
  TT_CHECK(files::write_private_file(path_, cut == std::string::npos ? "" : content.substr(cut + 1)));
  ::close(fd_);
  fd_ = -1;
  return open();
}

}  // namespace tt::console
