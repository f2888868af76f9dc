// SPDX-License-Identifier: Apache-2.0
// Storage units, servers, licences, problems, and what the management console has of its own.
#include "model/tables.h"

namespace tt::model::tables {

namespace {

using A = Align;
using F = Format;
using View = std::string_view;

// ---- storage unit ----
constexpr Attribute kUnitAttributes[] = {
    {"name", "Name"},      {"description", "Desc"}, {"id", "ID"},  {"model", "Model"},      {"wwnn", "WWNN"},
    {"power", "pw state"}, {"state", "state"},      {"id", "MTS"}, {"description", "desc"},
};
constexpr View kUnitList[] = {"Name", "ID", "Model", "WWNN", "pw state", "state"};
constexpr View kUnitWide[] = {"Name", "ID", "Model", "WWNN", "pw state", "state", "desc"};
constexpr View kUnitFields[] = {"Name", "Desc", "ID", "Model", "WWNN", "pw state", "MTS"};

// ---- the background copies of an image ----
constexpr Attribute kPaceAttributes[] = {
    {"id", "ID"},
    {"copy_limit", "Limit (2^20B/s)", F::rate_mib},
    {"copy_floor", "Floor (2^20B/s)", F::rate_mib},
    {"copy_bytes_per_second", "Rate (2^20B/s)", F::rate_mib},
    {"active_copies", "ActiveCopies", F::number},
    {"out_of_sync_tracks", "OutOfSyncTracks", F::number},
    {"copy_bytes_per_second", "TimeLeft", F::time_left},
};
constexpr View kPaceFields[] = {"ID",           "Limit (2^20B/s)", "Floor (2^20B/s)", "Rate (2^20B/s)",
                                "ActiveCopies", "OutOfSyncTracks", "TimeLeft"};

// ---- the read cache of an image; bytes since its start ----
constexpr Attribute kReadCacheAttributes[] = {
    {"id", "ID"},
    {"capacity_bytes", "Capacity (2^20B)", F::rate_mib},
    {"held_bytes", "Held (2^20B)", F::rate_mib},
    {"hit_bytes", "Hits (2^20B)", F::rate_mib},
    {"missed_bytes", "Misses (2^20B)", F::rate_mib},
    {"ahead_bytes", "ReadAhead (2^20B)", F::rate_mib},
    {"ahead_used_bytes", "ReadAheadHits (2^20B)", F::rate_mib},
    {"ahead_wasted_bytes", "ReadAheadWasted (2^20B)", F::rate_mib},
};
constexpr View kReadCacheFields[] = {"ID",
                                     "Capacity (2^20B)",
                                     "Held (2^20B)",
                                     "Hits (2^20B)",
                                     "Misses (2^20B)",
                                     "ReadAhead (2^20B)",
                                     "ReadAheadHits (2^20B)",
                                     "ReadAheadWasted (2^20B)"};

// ---- what the scrub has found on a rank ----
constexpr Attribute kScrubAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::rank},
    {"state", "State"},
    {"out_of_sync_tracks", "Progress (%)", F::tracks_percent},
    {"copy_bytes_per_second", "TimeLeft", F::time_left},
    {"verified", "Verified", F::number},
    {"learned", "Learned", F::number},
    {"unverified", "Unverified", F::number},
    {"repaired", "Repaired", F::number},
    {"damaged", "Damaged", F::number},
    {"date_started", "DateStarted", F::date},
    {"date_complete", "DateComplete", F::date},
    {"copy_bytes_per_second", "Rate (2^20B/s)", F::rate_mib},
    {"copy_limit", "Limit (2^20B/s)", F::rate_mib},
    {"interval_hours", "Interval (hours)", F::number},
    {"checksums", "Checksums", F::enabled},
};
constexpr View kScrubList[] = {"ID",      "State",      "Progress (%)", "TimeLeft", "Verified",
                               "Learned", "Unverified", "Repaired",     "Damaged",  "DateComplete"};
constexpr View kScrubWide[] = {"ID",           "State",          "Progress (%)",    "TimeLeft",         "Verified",
                               "Learned",      "Unverified",     "Repaired",        "Damaged",          "DateStarted",
                               "DateComplete", "Rate (2^20B/s)", "Limit (2^20B/s)", "Interval (hours)", "Checksums"};

// ---- server ----
constexpr Attribute kServerAttributes[] = {
    {"id", "ID"},
    {"image_id", "Image ID"},
    {"state", "Image Status"},
    {"power_control", "Power Control"},
    {"code_level", "Bundle Version"},
};
constexpr View kServerList[] = {"ID", "Image ID", "Image Status", "Power Control", "Bundle Version"};

// ---- licence ----
constexpr Attribute kLicenseAttributes[] = {
    {"id", "Activation Key"},
    {"level", "Authorization Level (TB)"},
    {"scope", "Scope"},
};
constexpr View kLicenseList[] = {"Activation Key", "Authorization Level (TB)", "Scope"};

// ---- problem ----
constexpr Attribute kProblemAttributes[] = {
    {"id", "ID"},     {"severity", "Severity"},  {"status", "Status"},           {"date", "Date", F::date},
    {"mtms", "MTMS"}, {"reference_code", "SRC"}, {"description", "Description"},
};
constexpr View kProblemList[] = {"ID", "Severity", "Status", "Date", "MTMS", "SRC", "Description"};

// ---- of the management console ----
constexpr Attribute kPolicyAttributes[] = {
    {"id", "Rules"},
    {"expire_days", "Password Expiration", F::days_suffixed},
    {"failures", "Failed Logins Allowed", F::number},
    {"age_days", "Password Age", F::days_suffixed},
    {"length", "Minimum Length", F::number},
    {"history", "Password History", F::number},
};
constexpr View kPolicyList[] = {"Rules"};
constexpr View kPolicyFields[] = {"Password Expiration", "Failed Logins Allowed", "Password Age", "Minimum Length",
                                  "Password History"};
constexpr Attribute kAuthenticationAttributes[] = {{"id", "name"}, {"type", "type"}, {"state", "state"}};
constexpr View kAuthenticationList[] = {"name", "type", "state"};
constexpr Attribute kSessionAttributes[] = {{"id", "Name"}, {"groups", "Group", F::words}};
constexpr View kSessionList[] = {"Name", "Group"};
constexpr Attribute kComplexAttributes[] = {
    {"id", "Complex"},           {"name", "Name"},
    {"description", "Desc"},     {"account", "Account"},
    {"snmp", "SNMP", F::on_off}, {"trap_addresses", "SNMPadd", F::words},
};
constexpr View kComplexList[] = {"Complex"};
constexpr View kComplexFields[] = {"Name", "Desc", "Account", "SNMP", "SNMPadd"};
constexpr Attribute kAuditAttributes[] = {{"id", "Log"}};
constexpr View kAuditList[] = {"Log"};

constexpr ObjectClass kClasses[] = {
    {"password_rules",
     "Rule",
     "PASSWORDRULES",
     IdKind::free_text,
     kPolicyAttributes,
     kPolicyList,
     kPolicyList,
     kPolicyFields,
     {}},
    {"authentication_policy",
     "Authentication Policy",
     "AUTHPOL",
     IdKind::free_text,
     kAuthenticationAttributes,
     kAuthenticationList,
     kAuthenticationList,
     kAuthenticationList,
     {}},
    {"session", "Session", "SESSION", IdKind::user, kSessionAttributes, kSessionList, kSessionList, kSessionList, {}},
    {"complex",
     "Storage Complex",
     "SP",
     IdKind::free_text,
     kComplexAttributes,
     kComplexList,
     kComplexList,
     kComplexFields,
     {}},
    {"audit_log", "Audit Log", "AUDITLOG", IdKind::free_text, kAuditAttributes, kAuditList, kAuditList, kAuditList, {}},
    {"storage_unit",
     "Storage Unit",
     "SU",
     IdKind::storage_unit,
     kUnitAttributes,
     kUnitList,
     kUnitWide,
     kUnitFields,
     {}},
    {"copy_pace", "Copy Rate", "COPYRATE", IdKind::image, kPaceAttributes, kPaceFields, kPaceFields, kPaceFields, {}},
    {"read_cache",
     "Read Cache",
     "READCACHE",
     IdKind::image,
     kReadCacheAttributes,
     kReadCacheFields,
     kReadCacheFields,
     kReadCacheFields,
     {}},
    {"scrub", "Scrub", "SCRUB", IdKind::rank, kScrubAttributes, kScrubList, kScrubWide, kScrubWide, {}},
    {"server", "Server", "SERVER", IdKind::free_text, kServerAttributes, kServerList, kServerList, kServerList, {}},
    {"license", "Key", "KEY", IdKind::free_text, kLicenseAttributes, kLicenseList, kLicenseList, kLicenseList, {}},
    {"problem",
     "Problem",
     "PROBLEM",
     IdKind::free_text,
     kProblemAttributes,
     kProblemList,
     kProblemList,
     kProblemList,
     {}},
};

}  // namespace

std::span<const ObjectClass> classes_of_image() {
  return kClasses;
}

}  // namespace tt::model::tables
