// SPDX-License-Identifier: Apache-2.0
// offloadauditlog: the log comes in pieces and is written when it is whole, so a file is never half of it.
#include <filesystem>

#include "interfaces/dscli/session.h"
#include "interfaces/files/files.h"

namespace tt::dscli {

int Session::offload_audit_log(const Command& command) {
  const model::Operation& operation = *command.operation;
  const auto file = command.locals["file"].get<std::string>();
  const auto console = command.locals["console"].get<std::string>();
  std::error_code ignored;
  // Missing folders are made for files of the program, not for one that a typing error names.
  const std::filesystem::path folder = std::filesystem::absolute(file, ignored).parent_path();
  if (!std::filesystem::is_directory(folder, ignored)) {
    return reject({"CMUC09025E", {file, "there is no folder " + folder.string()}, {}, kExitApplication},
                  operation.name);
  }
  if (!command.quiet && std::filesystem::exists(file, ignored)) {
    if (options_.mode == Mode::script || !terminal_.can_ask()) {
      return reject({"CMUC09013E", {std::string(operation.name)}, {}, kExitApplication}, operation.name);
    }
    const model::Message* message = model::find_message(operation.prompt);
    const std::string_view slots[] = {file};
    const auto yes = ask_yes_no(std::string(message->id) + " " + std::string(operation.name) + ": " +
                                model::fill_slots(message->text, slots));
    if (!yes) return reject({"CMUC09021E", {}, {}, kExitApplication}, operation.name);
    if (!*yes) return kExitSuccess;
  }
  std::string log;
  for (bool more = true; more;) {
    auto answer = transport_->execute("", std::string(operation.name), {{"offset", log.size()}});
    if (!answer) return report_failure(operation.name, answer.error());
    if (answer->response.status != Errc::ok) return report(command, settings_, *answer);
    const auto& rows = answer->response.rows;
    const std::string text = rows.empty() ? std::string() : rows[0].value("text", std::string());
    log += text;
    more = !text.empty();
  }
  const Result<void> written = files::write_private_file(file, log);
  if (!written) {
    const std::string why = files::describe(written.error());
    return reject({"CMUC09025E", {file, why}, {}, kExitApplication}, operation.name);
  }
  const std::string_view slots[] = {file, console};
  print_message(operation.success, operation.name, slots);
  return kExitSuccess;
}

}  // namespace tt::dscli
