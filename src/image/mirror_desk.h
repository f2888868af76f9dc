// SPDX-License-Identifier: Apache-2.0
// The remote mirroring of one image: keeps the paths up that its configuration says, makes and removes them by command,
// and answers the images that call. On the home reactor.
#pragma once

#include <string>
#include <vector>

#include "image/control.h"
#include "image/fabric.h"
#include "image/pair_desk.h"
#include "image/path_problems.h"
#include "mirror/path_keeper.h"
#include "volume/paths.h"

namespace tt::image {

class MirrorDesk final : public mirror::LinkServices, public CallDesk {
 public:
  /// All of it outlives the desk, which outlives the tasks of its links.
  MirrorDesk(ControlPlane& control, rt::Reactor& home, Fabric& fabric, mirror::LinkOptions options = {});
  ~MirrorDesk() override;

  /// Begins with what is configured.
  void start();
  /// Every link and every attempt ends. What is configured stays.
  rt::Task<void> stop();

  struct Established {
    Result<void> done;
    std::vector<mirror::PathReport> failed;  ///< Also of a set that is in force with the others.
  };
  /// Instead of what there was between these LSSs, durable when it returns. path_failed: none came up, and what there
  /// was is in force again. Else as plan_set_paths().
  rt::Task<Established> establish(volume::SetPathsRequest request);
  /// As plan_remove_paths().
  rt::Task<Result<void>> remove(volume::RemovePathsRequest request);

  /// How each path of a set is now.
  [[nodiscard]] std::vector<mirror::PathReport> statuses(const volume::PathSetConfig& set) const;
  /// Pairs of ports over which that image answers now, and what it is called.
  struct Reachable {
    std::vector<mirror::PathPorts> ports;
    std::string partner;
  };
  rt::Task<Reachable> reachable(std::uint64_t wwnn);
  /// Its pairs of volumes.
  [[nodiscard]] PairDesk& pairs() noexcept { return pairs_; }

  // --- CallDesk ---
  rt::Task<void> attend(std::unique_ptr<rt::ByteStream> stream, std::uint16_t port,
                        std::vector<std::uint64_t> proven) override;
  void port_closed(std::uint16_t port) override { keeper_.close_port(port); }

  // --- LinkServices ---
  [[nodiscard]] mirror::PathStatus admit(const mirror::Hello& hello) override;
  rt::Task<mirror::Reply> serve(mirror::Link& link, const mirror::Reply& request) override;

 private:
  rt::Task<void> probe(std::uint64_t wwnn, mirror::PathPorts ports, Reachable& found);
  rt::Task<void> put_back(mirror::PathKey key);
  rt::Task<void> watch_paths();
  [[nodiscard]] PathsStates paths_states() const;
  rt::Task<Established> establish_locked(volume::SetPathsRequest request);
  [[nodiscard]] mirror::PathStatus judge(const mirror::OpenPath& words) const noexcept;

  ControlPlane& control_;
  rt::Reactor& home_;
  rt::Mutex commands_;
  mirror::PathKeeper keeper_;
  PairDesk pairs_;
  Fabric& fabric_;
  rt::Nap nap_;
  bool stopping_ = false;
  rt::Scope scope_;  ///< Last: its tasks use everything above.
};

/// As a number: what links and paths name an image by.
std::uint64_t wwnn_number(const volume::ImageConfig& config);

}  // namespace tt::image
