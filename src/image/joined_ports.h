// SPDX-License-Identifier: Apache-2.0
// The I/O ports of several servers as those of one image. Ids are unique among them.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "image/io_ports.h"

namespace tt::image {

class JoinedPorts final : public IoPorts {
 public:
  /// All of them outlive it.
  explicit JoinedPorts(std::vector<IoPorts*> parts) : parts_(std::move(parts)) {}

  [[nodiscard]] std::vector<IoPortStatus> status() const override {
    std::vector<IoPortStatus> all;
    for (const IoPorts* part : parts_) std::ranges::move(part->status(), std::back_inserter(all));
    std::ranges::sort(all, {}, &IoPortStatus::id);
    return all;
  }
  Result<void> open(std::uint16_t port) override {
    for (IoPorts* part : parts_) {
      auto opened = part->open(port);
      if (opened || opened.error().code != Errc::object_not_found) return opened;
    }
    return {Errc::object_not_found, port};
  }
  void close(std::uint16_t port) override {
    for (IoPorts* part : parts_) part->close(port);
  }

 private:
  std::vector<IoPorts*> parts_;
};

}  // namespace tt::image
