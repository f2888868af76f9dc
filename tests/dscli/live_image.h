// SPDX-License-Identifier: Apache-2.0
// A storage image in the simulator as a console meets it: the real engine, its executor, its control server and
// its NBD server, behind a simulated network.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "host/nbd/ports.h"
#include "host/peers/peer_ports.h"
#include "image/executor.h"
#include "image/joined_ports.h"
#include "interfaces/control/server.h"
#include "lab.h"
#include "sim/net.h"

namespace tt::live {

/// What an image of transcripts has: three ranks, of which R0 is in P0, R1 in P1 and R2 unassigned, and destaging as
/// the product does it.
simulation::LabOptions usual_options(const std::string& image_id);

class LiveImage {
 public:
  LiveImage(sim::World& world, sim::SimNetwork& network, const simulation::LabOptions& options);
  ~LiveImage();
  LiveImage(const LiveImage&) = delete;
  LiveImage& operator=(const LiveImage&) = delete;

  [[nodiscard]] const std::string& id() const { return id_; }
  /// Of its control server.
  [[nodiscard]] const std::string& address() const { return id_; }
  /// Of its I/O port I0000, a Unix socket; I0001 is TCP.
  [[nodiscard]] std::string nbd_address() const { return id_ + ".nbd"; }
  /// From now on, and in each later life, it has the ports I0100 and I0101 for other images.
  void connect(std::shared_ptr<const peers::PartnerTable> partners);
  /// The first of them; both are of host id().
  static constexpr std::uint16_t kMirrorPort = 0x0100;
  static constexpr std::uint16_t kMirrorTcpPort = 10900;
  /// Of a connected image that is on.
  [[nodiscard]] image::MirrorDesk& desk() { return *desk_; }
  [[nodiscard]] bool is_on() const { return server_ != nullptr; }
  /// Host I/O, and the engine for tests that look deeper. Only while it is on.
  [[nodiscard]] simulation::Lab& lab() { return lab_; }

  /// Loses power and starts again.
  void crash(sim::CrashKind kind = sim::CrashKind::power);
  void power_loss(sim::CrashKind kind = sim::CrashKind::power);
  /// Stops cleanly.
  void power_off();
  void power_on();

 private:
  void serve();
  void serve_images();
  void end_server();

  std::string id_;
  sim::SimNetwork& network_;
  simulation::Lab lab_;
  std::unique_ptr<rt::Net> net_;
  std::unique_ptr<image::ImageExecutor> executor_;
  std::unique_ptr<control::ControlServer> server_;
  std::optional<nbd::Server> nbd_;
  std::optional<nbd::Ports> ports_;
  std::shared_ptr<const peers::PartnerTable> partners_;
  std::optional<peers::PeerPorts> peers_;
  std::optional<image::MirrorDesk> desk_;
  std::optional<image::JoinedPorts> all_ports_;
};

}  // namespace tt::live
