// SPDX-License-Identifier: Apache-2.0
#include "interfaces/dscli/https_transport.h"

#include "interfaces/control/messages.h"
#include "model/catalogue.h"

namespace tt::dscli {

namespace {

using nlohmann::json;

constexpr int kOk = 200;
constexpr int kUnauthorized = 401;
constexpr int kNotFound = 404;

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> words_at(const json& object, const char* key) {
  std::vector<std::string> words;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return words;
  for (const json& word : *found) {
    if (word.is_string()) words.push_back(word.get<std::string>());
  }
  return words;
}

class ConsoleTransport final : public Transport {
 public:
  ConsoleTransport(std::unique_ptr<HttpClient> client, std::string program)
      : client_(std::move(client)), program_(std::move(program)) {}

  Result<LoginAnswer> login(const std::string& user, const std::string& password) override {
    token_.clear();
    TT_TRY(const json answer, post("/dscli/v1/login", {{"user", user}, {"password", password}, {"program", program_}}));
    LoginAnswer login;
    token_ = text_at(answer, "token");
    if (token_.empty()) return broken();
    login.groups = words_at(answer, "groups");
    login.images = words_at(answer, "images");
    login.console_version = text_at(answer, "version");
    login.password_expired = answer.value("password_expired", false);
    return login;
  }

  Result<ExecuteAnswer> execute(const std::string& image, const std::string& operation,
                                const json& arguments) override {
    TT_TRY(const json answer,
           post("/dscli/v1/execute", {{"image", image}, {"operation", operation}, {"arguments", arguments}}));
    auto response = control::response_from_json(answer);
    if (!response) return broken();
    ExecuteAnswer result;
    result.response = std::move(response).value();
    result.message_id = text_at(answer, "message");
    result.message_text = text_at(answer, "text");
    // A message this release does not know cannot be printed by its id.
    if (model_knows(result.message_id)) return result;
    result.message_id.clear();
    return result;
  }

  [[nodiscard]] std::string explanation() const override {
    return explanation_.empty() ? client_->explanation() : explanation_;
  }

  std::vector<std::string> take_notices() override { return client_->take_notices(); }

 private:
  static bool model_knows(const std::string& id);

  Error broken() {
    explanation_ = "the management console's answer is not understood: use programs of the same release";
    return Error{Errc::disconnected, 0};
  }

  Result<json> post(const std::string& path, const json& body) {
    explanation_.clear();
    TT_TRY(const HttpAnswer answer, client_->post(path, token_, control::dump_json(body)));
    if (answer.status == kNotFound) {
      explanation_ = "the server at this address is no management console for this DS CLI (version 1)";
      return Errc::disconnected;
    }
    auto parsed = control::parse_json(answer.body);
    if (!parsed || !parsed->is_object()) return broken();
    if (answer.status == kUnauthorized) {
      explanation_ = text_at(*parsed, "text");
      return Errc::authentication_failed;
    }
    if (answer.status != kOk) {
      explanation_ = text_at(*parsed, "text");
      return Errc::disconnected;
    }
    return std::move(parsed).value();
  }

  std::unique_ptr<HttpClient> client_;
  std::string program_;
  std::string token_;
  std::string explanation_;
};

bool ConsoleTransport::model_knows(const std::string& id) {
  return id.empty() || model::find_message(id) != nullptr;
}

/// An address that cannot be one.
class NoTransport final : public Transport {
 public:
  explicit NoTransport(std::string why) : why_(std::move(why)) {}
  Result<LoginAnswer> login(const std::string&, const std::string&) override { return Errc::disconnected; }
  Result<ExecuteAnswer> execute(const std::string&, const std::string&, const json&) override {
    return Errc::disconnected;
  }
  [[nodiscard]] std::string explanation() const override { return why_; }

 private:
  std::string why_;
};

}  // namespace

std::unique_ptr<Transport> make_console_transport(std::unique_ptr<HttpClient> client, std::string program) {
  return std::make_unique<ConsoleTransport>(std::move(client), std::move(program));
}

std::unique_ptr<Transport> make_https_transport(const std::string& address, const Settings& settings,
                                                const std::string& known_file, const std::string& program) {
  HttpsOptions options;
  if (!split_address(address, options.host, options.port)) {
    return std::make_unique<NoTransport>("'" + address + "' is not an address: write host or host:port");
  }
  options.ca_file = settings.ca;
  options.pin = settings.pin;
  options.known_file = known_file;
  options.connect_timeout_ms = settings.connection_timeout_seconds * 1000;
  options.answer_timeout_ms = settings.timeout_seconds * 1000;
  return make_console_transport(std::make_unique<HttpsClient>(std::move(options)), program);
}

}  // namespace tt::dscli
