// SPDX-License-Identifier: Apache-2.0
// A console's end of the control conversation with a simulated image; one call at a time.
#pragma once

#include <memory>
#include <string>

#include "interfaces/control/frames.h"
#include "interfaces/control/messages.h"
#include "sim/net.h"

namespace tt::live {

class ControlCaller {
 public:
  ControlCaller(sim::SimNetwork& network, sim::SimReactor& reactor, std::string address)
      : network_(network), reactor_(reactor), address_(std::move(address)) {}

  /// Connects when there is no connection. Status disconnected: nobody was there, or the connection broke.
  rt::Task<model::Response> call(model::Request request);

 private:
  rt::Task<Result<void>> connect();
  rt::Task<Result<void>> send(std::string payload);
  rt::Task<Result<std::string>> receive();
  rt::Task<Result<model::Response>> ask(model::Request request);

  sim::SimNetwork& network_;
  sim::SimReactor& reactor_;
  std::string address_;
  std::unique_ptr<rt::ByteStream> stream_;
  control::FrameReader frames_{control::kLargestAnswerBytes};
  std::uint64_t next_id_ = 1;
};

}  // namespace tt::live
