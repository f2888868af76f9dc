// SPDX-License-Identifier: Apache-2.0
// The contract between every interface and a storage image: a request names an operation of the catalogue, the image
// executes it and answers with results per object and rows of raw values. The interfaces parse, check against the
// catalogue, ask for confirmation, format and choose words; the image decides and does.
//
// Values are canonical: ids are strings in their short form ("0100" four upper-case hex digits, "10", "P0", "R3"),
// capacities and counts integers, yes/no booleans, dates seconds since 1970 (UTC). A key that is absent or null means
// "not given" in a request and "no value" (printed as -) in a row. The executor may trust types, ranges and exclusive
// options of the catalogue; it must not trust that an object exists or is in a fitting state.
//
// OPERATIONS (keys marked ? may be absent)
//   lssi       -                                                          -> rows: image (exactly one)
//   showsi     copy_pace? true, read_cache? true                          -> rows: image, or copy_pace, or read_cache
//   lsextpool  -                                                          -> rows: extent_pool
//   showextpool id "P0", volume_table? true, rank_table? true
//                                                                         -> rows: extent_pool, else object_not_found;
//                                                                            behind it those of the table
//   chextpool  id "P0", name?, threshold_percent?, limit_percent?, extent_limit? bool, merge? "P2"
//                                                                         -> results: one
//   mkextpool  name "text", rank_group 0|1, storage_type "fb"|"ckd", extent_size "large"|"small",
//              threshold_percent, limit_percent, extent_limit bool, virtual_extent_limit? bool
//                                                                         -> results: one, name = the new id "P2"
//   rmextpool  ids ["P0", ...]                                            -> results: one per id
//   lsrank     -                                                          -> rows: rank
//   showrank   id "R0"                                                    -> rows: rank
//   chrank     ids ["R0", ...], action "assign"|"unassign"|"reserve"|"release", extent_pool? "P0" (needed by assign)
//                                                                         -> results: one per id
//   mkrank     array "A0", storage_type "fb"|"ckd", extent_pool? "P0"     -> results: one, name = the new id "R2"
//   rmrank     ids ["R2", ...]                                            -> results: one per id
//   lsarraysite, showarraysite, lsarray, showarray                        -> rows: array_site, array
//   mkarray    raid_type "0"|"5"|"6"|"10", array_sites ["S3"]             -> results: one, name = the new id "A2"
//   rmarray    ids ["A2", ...]                                            -> results: one per id
//   mkfbvol    extent_pool "P0", capacity_blocks N, capacity_type "ds"|"ess"|"blocks", sam "standard"|"ese"|"tse",
//              eam? "rotatevols"|"rotateexts", wait bool, os400_model? "A04"... (fixed ones: capacity_blocks is
//              theirs), t10dif? true, volumes [{"id":"1000","name":"gm_1000"}, ...] (name "" = none; patterns already
//              replaced)
//                                                                         -> results: one per volume
//              A volume of sam "tse" that draws on no space-efficient storage has detail kAllocatedLikeEse.
//   mksestg    ids ["P0", ...], virtual_blocks N, real_blocks N or real_percent N, threshold_percent? N
//   chsestg    likewise, each of them may be absent; rmsestg ids          -> results: one per id
//   lssestg    -                                              -> rows: space_efficient_storage
//   showsestg  id "P0"                                        -> rows: space_efficient_storage, else object_not_found
//   lsfbvol    -                                                          -> rows: fb_volume
//   showfbvol  id "1000", rank_table?, pool_table? or target_table? true  -> rows: fb_volume, else object_not_found;
//                                                                            behind it those of the table
//   chfbvol    ids ["1000", ...], name? "gm_#h", capacity_blocks? N, capacity_type?, os400_model?, t10dif? true
//                                                                         -> results: one per id
//   initfbvol  ids ["1000", ...], action "releasespace"                   -> results: one per id
//   rmfbvol    ids ["1000", ...], mode "normal"|"safe"|"force", wait bool -> results: one per id
//              (in use -> still_in_use; forced removal withdraws FlashCopy first)
//   lslss      -                                                          -> rows: lss
//   showlss    id "10", summary? true      -> rows: lss, else object_not_found; behind it lss_sum of each pool
//   chlss      ids ["10", ...], consistency_group? bool, long_busy_seconds? N
//                                                                         -> results: one per id
//   mkflash    pairs [{"source":"0100","target":"0200"}, ...], background_copy bool, persistent bool,
//              target_write_inhibit bool, sequence_number N (0..2^32-1), copy_rate_mib? N
//                                                                         -> results: one per pair, name "0100:0200"
//              All pairs of one request share one T0; a pair that fails does not stop the others.
//              target_space_efficient? true: allows targets of the method tse. out_of_space? "fail_relationship" (so
//              it is without) | "inhibit_source": no more writes to the source rather than a lost target
//              freeze? true: writes to the sources wait from before T0 until unfreezeflash
//   unfreezeflash ids ["01", ...]                                         -> results: one per id
//              freeze_expired is a warning: they had gone on before.
//   setflashrate pairs [{"source","target"}, ...], copy_rate_mib N (0 = none)
//                                                                         -> results: one per pair
//   verifyflash pairs [{"source","target"}, ...], cancel? true            -> results: one per pair
//   lsverifyflash -                                                       -> rows: flash_verification
//   mkrangeflash pairs [{"source","target"}, ...], runs ["0-99:500", ...] (tracks of the source: first of the target),
//              background_copy bool, sequence_number N                    -> results: one per pair
//   rmrangeflash pairs, runs ["500-599", ...] (none: all), sequence_number? N
//                                                                         -> results: one per pair
//   lsrangeflash -                                                        -> rows: range_flash
//   lsflash    -                                                          -> rows: flash
//   rmflash    pairs [{"source","target"}, ...], sequence_number? N, copy_first? true, release_target_space? true
//                                                                         -> results: one per pair
//              With sequence_number only relationships that carry it; no pairs then means every such relationship.
//              With copy_first a relationship is listed until everything is copied, then it ends by itself.
//
//   lssu, showsu id? unit                                                 -> rows: storage_unit (exactly one)
//   chsu, chsi id?, name?, description?, os400_serial? N, copy_rate_mib? N, copy_floor_mib? N (chsi),
//              scrub_rate_mib? N, scrub_interval_hours? N (chsi)
//                                                                         -> results: one
//   scrubmedia id?, cancel? true                                          -> results: one
//              object_not_found: none is under way.
//   lsscrub    -                                                          -> rows: scrub
//   lsserver, lskey                                                       -> rows: server, license
//   applykey   -                                                          -> results: one
//   lsnetworkport, shownetworkport id "eth0"   -> rows: network_port, else object_not_found
//   lsproblem  from_s?, to_s? N                                           -> rows: problem
//   closeproblem ids ["3", ...]                                           -> results: one per id
//   Host access. Volume groups "V0", host connections "0000", I/O ports "I0000", WWPNs 16 hex digits.
//   lshosttype type? "scsimask"...                                        -> rows: host_type that fit such a group
//   mkvolgrp   name, type "scsimask"|"scsimap256"|"os400mask", volumes? ["1000", ...], luns? ["05", ...]
//                                                                         -> results: one, name = the new id
//   chvolgrp   id, name?, action? "add"|"remove"|"replace", volumes?, luns?
//                                                                         -> results: one
//   lsvolgrp   volume? "1000"                                             -> rows: volume_group, only those with it
//   showvolgrp id, lun_map? true           -> rows: volume_group, then with lun_map lun_mapping of each volume
//   rmvolgrp, rmhostconnect ids                                           -> results: one per id
//   mkhostconnect name, wwpn?, identity? (model/host_identity.h), host_type? or profile?, discovery?, block_bytes?,
//              port_group?, volume_group?, port_rule? "all"|"none"|"listed", io_ports? ["I0000", ...], description?
//                                                                         -> results: one, name = the new id
//   chhostconnect id, and any of them                                     -> results: one
//   lshostconnect login? true or unknown? true                            -> rows: host_connection, or host_login
//   showhostconnect, showioport id                                        -> rows: one, else object_not_found
//   lsioport   -                                                          -> rows: io_port
//   setioport  ids, topology? "scsi-fcp"|"fc-al"|"ficon"|"off", port_group?, force? true
//                                                                         -> results: one per id
//   mkfbvol and chfbvol take volume_groups? ["V0", ...]: groups to join.
//   mkfbvol, chfbvol, chlss and mk- and chvolgrp and -hostconnect take resource_group? "RG1".
//   lsresgrp, showresgrp id "RG1"                                         -> rows: resource_group
//   mkresgrp, chresgrp id "RG1", name?, label?, description?              -> results: one
//   rmresgrp   ids ["RG1", ...]                                           -> results: one per id
//   Paths to other images. WWNNs 16 hex digits; the target of a pair is of the other image.
//   mkpprcpath remote_wwnn, source_lss "10", target_lss "20", pairs [{"source":"I0100","target":"I0101"}, ...],
//              remote_image?, source_ssid? N, target_ssid? N, consistency_group bool
//                          -> results: one, name "10:20", then path_not_up (a warning; detail: the status of the path,
//                             model/path_reasons.h) for each that is not up, name "I0100:I0101"; path_failed for each
//                             if none is, and nothing was changed
//   rmpprcpath pairs [{"source":"10","target":"20"}, ...], remote_wwnn?, remote_image?, force bool (also while
//              pairs of volumes need the paths)                             -> results: one per pair
//   lspprcpath -                                                          -> rows: pprc_path
//   Mirrored pairs; the target of a pair is of the other image. type "mmir"|"gcp".
//   mkpprc     pairs, type, mode "full"|"nocp", remote_image?, cascade bool, target_read bool, critical_mode bool,
//              disable_auto_resync bool, source_ssid? N, target_ssid? N     -> results: one per pair, name "1000:2000",
//              then target_larger (a warning) for each where it is so
//   pausepprc, rmpprc pairs, at "src"|"tgt" (the end that this image has; the other end of a pair may be missing),
//              unconditional bool, remote_image?
//                                                                         -> results: one per pair
//   resumepprc pairs, type, suspend bool, and attributes as above         -> results: one per pair
//   failoverpprc pairs, type: the sources are targets until then          -> results: one per pair, and
//              target_not_consistent (a warning)
//   failbackpprc pairs, type, suspend bool, attributes, preview? true (nothing is done)
//                                                                         -> results: one per pair, and changes_lost (a
//              warning; detail: tracks)
//   lspprc     -                                                          -> rows: pprc
//   lsavailpprcport remote_wwnn, remote_image?                            -> rows: pprc_port
//
// Listings also carry the selection and filters the user gave (`select` and the filter keys of the catalogue). The
// executor may use them to answer faster and may ignore them: select_rows() (model/selection.h) is applied to what it
// returns. Rows may come in any order; they are sorted by id.
//
// An operation of the catalogue that an image cannot do answers with status not_in_this_release.
//
// ROWS
//   image        id "IBM.2107-75ABCD1", storage_unit "IBM.2107-75ABCD0", name, description, model "961",
//                wwnn "5005076304FFD7EA", signature "hhhh-hhhh-hhhh-hhhh", state "Online", es_net bool,
//                volume_group "V0", os400_serial "795", nvs_bytes, cache_bytes, processor_bytes,
//                personality "2107"|"1750", code_level "text of the version"
//   extent_pool  id, name, storage_type "fb", extent_bytes (2^30 large, 2^24 small), rank_group 0|1,
//                status "below"|"exceeded"|"full", total_extents, available_extents, reserved_extents,
//                allocated_extents, rank_count, volume_count, limit_percent, threshold_percent,
//                virtual_extents (sum of what space-efficient volumes claim)
//   space_efficient_storage id "P0" (of the pool), storage_type "fb", data_state, configuration_state,
//                status "below"|"exceeded"|"full", threshold_percent, real_blocks, virtual_blocks,
//                real_allocated_blocks, virtual_allocated_blocks, real_allocated_percent, virtual_allocated_percent,
//                volume_count
//   rank         id, rank_group 0|1|null, state "Normal"|"Unassigned"|"Unavailable"..., data_state "Normal"...,
//                array "A0", raid_type "5", extent_pool|null, extent_pool_name|null, storage_type, extents,
//                used_extents, device (file or device)
//   array_site   id "S1", capacity_bytes, state "Assigned"|"Unassigned", array "A0"|null, device
//   array        id "A0", state, data_state, raid_type "5" or empty, array_site "S1", rank "R0"|null, capacity_bytes,
//                device
//   fb_volume    id, name, access_state "Online", data_state "Normal", configuration_state "Normal"|"Configuring"...,
//                device_mtm "2107-900", data_type "FB 512", address_group "1" (one hex digit), extent_pool, extents,
//                capacity_blocks, requested_blocks, capacity_type "ds"|"ess"|"blocks", sam, eam,
//                volume_groups ["V2", ...], ranks (count), real_extents, virtual_extents, guid (32 hex digits),
//                repository_blocks (taken from space-efficient storage)|null,
//                resource_group "RG0", performance_group "PG0"
//   storage_unit id "IBM.2107-75ABCD0", name, description, model, wwnn, power "On", state "Online"
//   problem      id "3", severity "Warning"|"Serious"|"Critical", status "open"|"closed", date, mtms, reference_code,
//                description
//   lss          id "10", group 0|1, address_group "1", storage_type "fb"|"ckd", volume_count, subsystem_id 0xFF10,
//                consistency_group bool, long_busy_seconds, resource_group "RG0"
//   flash        id "0100:0200", source, target, source_lss "01", sequence_number, timeout_seconds, active_copy bool,
//                recording bool, persistent bool, revertible bool, source_write_enabled bool,
//                target_write_enabled bool, background_copy bool, out_of_sync_tracks, date_created, date_synced,
//                state "Valid"|"Validation required"|"Failed", target_se "ESE"|"TSE"|null,
//                track_count (tracks in the relationship), copied_tracks (by the background copy so far),
//                copy_bytes_per_second (recent average, 0 when idle), copy_limit (bytes a second)|null
//   copy_pace    id, copy_limit|null, copy_floor, copy_bytes_per_second, active_copies (copying now),
//   out_of_sync_tracks (of
//                all that are copied in background)
//   read_cache   id, capacity_bytes, held_bytes (now), and since the start: hit_bytes, missed_bytes, ahead_bytes (read
//                before they were asked for), ahead_used_bytes, ahead_wasted_bytes
//   scrub        id "R0", state "Waiting"|"Running"|"Cancelled" (of the image), track_count (that media of the image
//   hold),
//                out_of_sync_tracks (not read yet, of the image), copy_bytes_per_second, copy_limit, interval_hours,
//                checksums bool, date_started|null, date_complete|null; of the rank, in the last scrub: verified,
//                learned, unverified; since the start, whoever found it: repaired, damaged
//   range_flash  id "0100:0200", source, target, sequence_number, state "Valid"|"Failed", background_copy bool,
//                track_count, out_of_sync_tracks, date_created, runs ["0-99:500-599", ...] (source:target)
//   flash_verification id "0100:0200", source, target, state "Running"|"Complete"|"Cancelled"|"Ended", date_started,
//                recording bool, track_count, tracks_left, equal, uncopied, changed|null, different,
//                unreadable (tracks), first_different|null
//   host_type    id "pSeries", profile, discovery "reportLUN"|"LUNPolling", block_bytes
//   volume_group id "V0", name, type "SCSI Mask"|..., volumes ["1000", ...] (showvolgrp only), resource_group (lsvolgrp
//   only) lun_mapping  id "1000", lun "40104000" (of a scsimap256 group "00" to "FF") host_connection id "0000", name,
//   wwpn, host_type, profile, block_bytes, discovery, port_group, volume_group|null,
//                topology|null, io_ports ["all"], speed|null, description, identity "any", resource_group "RG0"
//   resource_group id "RG1", name, state "Normal", label "PUBLIC", description, volumes, lsses, volume_groups,
//                host_connections (how many of each are in it)
//   host_login   id|null, name|null (of the host connection), wwpn, wwnn|null, io_port, login_type, identity, peer,
//                volume|null, access bool|null, volume_group and port_group of the host connection
//   io_port      id "I0000", wwpn, state "Online"|"Communication established"|"Offline", type "NBD TCP"|"NBD Unix"|
//                "Mirror TCP",
//                topology "SCSI-FCP"|null, port_group, speed|null, security, address, logins
//   pprc_path    id "10" (the source LSS), target "20", state "Success"|"Failed"|"Degraded", target_ssid, port "I0100",
//                attached_port, wwnn, failed_reason|null, consistency_group bool, target_image and attached_port_image
//   pprc         id "1000:2000", source, target, source_image, target_image, state "Copy Pending"..., state_word
//                "copy-pending"..., reason|null, type "Global Copy", out_of_sync_tracks, target_read bool,
//                source_cascade and target_cascade "Enabled"|"Disabled"|"Invalid", date_suspended|null, source_lss
//                "10", timeout "60"|"unknown", critical_mode bool, first_pass "True"|"False"|"Invalid",
//                incremental_resync bool, target_write bool, pprc_cg bool, disable_auto_resync "True"|"False"
//   pprc_port    id "I0100" (the local port), attached_port, type "FCP", switch_id and switch_port null,
//                attached_port_image
//   A key KEY_image says which image has the object of KEY, where that is not the one that was asked.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/resource_scope.h"
#include "runtime/task.h"

namespace tt::model {

struct Request {
  std::string operation;
  std::string user;  ///< Already authenticated and authorised; for records only.
  nlohmann::json arguments = nlohmann::json::object();
  /// Of the user: objects of a change that are in resource groups it does not cover are refused, each by itself.
  std::string scope = std::string(kScopeOfAll);
};

/// Detail of a volume that was made with sam "tse" where there is no space-efficient storage.
inline constexpr std::uint64_t kAllocatedLikeEse = 1;

/// What became of one object of the request. `detail` fills the message's second slot where it has one (a volume id in
/// still_in_use, an errno in io_error, ...).
struct ObjectResult {
  std::string name;
  Errc code = Errc::ok;
  std::uint64_t detail = 0;
};

/// `status` is about the request as a whole: when it is not ok nothing was done, and results and rows are empty.
struct Response {
  Errc status = Errc::ok;
  std::uint64_t detail = 0;
  std::vector<ObjectResult> results;
  std::vector<nlohmann::json> rows;
};

class Executor {
 public:
  virtual ~Executor() = default;
  /// Called on the reactor of the control server; many requests may be under way at once. The executor outlives them.
  virtual rt::Task<Response> execute(Request request) = 0;
};

}  // namespace tt::model
