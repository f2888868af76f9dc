// SPDX-License-Identifier: Apache-2.0
// Where the hosts of one reactor log in: gives each session the volumes that the newest table maps to its host, and
// takes them away again when a newer one does not.
//
// Everything is decided when a session asks for volumes and when a table is installed; between the two a request costs
// one look at a flag of its session.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "image/access_table.h"

namespace tt::image {

/// A session with a volume, or a host that asked for volumes and is no host connection.
struct LoginInfo {
  std::uint16_t port = 0;
  std::string peer;
  std::string identity;
  std::uint64_t wwpn = 0;  ///< Of the host connection; of an unknown host the one it would get.
  std::optional<std::uint16_t> connection;
  std::string name;
  std::string volume;
  bool open = false;
};

class HostDesk final : public HostAccess {
 public:
  /// `volumes` outlives it.
  explicit HostDesk(ExportSource& volumes);
  ~HostDesk() override;

  std::unique_ptr<HostLogin> login(HostFacts facts) override;

  /// From now on this decides, also for sessions that are logged in.
  void install(std::shared_ptr<const AccessTable> table);
  /// Sessions that have a volume.
  [[nodiscard]] std::vector<LoginInfo> logins() const;
  /// The latest hosts that asked and are no host connection, oldest first.
  [[nodiscard]] std::vector<LoginInfo> unknown_hosts() const;

  static constexpr std::size_t kMostUnknownHosts = 64;

 private:
  class Login;
  void remember_unknown(const Host& host);

  ExportSource& volumes_;
  std::shared_ptr<const AccessTable> table_;
  std::list<Login*> logins_;
  std::deque<Host> unknown_;
};

}  // namespace tt::image
