// SPDX-License-Identifier: Apache-2.0
// What a host adapter asks of the image about who may see what: a session tells what it knows of its host, and gets the
// volumes of that host, and only those. One instance per reactor, used on that reactor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "image/block_service.h"

namespace tt::image {

/// What is known of the host at the other end. The transport vouches for it: names and key are proved, not claimed.
struct HostFacts {
  std::uint16_t port = 0;                      ///< I/O port it came in at.
  std::string peer;                            ///< ByteStream::peer_name(): "127.0.0.1:40312", "unix:uid=1000".
  std::string psk;                             ///< Identity of the pre-shared key; empty if there was none.
  std::vector<std::string> certificate_names;  ///< Common name first, then alternative names.
};

/// One session of a host. As a source of exports it knows only the volumes that are mapped to the host.
class HostLogin : public ExportSource {
 public:
  /// The session begins to serve a volume that find() gave.
  virtual void attach(const ExportInfo& volume) = 0;
  /// Whether the attached volume is still mapped. Changes between two turns of the reactor; requests of a session that
  /// is not open are refused with not_authorised.
  [[nodiscard]] bool is_open() const noexcept { return open_; }

 protected:
  bool open_ = false;
};

class HostAccess {
 public:
  virtual ~HostAccess() = default;
  /// Ends with the returned object, which does not outlive this one.
  virtual std::unique_ptr<HostLogin> login(HostFacts facts) = 0;
};

}  // namespace tt::image
