// SPDX-License-Identifier: Apache-2.0
// The part of apply() that changes FlashCopy relationships without a new T0.
#pragma once

#include "volume/apply_configuration.h"
#include "volume/mutation.h"

namespace tt::volume {

struct ApplyFlash : ApplyConfiguration {
  using ApplyConfiguration::operator();

  void operator()(const StartCopy& m) const;
  void operator()(const Thaw& m) const;
  void operator()(const ChangeCopyRates& m) const;
  void operator()(const LimitCopies& m) const;
  void operator()(const InhibitSource& m) const;
  void operator()(const EndLoans& m) const;
  void operator()(const EstablishRanges& m) const;
  void operator()(const ChangeRanges& m) const;
};

}  // namespace tt::volume
