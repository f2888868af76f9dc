// SPDX-License-Identifier: Apache-2.0
#include "console/dscli_service.h"

#include <algorithm>

#include "interfaces/control/messages.h"
#include "model/selection.h"
#include "model/validation.h"

namespace tt::console {

namespace {

using nlohmann::json;

constexpr std::size_t kAuditPiece = 256 * 1024;
constexpr std::string_view kPrefix = "/dscli/v1/";

HttpReply json_reply(int status, const json& body) {
  return {status, control::dump_json(body)};
}
HttpReply problem(int status, const std::string& text) {
  return json_reply(status, {{"text", text}});
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json answer_json(const ServiceAnswer& answer) {
  json body = control::response_to_json(answer.response);
  if (!answer.message_id.empty()) body["message"] = answer.message_id;
  if (!answer.text.empty()) body["text"] = answer.text;
  return body;
}

ServiceAnswer rejected(Errc code, std::string message_id = {}, std::string text = {}) {
  ServiceAnswer answer;
  answer.response.status = code;
  answer.message_id = std::move(message_id);
  answer.text = std::move(text);
  return answer;
}

/// Arguments for the audit log: that a secret was given, but not which.
std::string harmless_arguments(const model::Operation& operation, json arguments) {
  for (const model::Argument& argument : operation.arguments) {
    const bool secret = argument.kind == model::ArgumentKind::secret && arguments.contains(argument.key);
    if (secret) arguments[std::string(argument.key)] = "***";
  }
  return std::string(operation.name) + " " + control::dump_json(arguments);
}

std::string operand_name(const json& arguments) {
  const auto id = arguments.find("id");
  return id != arguments.end() && id->is_string() ? id->get<std::string>() : std::string("-");
}

}  // namespace

bool DscliService::serves(const std::string& target) const {
  return target.compare(0, kPrefix.size(), kPrefix) == 0;
}

void DscliService::handle(HttpRequest request, ReplyFunction reply) {
  const std::string name = request.target.substr(kPrefix.size());
  if (request.method != "POST") return reply(problem(405, "only POST is possible here"));
  if (name == "login") return login(request, reply);
  if (name == "logout") return logout(request, reply);
  if (name == "execute") return execute(request, reply);
  reply(problem(404, "there is nothing at this address"));
}

void DscliService::login(const HttpRequest& request, const ReplyFunction& reply) {
  const auto body = control::parse_json(request.body);
  if (!body || !body->is_object()) return reply(problem(400, "the body must be a JSON object with user and password"));
  const std::string user = text_at(*body, "user");
  const std::string password = text_at(*body, "password");
  parts_.users.login(user, password, [this, user, peer = request.peer, reply](Result<User> result) {
    if (!result) {
      const Errc code = result.error().code;
      if (code == Errc::busy) return reply(problem(503, "too many logins at a time; try again"));
      if (code != Errc::authentication_failed) {
        parts_.log("the user store failed: " + std::string(name_of(code)) + " " +
                   std::to_string(result.error().detail));
        return reply(problem(500, "the user store of the management console failed; look at its log"));
      }
      record_login(user, peer, 1002, "User_Login_Fail", false);
      return reply(problem(401, "user name or password is wrong, or the account is locked."));
    }
    LoginSession session;
    session.user = result->name;
    session.groups = result->groups;
    session.scope = result->scope;
    session.password_expired = result->must_change;
    const bool expired = session.password_expired;
    const std::string token = parts_.sessions.begin(std::move(session), parts_.now());
    record_login(user, peer, expired ? 1001 : 1000, expired ? "User_Login_Expire" : "User_Login", true);
    reply(json_reply(200, {{"token", token},
                           {"groups", result->groups},
                           {"images", parts_.images.ids()},
                           {"password_expired", expired},
                           {"version", parts_.version}}));
  });
}

void DscliService::logout(const HttpRequest& request, const ReplyFunction& reply) {
  const LoginSession* session = parts_.sessions.find(request.token, parts_.now());
  if (session != nullptr) record_login(session->user, request.peer, 1004, "User_Logout", true);
  parts_.sessions.end(request.token);
  reply(json_reply(200, json::object()));
}

void DscliService::execute(const HttpRequest& request, const ReplyFunction& reply) {
  const LoginSession* session = parts_.sessions.find(request.token, parts_.now());
  if (session == nullptr) return reply(problem(401, "the session has ended; log in again."));
  const Caller caller{session->user, session->groups, session->scope, request.token};
  auto body = control::parse_json(request.body);
  const bool well_formed = body && body->is_object() && body->contains("arguments") && (*body)["arguments"].is_object();
  if (!well_formed) return reply(problem(400, "the body must be a JSON object with image, operation and arguments"));

  model::Request call;
  call.operation = text_at(*body, "operation");
  call.user = caller.user;
  call.scope = caller.scope;
  call.arguments = std::move((*body)["arguments"]);
  const std::string image = text_at(*body, "image");
  const model::Operation* operation = model::find_operation(call.operation);
  const auto answer_now = [&](const ServiceAnswer& answer) { reply(json_reply(200, answer_json(answer))); };
  if (operation == nullptr || operation->place == model::Place::client || operation->name != call.operation) {
    record_refusal(caller, image, "-", "not_in_this_release");
    return answer_now(rejected(Errc::not_in_this_release));
  }
  const bool own_password = operation->name == "chuser" && call.arguments.value("id", json()) == caller.user &&
                            call.arguments.contains("password");
  if (session->password_expired && !own_password) {
    record_refusal(caller, image, operation->name, "CMUN90812E");
    return answer_now(rejected(Errc::not_authorised, "CMUN90812E"));
  }

  const auto done = [this, operation, caller, image, arguments = call.arguments, reply](const ServiceAnswer& answer) {
    record(*operation, caller, image, arguments, answer);
    reply(json_reply(200, answer_json(answer)));
  };
  const std::string wrong = model::check_arguments(*operation, call.arguments);
  if (!wrong.empty()) {
    record_refusal(caller, image, operation->name, "malformed");
    return reply(problem(400, wrong));
  }
  if (!model::allows(caller.groups, operation->access)) return done(rejected(Errc::not_authorised));
  if (operation->name == "offloadauditlog") return done(read_audit_log(call.arguments));
  if (operation->place == model::Place::console) return parts_.users.run(caller, call, done);
  run_on_image(image, std::move(call), done);
}

void DscliService::run_on_image(const std::string& image, model::Request request,
                                const UserOperations::Answered& done) {
  const bool of_all = request.operation == "lssi" || request.operation == "lssu";
  if (image.empty() && of_all) return list_images(std::move(request), done);
  const auto ids = parts_.images.ids();
  if (std::find(ids.begin(), ids.end(), image) == ids.end()) {
    return done(rejected(Errc::invalid_argument, "CMUN90814E", image));
  }
  parts_.images.call(image, std::move(request), [done](model::Response response) {
    ServiceAnswer answer;
    answer.response = std::move(response);
    done(std::move(answer));
  });
}

/// One row per image; an image that is away is listed as such.
void DscliService::list_images(model::Request request, const UserOperations::Answered& done) {
  struct Gathering {
    ServiceAnswer answer;
    std::size_t missing = 0;
  };
  const auto ids = parts_.images.ids();
  auto gathering = std::make_shared<Gathering>();
  gathering->missing = ids.size();
  const auto arguments = request.arguments;
  const model::Operation* operation = model::find_operation(request.operation);
  if (ids.empty()) return done({});
  for (const std::string& id : ids) {
    parts_.images.call(id, request, [gathering, id, arguments, operation, done](model::Response response) {
      auto& rows = gathering->answer.response.rows;
      if (response.status == Errc::ok) {
        rows.insert(rows.end(), response.rows.begin(), response.rows.end());
      } else {
        const std::string shown = operation->name == "lssu" ? model::unit_of_image(id) : id;
        rows.push_back({{"id", shown}, {"state", "Offline"}});
      }
      if (--gathering->missing > 0) return;
      model::select_rows(*operation, arguments, rows);
      done(gathering->answer);
    });
  }
}

void DscliService::record(const model::Operation& operation, const Caller& caller, const std::string& image,
                          const json& arguments, const ServiceAnswer& answer) {
  AuditRecord record;
  record.user = caller.user;
  record.image = model::parse_image_id(image).value_or("");
  record.code = operation.audit_code == 0 ? 1900 : operation.audit_code;
  record.event = operation.audit_code == 0 ? "Command_Run" : operation.audit_event;
  const bool password = operation.name == "chuser" && arguments.contains("password");
  if (password) {
    record.code = 1103;
    record.event = "User_Password_Change";
  }
  record.detail = harmless_arguments(operation, arguments);
  const auto append_result = [&](const std::string& object, Errc code, const std::string& message_id) {
    record.object = object;
    record.severity = code == Errc::ok ? 'N' : 'E';
    record.result = code == Errc::ok     ? "success"
                    : message_id.empty() ? std::string(model::message_id_of(code, operation.name))
                                         : message_id;
    append(record);
    record.detail.clear();  // Once per request is enough.
  };
  const model::Response& response = answer.response;
  if (response.status != Errc::ok) {
    append_result(operand_name(arguments), response.status, answer.message_id);
    return;
  }
  for (const model::ObjectResult& result : response.results) append_result(result.name, result.code, {});
  // Pieces of the log itself would be followed by ever more of it.
  const bool piece = operation.name == "offloadauditlog";
  if (response.results.empty() && !piece) append_result(operand_name(arguments), Errc::ok, {});
}

/// A request that was not looked at any further. Its arguments stay out: nobody knows what they are.
void DscliService::record_refusal(const Caller& caller, const std::string& image, std::string_view operation,
                                  const char* why) {
  AuditRecord record;
  record.user = caller.user;
  record.image = model::parse_image_id(image).value_or("");
  record.severity = 'E';
  record.code = 1901;
  record.event = "Command_Refused";
  record.object = operation;
  record.result = why;
  append(record);
}

void DscliService::record_login(const std::string& user, const std::string& peer, int code, const char* event,
                                bool good) {
  AuditRecord record;
  record.user = user;
  record.severity = good ? 'N' : 'W';
  record.code = code;
  record.event = event;
  record.object = user;
  record.result = good ? "success" : "CMUC00191E";
  record.detail = "from " + peer;
  append(record);
}

/// A piece of the log. Only the last, empty one is a result: one record says that the log was taken.
ServiceAnswer DscliService::read_audit_log(const json& arguments) const {
  const auto offset = arguments.value("offset", std::uint64_t{0});
  const Result<std::string> text = parts_.audit.read(offset, kAuditPiece);
  if (!text) return rejected(text.error().code);
  ServiceAnswer answer;
  answer.response.rows.push_back({{"id", "audit"}, {"text", *text}, {"next", offset + text->size()}});
  if (text->empty()) answer.response.results.push_back({"audit log", Errc::ok, 0});
  return answer;
}

void DscliService::append(const AuditRecord& record) {
  const Result<void> written = parts_.audit.append(record);
  if (!written) parts_.log("the audit log cannot be written: errno " + std::to_string(written.error().detail));
}

}  // namespace tt::console
