// SPDX-License-Identifier: Apache-2.0
// The service under /dscli/v1 that the DS CLI talks to; docs/console.md describes the messages. It knows who calls,
// what the caller may do, which image is meant, and records what was done.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "console/audit_log.h"
#include "console/http.h"
#include "console/image_directory.h"
#include "console/sessions.h"
#include "console/user_operations.h"
#include "model/catalogue.h"

namespace tt::console {

class DscliService final : public HttpService {
 public:
  struct Parts {
    Sessions& sessions;
    UserOperations& users;
    ImageDirectory& images;
    AuditLog& audit;
    std::function<std::int64_t()> now;
    std::function<void(const std::string&)> log;
    std::string version;
  };
  explicit DscliService(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] bool serves(const std::string& target) const override;
  void handle(HttpRequest request, ReplyFunction reply) override;

 private:
  void login(const HttpRequest& request, const ReplyFunction& reply);
  void logout(const HttpRequest& request, const ReplyFunction& reply);
  void execute(const HttpRequest& request, const ReplyFunction& reply);
  void run_on_image(const std::string& image, model::Request request, const UserOperations::Answered& done);
  void list_images(model::Request request, const UserOperations::Answered& done);
  void record(const model::Operation& operation, const Caller& caller, const std::string& image,
              const nlohmann::json& arguments, const ServiceAnswer& answer);
  void record_refusal(const Caller& caller, const std::string& image, std::string_view operation, const char* why);
  void record_login(const std::string& user, const std::string& peer, int code, const char* event, bool good);
  void append(const AuditRecord& record);
  [[nodiscard]] ServiceAnswer read_audit_log(const nlohmann::json& arguments) const;

  Parts parts_;
};

}  // namespace tt::console
