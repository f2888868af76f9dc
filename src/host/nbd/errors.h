// SPDX-License-Identifier: Apache-2.0
// The one table from the project's conditions to the error values the NBD protocol allows.
#pragma once

#include <cstdint>

#include "base/error.h"

namespace tt::nbd {

enum class NbdError : std::uint32_t {
  none = 0,
  eperm = 1,
  eio = 5,
  enomem = 12,
  einval = 22,
  enospc = 28,
  eoverflow = 75,
  enotsup = 95,
  eshutdown = 108,
};

NbdError nbd_error_of(Errc code) noexcept;

}  // namespace tt::nbd
