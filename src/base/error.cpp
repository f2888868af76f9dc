// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

namespace tt {

const char* name_of(Errc code) noexcept {
  switch (code) {
#define TT_NAME(x) \
  case Errc::x:    \
    return #x
#define TT_TWO(x, y) \
  TT_NAME(x);        \
  TT_NAME(y)
    TT_NAME(ok);
    TT_NAME(volume_not_found);
    TT_NAME(images_differ);
    TT_NAME(source_is_target);
    TT_NAME(types_differ);
    TT_NAME(target_too_small);
    TT_NAME(already_a_target);
    TT_NAME(cascade_not_available);
    TT_NAME(too_many_targets);
    TT_NAME(incremental_exists);
    TT_NAME(target_is_secondary);
    TT_NAME(target_is_primary);
    TT_NAME(space_efficient_target);
    TT_NAME(volume_offline);
    TT_NAME(copy_size_limit);
    TT_NAME(no_such_relationship);
    TT_NAME(not_recording);
    TT_NAME(copy_not_complete);
    TT_TWO(sizes_differ, not_revertible);
    TT_TWO(revertible, other_relationships);
    TT_NAME(relationship_failed);
    TT_NAME(target_space_efficient);
    TT_NAME(being_removed);
    TT_TWO(no_path, path_failed);
    TT_TWO(source_not_eligible, target_not_eligible);
    TT_TWO(mirror_sizes, already_a_pair);
    TT_TWO(wrong_pair_state, wrong_partner);
    TT_TWO(ssid_differs, bad_combination);
    TT_TWO(mirror_limit, no_such_pair);
    TT_TWO(object_not_found, id_taken);
    TT_NAME(parity_differs);
    TT_NAME(address_group_type);
    TT_NAME(no_space);
    TT_NAME(still_in_use);
    TT_NAME(limit_reached);
    TT_NAME(not_combinable);
    TT_NAME(repository_too_small);
    TT_NAME(not_authorised);
    TT_NAME(outside_scope);
    TT_NAME(not_in_this_release);
    TT_TWO(io_error, media_full);
    TT_NAME(write_inhibited);
    TT_NAME(out_of_range);
    TT_NAME(busy);
    TT_NAME(shutting_down);
    TT_NAME(corrupt);
    TT_NAME(disconnected);
    TT_NAME(timed_out);
    TT_NAME(cancelled);
    TT_TWO(bad_message, invalid_argument);
    TT_TWO(rank_failed, journal_failed);
    TT_NAME(authentication_failed);
    TT_NAME(version_not_supported);
    TT_NAME(freeze_expired);
    TT_NAME(path_not_up);
    TT_TWO(mirror_target, target_larger);
    TT_TWO(target_not_consistent, changes_lost);
#undef TT_TWO
#undef TT_NAME
  }
  return "unknown";
}

}  // namespace tt
