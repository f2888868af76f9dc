// SPDX-License-Identifier: Apache-2.0
// The part of apply() that changes what exists already: sizes, names, limits, and what a rank lies on.
#pragma once

#include <string>

#include "volume/mutation.h"

namespace tt::volume {

struct ApplyConfiguration {
  ImageConfig& config;

  void operator()(const ChangeVolume& m) const;
  void operator()(const ReleaseSpace& m) const;
  void operator()(const ChangeLss& m) const;
  void operator()(const ChangePool& m) const;
  void operator()(const MergePools& m) const;
  void operator()(const ReserveRank& m) const;
  void operator()(const RemoveRank& m) const;
  void operator()(const AddSite& m) const;
  void operator()(const MakeArray& m) const;
  void operator()(const RemoveArray& m) const;
  void operator()(const ChangeNames& m) const;
  void operator()(const ChangeScrub& m) const;
  void operator()(const RecordProblem& m) const;
  void operator()(const CloseProblem& m) const;
};

/// An LSS that nothing needs is one that does not exist: without volumes and paths, and as it would be made.
void forget_unused_lss(ImageConfig& config, std::uint8_t lss);
/// As problems name it: "0100:0200".
std::string pair_name(VolumeId source, VolumeId target);
std::string pair_name(const Relationship& relationship);
/// No extents, and maps of a new generation. What its former data in the journal is worth, a kill has to say.
void give_back_space(ImageConfig& config, VolumeConfig& volume, Generation maps);

}  // namespace tt::volume
