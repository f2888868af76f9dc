// SPDX-License-Identifier: Apache-2.0
// The one list of things that can go wrong. Numbers below 1000 are the reasons of the DS CLI messages CMUN9nnnnE
// (spec: FlashCopy 5.2, configuration 05nn, access 08nn/09nn); numbers from 1000 are I/O and protocol conditions that
// every host protocol maps to its own status through one table each.
#pragma once

#include <cstdint>

namespace tt {

enum class Errc : std::uint16_t {
  ok = 0,

  // FlashCopy: volumes, relationships, targets.
  volume_not_found = 101,
  images_differ = 102,
  source_is_target = 103,
  types_differ = 104,
  target_too_small = 105,
  already_a_target = 106,
  cascade_not_available = 107,
  too_many_targets = 108,
  incremental_exists = 109,
  target_is_secondary = 110,
  target_is_primary = 111,
  space_efficient_target = 113,
  volume_offline = 117,
  copy_size_limit = 118,
  no_such_relationship = 201,
  not_recording = 202,
  copy_not_complete = 203,
  sizes_differ = 204,
  not_revertible = 205,
  revertible = 206,
  other_relationships = 207,
  relationship_failed = 208,
  target_space_efficient = 209,
  being_removed = 210,

  // Remote mirror (spec: remote mirror, 4).
  no_path = 401,
  path_failed = 402,
  source_not_eligible = 403,
  target_not_eligible = 404,
  mirror_sizes = 405,
  already_a_pair = 407,
  wrong_pair_state = 408,
  wrong_partner = 409,
  ssid_differs = 412,
  bad_combination = 413,
  mirror_limit = 419,
  no_such_pair = 422,

  // Configuration.
  object_not_found = 501,
  id_taken = 502,
  parity_differs = 503,
  address_group_type = 504,
  no_space = 505,
  still_in_use = 506,
  limit_reached = 507,
  not_combinable = 508,
  repository_too_small = 509,

  // Access and coverage.
  not_authorised = 801,
  outside_scope = 802,
  not_in_this_release = 901,

  // I/O path and internals.
  io_error = 1001,
  media_full = 1002,
  write_inhibited = 1003,
  out_of_range = 1004,
  busy = 1005,
  shutting_down = 1006,
  corrupt = 1007,
  disconnected = 1008,
  timed_out = 1009,
  cancelled = 1010,
  bad_message = 1011,
  invalid_argument = 1012,
  rank_failed = 1013,
  journal_failed = 1014,
  authentication_failed = 1015,
  version_not_supported = 1016,
  freeze_expired = 1017,
  path_not_up = 1018,
  mirror_target = 1019,  ///< Hosts do not use the target of a mirror.
  target_larger = 1020,
  target_not_consistent = 1021,
  changes_lost = 1022,  ///< The detail: tracks.
};

/// What failed and one number that helps (an errno, an offset, a volume id); trivially destructible on purpose.
struct Error {
  Errc code = Errc::ok;
  std::uint64_t detail = 0;

  friend constexpr bool operator==(const Error&, const Error&) = default;
};

/// Short English name of the condition for logs and tests, e.g. "target_too_small".
const char* name_of(Errc code) noexcept;

}  // namespace tt
