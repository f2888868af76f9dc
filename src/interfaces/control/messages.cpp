// SPDX-License-Identifier: Apache-2.0
#include "interfaces/control/messages.h"

#include <algorithm>

namespace tt::control {

namespace {

using nlohmann::json;

constexpr std::string_view kProtocol = "twintrack-control";
constexpr int kDeepestNesting = 16;
constexpr std::size_t kLongestName = 256;

/// Whether brackets nest no deeper than allowed; strings are skipped. Recursive code behind the parser depends on it.
bool nesting_is_sane(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepestNesting) return false;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

bool read_number(const json& object, const char* key, std::uint64_t largest, std::uint64_t& into) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return false;
  into = found->get<std::uint64_t>();
  return into <= largest;
}

bool read_text(const json& object, const char* key, std::string& into) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return false;
  into = found->get_ref<const std::string&>();
  return into.size() <= kLongestName;
}

bool read_code(const json& object, const char* key, Errc& into) {
  std::uint64_t number = 0;
  if (!read_number(object, key, 0xFFFF, number)) return false;
  into = static_cast<Errc>(number);
  return true;
}

Result<json> parse_object(std::string_view text) {
  TT_TRY(json object, parse_json(text));
  if (!object.is_object()) return Errc::bad_message;
  return object;
}

Result<model::ObjectResult> result_from_json(const json& item) {
  model::ObjectResult result;
  if (!item.is_object() || !read_text(item, "name", result.name) || !read_code(item, "code", result.code) ||
      !read_number(item, "detail", UINT64_MAX, result.detail)) {
    return Errc::bad_message;
  }
  return result;
}

}  // namespace

Result<json> parse_json(std::string_view text) {
  if (!nesting_is_sane(text)) return Errc::bad_message;
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) return Errc::bad_message;
  return value;
}

std::string dump_json(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string encode(const Hello& hello) {
  json object = {{"hello", kProtocol}, {"version", hello.version}, {"program", hello.program}};
  if (!hello.image_id.empty()) object["image"] = hello.image_id;
  if (!hello.refused.empty()) object["refused"] = hello.refused;
  return dump_json(object);
}

std::string encode(const Call& call) {
  return dump_json({{"id", call.id},
                    {"operation", call.request.operation},
                    {"user", call.request.user},
                    {"scope", call.request.scope},
                    {"arguments", call.request.arguments}});
}

std::string encode(const Answer& answer) {
  json object = response_to_json(answer.response);
  object["id"] = answer.id;
  return dump_json(object);
}

Result<Hello> decode_hello(std::string_view text) {
  TT_TRY(const json object, parse_object(text));
  Hello hello;
  std::string protocol;
  std::uint64_t version = 0;
  if (!read_text(object, "hello", protocol) || protocol != kProtocol) return Errc::bad_message;
  if (!read_number(object, "version", UINT32_MAX, version)) return Errc::bad_message;
  hello.version = static_cast<std::uint32_t>(version);
  if (!read_text(object, "program", hello.program)) return Errc::bad_message;
  if (object.contains("image") && !read_text(object, "image", hello.image_id)) return Errc::bad_message;
  if (object.contains("refused") && !read_text(object, "refused", hello.refused)) return Errc::bad_message;
  return hello;
}

Result<Call> decode_call(std::string_view text) {
  TT_TRY(json object, parse_object(text));
  Call call;
  if (!read_number(object, "id", UINT64_MAX, call.id) || !read_text(object, "operation", call.request.operation) ||
      !read_text(object, "user", call.request.user) || !read_text(object, "scope", call.request.scope)) {
    return Errc::bad_message;
  }
  const auto arguments = object.find("arguments");
  if (arguments == object.end() || !arguments->is_object()) return Errc::bad_message;
  call.request.arguments = std::move(*arguments);
  return call;
}

Result<Answer> decode_answer(std::string_view text) {
  TT_TRY(const json object, parse_object(text));
  Answer answer;
  if (!read_number(object, "id", UINT64_MAX, answer.id)) return Errc::bad_message;
  TT_TRY(answer.response, response_from_json(object));
  return answer;
}

json response_to_json(const model::Response& response) {
  json results = json::array();
  for (const model::ObjectResult& result : response.results) {
    results.push_back(
        {{"name", result.name}, {"code", static_cast<std::uint16_t>(result.code)}, {"detail", result.detail}});
  }
  return {{"status", static_cast<std::uint16_t>(response.status)},
          {"detail", response.detail},
          {"results", std::move(results)},
          {"rows", response.rows}};
}

Result<model::Response> response_from_json(const json& object) {
  model::Response response;
  if (!object.is_object() || !read_code(object, "status", response.status) ||
      !read_number(object, "detail", UINT64_MAX, response.detail)) {
    return Errc::bad_message;
  }
  const auto results = object.find("results");
  const auto rows = object.find("rows");
  if (results == object.end() || !results->is_array() || rows == object.end() || !rows->is_array()) {
    return Errc::bad_message;
  }
  for (const json& item : *results) {
    TT_TRY(model::ObjectResult result, result_from_json(item));
    response.results.push_back(std::move(result));
  }
  const auto is_object = [](const json& row) { return row.is_object(); };
  if (!std::all_of(rows->begin(), rows->end(), is_object)) return Errc::bad_message;
  response.rows.assign(rows->begin(), rows->end());
  return response;
}

}  // namespace tt::control
