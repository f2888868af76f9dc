// SPDX-License-Identifier: Apache-2.0
// Carries out the operations of the catalogue (model/executor.h) on an image: turns canonical arguments into typed
// calls of the control plane, and its state into rows of raw values.
#pragma once

#include <string>
#include <utility>

#include "image/image.h"
#include "image/io_ports.h"
#include "image/mirror_desk.h"
#include "image/network_ports.h"
#include "model/executor.h"

namespace tt::image {

class ImageExecutor final : public model::Executor {
 public:
  ImageExecutor(Image& image, std::string code_level) : image_(image), code_level_(std::move(code_level)) {}

  /// What the image listens on; outlives the executor's last call. Without them it has no I/O ports.
  void use_ports(IoPorts& ports) noexcept { ports_ = &ports; }

  /// Likewise what mirrors to other images.
  void use_mirror(MirrorDesk& desk) noexcept { mirror_ = &desk; }

  /// Likewise the machine's network interfaces.
  void use_network(const NetworkPorts& network) noexcept { network_ = &network; }

  rt::Task<model::Response> execute(model::Request request) override;

 private:
  /// Whatever the scope of the user is.
  rt::Task<model::Response> carry_out(model::Request request);
  rt::Task<model::Response> remove_pools(nlohmann::json arguments);
  rt::Task<model::Response> make_volumes(nlohmann::json arguments);
  rt::Task<model::Response> remove_volumes(nlohmann::json arguments);
  rt::Task<model::Response> make_flash(nlohmann::json arguments);
  rt::Task<model::Response> remove_flash(nlohmann::json arguments);
  rt::Task<model::Response> renew_flash(std::string operation, nlohmann::json arguments);
  rt::Task<model::Response> settle_flash(bool commit, nlohmann::json arguments);
  rt::Task<model::Response> unfreeze_flash(nlohmann::json arguments);
  rt::Task<model::Response> list_flash();

  Image& image_;
  std::string code_level_;
  IoPorts* ports_ = nullptr;
  MirrorDesk* mirror_ = nullptr;
  const NetworkPorts* network_ = nullptr;
};

}  // namespace tt::image
