// SPDX-License-Identifier: Apache-2.0
// The storage images of a console, as services see them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/executor.h"

namespace tt::console {

class ImageDirectory {
 public:
  using Answered = std::function<void(model::Response)>;
  virtual ~ImageDirectory() = default;
  /// Ids, in the order they were given.
  [[nodiscard]] virtual std::vector<std::string> ids() const = 0;
  /// `image` is one of ids(). Answers once, with the statuses of ImageLink::call.
  virtual void call(const std::string& image, model::Request request, Answered answered) = 0;
};

}  // namespace tt::console
