// SPDX-License-Identifier: Apache-2.0
// The one place where a user's scope is asked: before a change is carried out, everything that the request names, and
// what the operation reaches beyond that (model::Reach), is looked up in the configuration. The catalogue says which
// arguments name objects, so a new command is checked by being declared.
//
// A change that names nothing that could be in a resource group is about what all groups share (pools, ranks, ports,
// the image) and needs RG0. The predefined volume groups hold all volumes, so naming one of them needs every group.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/catalogue.h"
#include "model/executor.h"
#include "volume/config.h"

namespace tt::image {

/// A request without the objects that the user may not touch.
struct ScopedRequest {
  nlohmann::json arguments;
  /// One for each object of the operand, in its order; the refused ones are not in `arguments` any more.
  std::vector<std::optional<model::ObjectResult>> refusals;
  bool nothing_left = false;  ///< Then nothing is to be carried out: without its pairs rmflash would mean all of them.
};

/// Groups as they are now: a request that is under way when an object moves goes on.
ScopedRequest within_scope(const volume::ImageConfig& config, const std::string& scope,
                           const model::Operation& operation, nlohmann::json arguments);

/// What became of the rest, and the refusals between.
model::Response with_refusals(const ScopedRequest& request, model::Response done);

}  // namespace tt::image
