// SPDX-License-Identifier: Apache-2.0
// Hostile clients of the management console, and hands that touch its audit log. The first byte chooses: bodies as they
// come, well-formed requests with hostile arguments, an audit log with one change, an audit log of any bytes.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "console/audit_chain.h"
#include "console/dscli_service.h"
#include "fuzz/input.h"
#include "interfaces/control/messages.h"
#include "model/validation.h"

namespace {

using namespace tt;
using nlohmann::json;

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::string_view kImage = "IBM.2107-75ABCD1";
constexpr std::string_view kSecret = "Unsp0kenWord";

std::string text_of(fuzz::Input& input) {
  const auto rest = input.rest();
  return {reinterpret_cast<const char*>(rest.data()), rest.size()};
}

/// A file without a disk, so that an input costs no flush.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("audit", MFD_CLOEXEC)) { TT_ASSERT(fd_ >= 0); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(fd_); }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  [[nodiscard]] std::string content() const {
    std::string text(static_cast<std::size_t>(::lseek(fd_, 0, SEEK_END)), '\0');
    TT_ASSERT(::pread(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    return text;
  }

 private:
  int fd_;
};

/// Hashing would take all of the time; how full a console answers is worth a look, too.
class NeverTime final : public console::SlowWork {
 public:
  bool run(std::function<void()> /*slow*/, std::function<void()> /*then*/) override { return false; }
};

/// What gets here must have passed everything that the console checks.
class OneImage final : public console::ImageDirectory {
 public:
  [[nodiscard]] std::vector<std::string> ids() const override { return {std::string(kImage)}; }
  void call(const std::string& image, model::Request request, Answered answered) override {
    TT_ASSERT(image == kImage && caller != nullptr && !caller->password_expired);
    const model::Operation* operation = model::find_operation(request.operation);
    TT_ASSERT(operation != nullptr && operation->place == model::Place::image);
    TT_ASSERT(model::check_arguments(*operation, request.arguments).empty());
    TT_ASSERT(model::allows(caller->groups, operation->access));
    TT_ASSERT(request.user == caller->user && request.scope == caller->scope);
    model::Response response;
    response.results.push_back({"0100", Errc::ok, 0});
    answered(std::move(response));
  }
  const console::LoginSession* caller = nullptr;
};

class Console {
 public:
  Console() {
    auto opened = console::UserStore::open(":memory:");
    TT_ASSERT(opened.has_value());
    store_ = std::move(*opened);
    add("admin", "admin", false);
    add("watcher", "monitor", false);
    add("operator", "op_copy_services", false);
    add("newcomer", "admin", true);
    users_ = std::make_unique<console::UserOperations>(*store_, sessions_, slow_, [] { return kNow; });
    service_ = std::make_unique<console::DscliService>(console::DscliService::Parts{
        sessions_, *users_, images_, audit_, [] { return kNow; }, [](const std::string&) {}, "1.2.3"});
  }

  /// Sends what a client may send and checks what everybody may rely on.
  void post(std::uint8_t who, const std::string& address, std::string body) {
    const std::string token = who % (tokens_.size() + 1) == 0 ? "0123" : tokens_[who % (tokens_.size() + 1) - 1];
    const console::LoginSession* session = sessions_.find(token, kNow);
    const console::LoginSession caller = session == nullptr ? console::LoginSession{} : *session;
    images_.caller = session == nullptr ? nullptr : &caller;
    unsigned replies = 0;
    service_->handle({"POST", "/dscli/v1/" + address, token, std::move(body), "192.0.2.1"},
                     [&](const console::HttpReply& reply) {
                       ++replies;
                       check(reply, address, session != nullptr);
                     });
    TT_ASSERT(replies == 1);
    TT_ASSERT(store_->all().has_value());
    const auto chain = console::check_chain(log());
    TT_ASSERT(chain.first_bad == 0 && chain.torn == 0);
  }
  [[nodiscard]] std::string log() const { return file_.content(); }
  /// Somebody can still log in and put things right.
  void check_somebody_remains() {
    const auto all = store_->all();
    TT_ASSERT(all.has_value());
    TT_ASSERT(std::ranges::any_of(*all, [](const console::User& user) {
      return !user.locked && std::ranges::find(user.groups, "admin") != user.groups.end();
    }));
  }

 private:
  void add(const std::string& name, const std::string& group, bool expired) {
    console::User user;
    user.name = name;
    user.groups = {group};
    user.must_change = expired;
    user.password_changed = kNow;
    TT_ASSERT(store_->save(user).has_value());
    tokens_.push_back(sessions_.begin({name, {group}, expired, kNow}, kNow));
  }
  static void check(const console::HttpReply& reply, const std::string& address, bool logged_in) {
    static constexpr int kStatuses[] = {200, 400, 401, 404, 503};
    TT_ASSERT(std::ranges::find(kStatuses, reply.status) != std::end(kStatuses));
    if (address == "execute" && !logged_in) TT_ASSERT(reply.status == 401);
    const auto body = control::parse_json(reply.body);
    TT_ASSERT(body && body->is_object());
  }

  MemoryFile file_;
  console::AuditLog audit_{file_.path()};
  console::Sessions sessions_;
  NeverTime slow_;
  OneImage images_;
  std::vector<std::string> tokens_;
  std::unique_ptr<console::UserStore> store_;
  std::unique_ptr<console::UserOperations> users_;
  std::unique_ptr<console::DscliService> service_;
};

void bodies(fuzz::Input& input) {
  static constexpr const char* kAddresses[] = {"execute", "login", "logout", "", "execute/"};
  Console console;
  const std::uint8_t who = input.byte();
  const std::string address = kAddresses[input.byte() % std::size(kAddresses)];
  console.post(who, address, text_of(input));
  console.check_somebody_remains();
}

/// Each line of the text is the arguments of a request. A secret argument is known here, so it can be looked for.
void requests(fuzz::Input& input) {
  Console console;
  const auto operations = model::operations();
  const std::uint8_t who = input.byte();
  std::string chosen;
  for (int i = 0; i < 4; ++i) chosen += static_cast<char>(input.byte());
  const std::string text = text_of(input);
  std::string_view rest = text;
  for (std::size_t i = 0; i < chosen.size() && !rest.empty(); ++i) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    auto arguments = control::parse_json(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto& operation = operations[static_cast<unsigned char>(chosen[i]) % operations.size()];
    if (!arguments || !arguments->is_object()) continue;
    for (const model::Argument& argument : operation.arguments) {
      if (argument.kind == model::ArgumentKind::secret) (*arguments)[std::string(argument.key)] = kSecret;
    }
    const json body = {{"image", kImage}, {"operation", operation.name}, {"arguments", std::move(*arguments)}};
    console.post(who, "execute", control::dump_json(body));
  }
  console.check_somebody_remains();
  if (text.find(kSecret) == std::string::npos) TT_ASSERT(console.log().find(kSecret) == std::string::npos);
}

/// A log of whole lines, of which one byte was changed, one line was taken out, or what stands behind a place is gone.
void changed_log(fuzz::Input& input) {
  const auto kind = input.byte() % 3;
  const auto where = input.number<std::uint16_t>();
  std::string text = text_of(input);
  std::ranges::replace(text, '\0', ' ');
  // What admits a torn line would be believed when it stands behind one.
  if (text.find(console::kTornEvent) != std::string::npos || text.starts_with(console::kFollows)) return;
  std::string log;
  std::vector<std::size_t> ends = {0};
  std::string head = console::chain_begin();
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string line = console::chained_line(rest.substr(0, end), head);
    head = *console::hash_of_line(line);
    log += line + "\n";
    ends.push_back(log.size());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto whole = console::check_chain(log);
  TT_ASSERT(whole.first_bad == 0 && whole.torn == 0 && whole.head == head && whole.claimed == head);
  TT_ASSERT(whole.lines + 1 == ends.size());
  if (log.empty()) return;
  TT_ASSERT(console::chain_has(log, head));
  std::string changed = log;
  if (kind == 0) {
    // The end of the last line is no part of it.
    changed[where % (changed.size() - 1)] ^= '\x01';
  } else if (kind == 1) {
    const std::size_t line = where % (ends.size() - 1);
    changed.erase(ends[line], ends[line + 1] - ends[line]);
  } else {
    changed.resize(where % changed.size());
  }
  const auto report = console::check_chain(changed);
  // Whoever wrote down the last hash notices a shorter log; every other change is seen without.
  const bool shorter = log.starts_with(changed);
  if (!shorter) TT_ASSERT(report.first_bad != 0);
  TT_ASSERT(!(report.first_bad == 0 && report.head == head) || changed + "\n" == log);
}

void any_log(fuzz::Input& input) {
  const std::string log = text_of(input);
  const auto report = console::check_chain(log);
  const auto lines = static_cast<std::uint64_t>(std::ranges::count(log, '\n')) + 1;
  TT_ASSERT(report.lines + report.torn <= lines && report.first_bad <= lines);
  TT_ASSERT(report.head.size() == console::chain_begin().size());
  if (report.first_bad == 0) TT_ASSERT(report.claimed == report.head);
  if (report.lines > 0) TT_ASSERT(console::chain_has(log, report.head));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 64 * 1024) return 0;
  fuzz::Input input(data, size);
  using Target = void (*)(fuzz::Input&);
  static constexpr Target kTargets[] = {bodies, requests, changed_log, any_log};
  kTargets[input.byte() % std::size(kTargets)](input);
  return 0;
}
