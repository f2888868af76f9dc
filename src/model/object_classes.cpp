// SPDX-License-Identifier: Apache-2.0
// The classes of objects and how they look in lists. A heading occurs once per class; the views name headings, because
// lists and show commands have different orders.
#include "model/tables.h"

namespace tt::model {

namespace {

using A = Align;
using F = Format;
using View = std::string_view;

// ---- storage image ----
constexpr Attribute kImageAttributes[] = {
    {"name", "Name"},
    {"description", "Desc"},
    {"id", "ID", F::text, A::left, IdKind::none},
    {"storage_unit", "Storage Unit"},
    {"model", "Model"},
    {"wwnn", "WWNN"},
    {"signature", "Signature"},
    {"state", "State"},
    {"es_net", "ESSNet", F::enabled},
    {"volume_group", "Volume Group"},
    {"os400_serial", "os400Serial"},
    {"nvs_bytes", "NVS Memory", F::bytes_gb},
    {"cache_bytes", "Cache Memory", F::bytes_gb},
    {"processor_bytes", "Processor Memory", F::bytes_gb},
    {"storage_unit", "MTS"},
    {"encryption_groups", "numegsupported", F::number, A::left, IdKind::none, true},
    {"tier_auto_mode", "ETAutoMode", F::text, A::left, IdKind::none, true},
    {"tier_monitor", "ETMonitor", F::text, A::left, IdKind::none, true},
    {"priority_mode", "IOPMmode", F::text, A::left, IdKind::none, true},
    {"tier_copy_mode", "ETCCMode", F::text, A::left, IdKind::none, true},
    {"tier_heat_transfer", "ETHMTMode", F::text, A::left, IdKind::none, true},
    {"tier_space_mode", "ETSRMode", F::text, A::left, IdKind::none, true},
    {"tier_order", "ETTierOrder", F::text, A::left, IdKind::none, true},
    {"tier_auto_accelerated", "ETAutoModeAccel", F::text, A::left, IdKind::none, true},
    {"description", "desc"},
};
constexpr View kImageList[] = {"Name", "ID", "Storage Unit", "Model", "WWNN", "State", "ESSNet"};
constexpr View kImageWide[] = {"Name",  "ID",     "Storage Unit", "Model", "WWNN",
                               "State", "ESSNet", "Volume Group", "desc"};
constexpr View kImageFields[] = {"Name",           "Desc",       "ID",           "Storage Unit",     "Model",
                                 "WWNN",           "Signature",  "State",        "ESSNet",           "Volume Group",
                                 "os400Serial",    "NVS Memory", "Cache Memory", "Processor Memory", "MTS",
                                 "numegsupported", "ETAutoMode", "ETMonitor",    "IOPMmode",         "ETCCMode",
                                 "ETHMTMode",      "ETSRMode",   "ETTierOrder",  "ETAutoModeAccel"};

// ---- extent pool ----
constexpr Attribute kPoolAttributes[] = {
    {"name", "Name"},
    {"id", "ID", F::text, A::left, IdKind::extent_pool},
    {"storage_type", "stgtype"},
    {"rank_group", "rankgrp", F::number, A::right},
    {"status", "status", F::text, A::right},
    {"available_extents", "availstor (2^30B)", F::extents_gib, A::right},
    {"allocated_extents", "%allocated", F::percent_of_total, A::right},
    {"available_extents", "available", F::number, A::right},
    {"reserved_extents", "reserved", F::number, A::right},
    {"volume_count", "numvols", F::number, A::right},
    {"virtual_extents", "virextstatus", F::virtual_status, A::right},
    {"limit_percent", "%limit", F::number, A::right},
    {"threshold_percent", "%threshold", F::number, A::right},
    {"extent_bytes", "extsize", F::extent_size},
    {"virtual_extents", "vircap", F::extents_gib, A::right},
    {"encryption_group", "encryptgrp", F::text, A::right, IdKind::none, true},
    {"total_extents", "totlstor (2^30B)", F::extents_gib, A::right},
    {"reserved_extents", "resvdstor (2^30B)", F::extents_gib, A::right},
    {"rank_count", "numranks", F::number, A::right},
    {"allocated_extents", "%available", F::percent_left, A::right},
    {"total_extents", "configured (2^30B)", F::extents_gib, A::right},
    {"limit_percent", "allowed (2^30B)", F::limit_gib, A::right},
    {"allocated_extents", "allocated", F::number, A::right},
    {"virtual_extents", "%virallocated", F::percent_of_total, A::right},
    {"virtual_extents", "%viravailable", F::percent_left, A::right},
};
constexpr View kPoolList[] = {"Name",       "ID",        "stgtype",  "rankgrp", "status", "availstor (2^30B)",
                              "%allocated", "available", "reserved", "numvols"};
constexpr View kPoolWide[] = {"Name",       "ID",        "stgtype",  "rankgrp",   "status",       "availstor (2^30B)",
                              "%allocated", "available", "reserved", "numvols",   "virextstatus", "%limit",
                              "%threshold", "extsize",   "vircap",   "encryptgrp"};
constexpr View kPoolFields[] = {"Name",
                                "ID",
                                "stgtype",
                                "totlstor (2^30B)",
                                "availstor (2^30B)",
                                "resvdstor (2^30B)",
                                "rankgrp",
                                "numranks",
                                "numvols",
                                "status",
                                "%allocated",
                                "%available",
                                "configured (2^30B)",
                                "allowed (2^30B)",
                                "available",
                                "allocated",
                                "reserved",
                                "%limit",
                                "%threshold",
                                "virextstatus",
                                "%virallocated",
                                "%viravailable"};

// ---- fixed block volume ----
constexpr Attribute kVolumeAttributes[] = {
    {"name", "Name"},
    {"id", "ID", F::text, A::left, IdKind::volume},
    {"access_state", "accstate"},
    {"data_state", "datastate"},
    {"configuration_state", "configstate"},
    {"device_mtm", "deviceMTM"},
    {"data_type", "datatype"},
    {"address_group", "addrgrp"},
    {"extent_pool", "extpool", F::text, A::left, IdKind::extent_pool},
    {"extents", "exts", F::number, A::right},
    {"capacity_blocks", "cap (MiB)", F::blocks_mib, A::right, IdKind::none, true},
    {"capacity_type", "captype", F::capacity_type},
    {"capacity_blocks", "cap (2^30B)", F::blocks_gib, A::right},
    {"capacity_blocks", "cap (10^9B)", F::blocks_gb, A::right},
    {"capacity_blocks", "cap (blocks)", F::number, A::right},
    {"volume_groups", "volgrp", F::words},
    {"ranks", "ranks", F::number, A::right},
    {"deleted_bad_extents", "dbexts", F::number, A::right, IdKind::none, true},
    {"sam", "sam", F::text, A::left, IdKind::none, true},
    {"repository_blocks", "repcapalloc", F::blocks_gib, A::right, IdKind::none, true},
    {"eam", "eam", F::text, A::left, IdKind::none, true},
    {"requested_blocks", "reqcap (blocks)", F::number, A::right, IdKind::none, true},
    {"real_extents", "realextents", F::number, A::right, IdKind::none, true},
    {"virtual_extents", "virtualextents", F::number, A::right, IdKind::none, true},
    {"real_extents", "realcap (MiB)", F::extents_mib, A::right, IdKind::none, true},
    {"migrating_extents", "migrating", F::number, A::right, IdKind::none, true},
    {"migrating_extents", "migratingcap (MiB)", F::extents_mib, A::right, IdKind::none, true},
    {"performance_group", "perfgrp", F::text, A::left, IdKind::none, true},
    {"migrating_from", "migratingfrom", F::text, A::left, IdKind::none, true},
    {"resource_group", "resgrp", F::text, A::left, IdKind::none, true},
    {"tier_assign_status", "tierassignstatus", F::text, A::left, IdKind::none, true},
    {"tier_assign_error", "tierassignerror", F::text, A::left, IdKind::none, true},
    {"tier_assign_order", "tierassignorder", F::text, A::left, IdKind::none, true},
    {"tier_assign_target", "tierassigntarget", F::text, A::left, IdKind::none, true},
    {"tier_assigned_percent", "%tierassigned", F::number, A::left, IdKind::none, true},
    {"tier_pause_remaining", "etmonpauseremain", F::text, A::left, IdKind::none, true},
    {"tier_monitor_reset", "etmonitorreset", F::text, A::left, IdKind::none, true},
    {"guid", "GUID", F::text, A::left, IdKind::none, true},
    {"safeguarded_blocks", "safeguardedcap (2^30B)", F::blocks_gib, A::right, IdKind::none, true},
    {"safeguarded_location", "safeguardedloc", F::text, A::left, IdKind::none, true},
    {"safeguarded_used_blocks", "usedsafeguardedcap (2^30B)", F::blocks_gib, A::right, IdKind::none, true},
    {"safeguarded", "safeguarded", F::text, A::left, IdKind::none, true},
    {"safeguarded_recovered", "SGC Recovered", F::text, A::left, IdKind::none, true},
};
constexpr View kVolumeList[] = {"Name",     "ID",      "accstate",    "datastate",   "configstate", "deviceMTM",
                                "datatype", "extpool", "cap (2^30B)", "cap (10^9B)", "cap (blocks)"};
constexpr View kVolumeWide[] = {"Name",        "ID",          "accstate",     "datastate", "configstate",
                                "deviceMTM",   "datatype",    "extpool",      "sam",       "captype",
                                "cap (2^30B)", "cap (10^9B)", "cap (blocks)", "volgrp",    "reqcap (blocks)",
                                "eam",         "perfgrp",     "resgrp"};
constexpr View kVolumeFields[] = {"Name",
                                  "ID",
                                  "accstate",
                                  "datastate",
                                  "configstate",
                                  "deviceMTM",
                                  "datatype",
                                  "addrgrp",
                                  "extpool",
                                  "exts",
                                  "cap (MiB)",
                                  "captype",
                                  "cap (2^30B)",
                                  "cap (10^9B)",
                                  "cap (blocks)",
                                  "volgrp",
                                  "ranks",
                                  "dbexts",
                                  "sam",
                                  "repcapalloc",
                                  "eam",
                                  "reqcap (blocks)",
                                  "realextents",
                                  "virtualextents",
                                  "realcap (MiB)",
                                  "migrating",
                                  "migratingcap (MiB)",
                                  "perfgrp",
                                  "migratingfrom",
                                  "resgrp",
                                  "tierassignstatus",
                                  "tierassignerror",
                                  "tierassignorder",
                                  "tierassigntarget",
                                  "%tierassigned",
                                  "etmonpauseremain",
                                  "etmonitorreset",
                                  "GUID",
                                  "safeguardedcap (2^30B)",
                                  "safeguardedloc",
                                  "usedsafeguardedcap (2^30B)",
                                  "safeguarded",
                                  "SGC Recovered"};

// ---- logical subsystem ----
constexpr Attribute kLssAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::lss},
    {"group", "Group", F::number, A::right},
    {"address_group", "addrgrp"},
    {"storage_type", "stgtype"},
    {"volume_count", "confgvols", F::number, A::right},
    {"subsystem_id", "subsys", F::hex_prefixed},
    {"consistency_group", "pprcconsistgrp", F::enabled},
    {"long_busy_seconds", "xtndlbztimout", F::seconds_suffixed},
    {"resource_group", "resgrp", F::text, A::left, IdKind::none, true},
};
constexpr View kLssList[] = {"ID", "Group", "addrgrp", "stgtype", "confgvols"};
constexpr View kLssWide[] = {"ID",     "Group",          "addrgrp",       "stgtype", "confgvols",
                             "subsys", "pprcconsistgrp", "xtndlbztimout", "resgrp"};

// ---- FlashCopy relationship: left aligned throughout, as all copy lists are ----
constexpr Attribute kFlashAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::pair},
    {"source_lss", "SrcLSS"},
    {"sequence_number", "SequenceNum", F::hex},
    {"timeout_seconds", "Timeout", F::number},
    {"active_copy", "ActiveCopy", F::enabled},
    {"recording", "Recording", F::enabled},
    {"persistent", "Persistent", F::enabled},
    {"revertible", "Revertible", F::enabled},
    {"source_write_enabled", "SourceWriteEnabled", F::enabled},
    {"target_write_enabled", "TargetWriteEnabled", F::enabled},
    {"background_copy", "BackgroundCopy", F::enabled},
    {"out_of_sync_tracks", "OutOfSyncTracks", F::number},
    {"date_created", "DateCreated", F::date},
    {"date_synced", "DateSynced", F::date},
    {"state", "State"},
    {"target_se", "isTgtSE", F::text, A::left, IdKind::none, true},
    {"out_of_sync_tracks", "%Copied", F::tracks_percent},
    {"copy_bytes_per_second", "Rate (2^20B/s)", F::rate_mib},
    {"copy_bytes_per_second", "TimeLeft", F::time_left},
    {"copy_limit", "Limit (2^20B/s)", F::rate_mib},
};
constexpr View kFlashList[] = {"ID",
                               "SrcLSS",
                               "SequenceNum",
                               "Timeout",
                               "ActiveCopy",
                               "Recording",
                               "Persistent",
                               "Revertible",
                               "SourceWriteEnabled",
                               "TargetWriteEnabled",
                               "BackgroundCopy"};
constexpr View kFlashWide[] = {"ID",
                               "SrcLSS",
                               "SequenceNum",
                               "Timeout",
                               "ActiveCopy",
                               "Recording",
                               "Persistent",
                               "Revertible",
                               "SourceWriteEnabled",
                               "TargetWriteEnabled",
                               "BackgroundCopy",
                               "OutOfSyncTracks",
                               "DateCreated",
                               "DateSynced",
                               "State",
                               "isTgtSE"};
constexpr View kFlashExtra[] = {"%Copied", "Rate (2^20B/s)", "TimeLeft", "Limit (2^20B/s)"};

// ---- comparison of a target with its image ----
constexpr Attribute kVerificationAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::pair},
    {"state", "State"},
    {"date_started", "DateStarted", F::date},
    {"tracks_left", "%Verified", F::tracks_percent},
    {"recording", "Recording", F::enabled},
    {"equal", "Equal", F::number},
    {"uncopied", "OutOfSync", F::number},
    {"changed", "Changed", F::number},
    {"different", "Different", F::number},
    {"unreadable", "Unreadable", F::number},
    {"first_different", "FirstDifferent", F::number},
};
constexpr View kVerificationList[] = {"ID",        "State",   "%Verified", "Recording",  "Equal",
                                      "OutOfSync", "Changed", "Different", "Unreadable", "FirstDifferent"};
constexpr View kVerificationWide[] = {"ID",        "State",   "DateStarted", "%Verified",  "Recording",     "Equal",
                                      "OutOfSync", "Changed", "Different",   "Unreadable", "FirstDifferent"};

// ---- user ----
constexpr Attribute kUserAttributes[] = {
    {"id", "Name"},
    {"groups", "Group", F::words},
    {"state", "State"},
    {"failed_logins", "FailedLogin", F::number, A::right},
    {"days_to_expire", "DaysToExpire", F::number, A::right},
    {"scope", "Scope"},
};
constexpr View kUserList[] = {"Name", "Group", "State"};
constexpr View kUserWide[] = {"Name", "Group", "State", "Scope"};
constexpr View kUserFields[] = {"Name", "Group", "State", "FailedLogin", "DaysToExpire", "Scope"};

constexpr ObjectClass kClasses[] = {
    {"image", "Storage Image", "SI", IdKind::image, kImageAttributes, kImageList, kImageWide, kImageFields, {}},
    {"flash_verification",
     "Verification",
     "FLASHVERIFICATION",
     IdKind::pair,
     kVerificationAttributes,
     kVerificationList,
     kVerificationWide,
     kVerificationWide,
     {}},
    {"extent_pool",
     "Extent Pool",
     "EXTENTPOOL",
     IdKind::extent_pool,
     kPoolAttributes,
     kPoolList,
     kPoolWide,
     kPoolFields,
     {}},
    {"fb_volume",
     "FB Volume",
     "FBVOLUME",
     IdKind::volume,
     kVolumeAttributes,
     kVolumeList,
     kVolumeWide,
     kVolumeFields,
     {}},
    {"lss", "LSS", "LSS", IdKind::lss, kLssAttributes, kLssList, kLssWide, kLssWide, {}},
    {"flash", "Flash Copy", "FlashCopy", IdKind::pair, kFlashAttributes, kFlashList, kFlashWide, kFlashWide,
     kFlashExtra},
    {"user", "User", "USER", IdKind::user, kUserAttributes, kUserList, kUserWide, kUserFields, {}},
};

std::vector<ObjectClass> join_tables() {
  std::vector<ObjectClass> all;
  for (const auto part :
       {tables::classes_of_volumes_and_copies(), tables::classes_of_ranks(), tables::classes_of_metrics(),
        tables::classes_of_image(), tables::classes_of_hosts(), tables::classes_of_hardware(),
        tables::classes_of_ranges(), tables::classes_of_groups(), tables::classes_of_repositories(),
        tables::classes_of_mirror_paths(), tables::classes_of_mirrors()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace

const Attribute* ObjectClass::find(std::string_view heading) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.heading == heading) return &attribute;
  }
  return nullptr;
}

namespace tables {

std::span<const ObjectClass> classes_of_volumes_and_copies() {
  return kClasses;
}

}  // namespace tables

std::span<const ObjectClass> object_classes() {
  static const std::vector<ObjectClass> all = join_tables();
  return all;
}

const ObjectClass* find_class(std::string_view name) {
  for (const ObjectClass& one : object_classes()) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

}  // namespace tt::model
