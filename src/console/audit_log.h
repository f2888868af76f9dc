// SPDX-License-Identifier: Apache-2.0
// The audit log: one CSV line per object touched, appended and synced after the operation has ended.
//
//   origin(U|S),yyyy/mm/dd hh:mm:ss:mmm ZZZ,user,mc-number,storage
//   image,severity(N|W|E),code,event,object,result,"detail",chain
//
// The chain (audit_chain.h) makes a change to what was recorded visible. Each start checks it; what does not fit is
// said in a record of its own, and the log goes on behind it: nothing is ever overwritten.
//
// At most 50 MB: a record says so at 60 % and 75 %, and when it is full the older half is dropped.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace tt::console {

struct AuditRecord {
  bool by_user = true;  ///< false: by the console itself.
  std::string user;
  std::string image;
  char severity = 'N';
  int code = 0;
  std::string event;
  std::string object;
  std::string result;
  std::string detail;
};

class AuditLog {
 public:
  static constexpr std::uint64_t kLargestBytes = 50'000'000;

  explicit AuditLog(std::string path, std::uint64_t largest_bytes = kLargestBytes);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  /// Opens or makes the file (mode 0600) and checks what is in it. Words for the operator when something does not fit.
  /// append() does so itself when it was not done before.
  Result<std::string> open();

  /// io_error when the file cannot be written; the caller tells the operator.
  Result<void> append(const AuditRecord& record);

  /// Whole lines from `offset` on, about `most` bytes; empty at the end.
  Result<std::string> read(std::uint64_t offset, std::size_t most) const;

 private:
  Result<void> write_all(const std::string& text);
  Result<void> write_record(const AuditRecord& record);
  Result<void> note(char severity, int code, const char* event, std::string detail);
  Result<void> drop_older_half();

  std::string path_;
  std::uint64_t largest_bytes_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::string head_;  ///< Hash of the newest line.
};

/// The line without its end and its place in the chain; time in the local zone.
std::string audit_line(const AuditRecord& record, std::int64_t epoch_milliseconds);

}  // namespace tt::console
