// SPDX-License-Identifier: Apache-2.0
// The command line of twintrackd.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/peers/partner_file.h"
#include "image/shard.h"
#include "runtime/platform.h"
#include "volume/config.h"

namespace tt::daemon {

enum class TlsMode : std::uint8_t { off, allowed, required };

/// What --array-site names: a file of the image's folder with its size, or a block device.
struct ArraySite {
  std::string device;
  std::uint64_t gib = 0;
};

struct Options {
  std::string directory;
  bool create = false;
  unsigned cores = 0;  ///< 0 = half of the processors, at least one.
  std::uint64_t journal_mib = 256;
  std::uint64_t rank_gib = 64;
  unsigned ranks = 2;
  std::vector<ArraySite> array_sites;
  volume::Personality personality = volume::Personality::ds8000;
  image::Acknowledge acknowledge = image::Acknowledge::hardened;
  std::optional<bool> media_sums;  ///< Checksums of tracks are kept; default: if the image is new or does so.
  std::optional<std::uint64_t> read_cache_mib;  ///< Default: usual_read_cache_mib().
  std::uint64_t copy_limit_mib = 0;             ///< Per second, all background copies together; 0 = none.
  std::string nbd_host = "127.0.0.1";
  std::uint16_t nbd_port = 10809;
  std::string nbd_unix;
  std::string control;
  std::string ready_file;
  TlsMode tls = TlsMode::off;
  std::string tls_certificates;
  std::string tls_psk;
  std::vector<peers::TcpAddress> mirror;  ///< Of the ports I0100, I0101, ... for other images.
  bool mirror_tls = true;
  std::string mirror_certificates;
  std::string partners;  ///< File that says where ports of other images are.
  rt::IoBackend io = rt::IoBackend::automatic;
};

/// Prints what is wrong and returns nothing; `exit_code` is 0 after --help and --version.
std::optional<Options> parse_options(int argc, char** argv, int& exit_code);

}  // namespace tt::daemon
