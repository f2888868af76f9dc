// SPDX-License-Identifier: Apache-2.0
// Two images with paths both ways between their LSSs 10 and 20, for tests of mirrored pairs: volumes 1000 ... here are
// mirrored to 2000 ... there.
#pragma once

#include <string>

#include "conversation.h"

namespace tt::live {

class TwoImages {
 public:
  static constexpr VolumeId kSource{0x1000};
  static constexpr VolumeId kTarget{0x2000};
  static constexpr const char* kHere = "IBM.2107-75ABCD1";
  static constexpr const char* kThere = "IBM.2107-75XYZW1";

  /// With a volume of so many tracks at each.
  explicit TwoImages(std::uint64_t tracks, std::uint64_t seed = 1, std::uint32_t shards = 1,
                     image::Acknowledge acknowledge = image::Acknowledge::hardened);

  [[nodiscard]] LiveImage& here() { return site.image(0); }
  [[nodiscard]] LiveImage& there() { return site.image(1); }
  /// At the first image; good if it was carried out.
  bool here_says(const std::string& command) { return say(kHere, command).exit_code == 0; }
  bool there_says(const std::string& command) { return say(kThere, command).exit_code == 0; }
  Spoken say(const char* image, const std::string& command);
  void make_paths(bool back = true);

  /// A column of lspprc -l for the pair that this volume is in; empty if it is in none.
  std::string column(const char* image, const std::string& volume, const std::string& heading);
  std::string state(const char* image, const std::string& volume);
  /// Until the image says that nothing is out of sync any more.
  bool in_step(const char* image, const std::string& volume, int seconds = 60);
  /// Of all tracks, at each end.
  std::string content_here(VolumeId volume = kSource);
  std::string content_there(VolumeId volume = kTarget);
  /// Tracks that have been sent since the start.
  std::uint64_t sent(LiveImage& image);

  Site site;
  Conversation admin;

 private:
  std::uint64_t tracks_;
};

}  // namespace tt::live
