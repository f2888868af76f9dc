// SPDX-License-Identifier: Apache-2.0
// A command line after it was checked against the catalogue.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "interfaces/dscli/settings.h"
#include "model/catalogue.h"

namespace tt::dscli {

/// Exit codes of the program.
inline constexpr int kExitSuccess = 0;
inline constexpr int kExitSyntax = 2;
inline constexpr int kExitConnection = 3;
inline constexpr int kExitServer = 4;
inline constexpr int kExitAuthentication = 5;
inline constexpr int kExitApplication = 6;

/// Output options of one command; unset ones come from the settings.
struct OutputChoice {
  bool ids_only = false;
  bool all_columns = false;
  std::optional<bool> fullid;
  std::optional<bool> paging;
  std::optional<bool> header;
  std::optional<bool> banner;
  std::optional<bool> verbose;
  std::optional<std::int64_t> rows;
  std::optional<OutputFormat> format;
  std::optional<char> delim;
};

struct Command {
  const model::Operation* operation = nullptr;
  std::string image;                                    ///< Empty when the operation needs none.
  nlohmann::json arguments = nlohmann::json::object();  ///< For the request.
  nlohmann::json locals = nlohmann::json::object();     ///< For this program.
  OutputChoice output;
  bool quiet = false;
  bool help = false;
};

/// Why a command is not carried out: a message, its slots, and the exit code it stands for.
struct Rejection {
  std::string message_id;
  std::vector<std::string> slots;
  std::string object;  ///< Printed before the text when the message is about one object.
  int exit_code = kExitSyntax;
};

}  // namespace tt::dscli
