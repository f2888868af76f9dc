// SPDX-License-Identifier: Apache-2.0
// Everything a user can set once instead of with each command. Precedence: command parameter > setenv/setoutput >
// global option > user profile > install profile > the defaults below.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tt::dscli {

enum class OutputFormat : std::uint8_t { table, xml, delim, stanza };

std::optional<OutputFormat> parse_format(std::string_view word);
std::string_view format_name(OutputFormat format);

struct Settings {
  std::string hmc1;  ///< host or host:port
  std::string hmc2;
  std::string username;
  std::string password;
  std::string passwordfile;  ///< File whose first line is the password; an addition of ours.
  std::string pwfile;
  std::string devid;
  std::string remotedevid;
  std::string ca;   ///< File with the certificate to trust.
  std::string pin;  ///< SHA-256 of the certificate, hex; instead of ca.
  std::string locale;
  std::int64_t timeout_seconds = 900;
  std::int64_t connection_timeout_seconds = 20;
  bool fullid = false;
  std::optional<bool> paging;  ///< Unset: off, but on in interactive mode on a terminal.
  std::int64_t rows = 24;
  OutputFormat format = OutputFormat::table;
  char delim = ',';
  bool header = true;
  bool banner = true;
  bool verbose = false;
  bool echo = false;
  std::string echoprefix = "dscli> ";
};

}  // namespace tt::dscli
