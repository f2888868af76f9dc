// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/errors.h"

namespace tt::nbd {

NbdError nbd_error_of(Errc code) noexcept {
  switch (code) {
    case Errc::ok:
      return NbdError::none;
    case Errc::write_inhibited:
    case Errc::mirror_target:
    case Errc::not_authorised:
    case Errc::authentication_failed:
      return NbdError::eperm;
    case Errc::media_full:
    case Errc::no_space:
    case Errc::copy_size_limit:
      return NbdError::enospc;
    case Errc::out_of_range:
    case Errc::invalid_argument:
    case Errc::bad_message:
      return NbdError::einval;
    case Errc::limit_reached:
      return NbdError::enomem;
    case Errc::not_in_this_release:
    case Errc::version_not_supported:
      return NbdError::enotsup;
    case Errc::shutting_down:
      return NbdError::eshutdown;
    default:
      // Everything else, a volume deleted under its host and a busy volume among them: the protocol has no better
      // word than that the request was not done.
      return NbdError::eio;
  }
}

}  // namespace tt::nbd
