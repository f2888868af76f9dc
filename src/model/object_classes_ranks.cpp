// SPDX-License-Identifier: Apache-2.0
// Array sites, arrays and ranks, and the tables below a volume or pool.
#include "model/tables.h"

namespace tt::model::tables {

namespace {

using A = Align;
using F = Format;
using View = std::string_view;

// ---- rank ----
constexpr Attribute kRankAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::rank},
    {"rank_group", "Group", F::number, A::right},
    {"state", "State"},
    {"data_state", "datastate"},
    {"array", "Array", F::text, A::left, IdKind::array},
    {"raid_type", "RAIDtype", F::text, A::right},
    {"extent_pool", "extpoolID", F::text, A::left, IdKind::extent_pool},
    {"extent_pool_name", "extpoolnam"},
    {"storage_type", "stgtype"},
    {"extents", "exts", F::number, A::right},
    {"used_extents", "usedexts", F::number, A::right},
    {"encryption_group", "encryptgrp", F::text, A::left, IdKind::none, true},
    {"device", "Device"},
};
constexpr View kRankList[] = {"ID", "Group", "State", "datastate", "Array", "RAIDtype", "extpoolID", "stgtype"};
constexpr View kRankWide[] = {"ID",        "Group",      "State",   "datastate", "Array",    "RAIDtype",
                              "extpoolID", "extpoolnam", "stgtype", "exts",      "usedexts", "encryptgrp"};
constexpr View kRankFields[] = {"ID",         "Group",   "State", "datastate", "Array",      "RAIDtype", "extpoolID",
                                "extpoolnam", "stgtype", "exts",  "usedexts",  "encryptgrp", "Device"};

// ---- array site ----
constexpr Attribute kSiteAttributes[] = {
    {"id", "arsite", F::text, A::left, IdKind::array_site},
    {"da_pair", "DA Pair", F::number, A::right},
    {"capacity_bytes", "dkcap (10^9B)", F::bytes_decimal_gb, A::right},
    {"state", "State"},
    {"array", "Array", F::text, A::left, IdKind::array},
    {"device", "Device"},
};
constexpr View kSiteList[] = {"arsite", "DA Pair", "dkcap (10^9B)", "State", "Array"};
constexpr View kSiteFields[] = {"arsite", "DA Pair", "dkcap (10^9B)", "State", "Array", "Device"};

// ---- array ----
constexpr Attribute kArrayAttributes[] = {
    {"id", "Array", F::text, A::left, IdKind::array},
    {"state", "State"},
    {"data_state", "Data"},
    {"raid_type", "RAIDtype"},
    {"array_site", "arsite", F::text, A::left, IdKind::array_site},
    {"rank", "Rank", F::text, A::left, IdKind::rank},
    {"da_pair", "DA Pair", F::number, A::right},
    {"capacity_bytes", "DDMcap (10^9B)", F::bytes_decimal_gb, A::right},
    {"disk_class", "diskclass"},
    {"encryption", "encrypt"},
    {"device", "Device"},
};
constexpr View kArrayList[] = {"Array", "State", "Data", "RAIDtype", "arsite", "Rank", "DA Pair", "DDMcap (10^9B)"};
constexpr View kArrayWide[] = {"Array", "State",   "Data",           "RAIDtype",  "arsite",
                               "Rank",  "DA Pair", "DDMcap (10^9B)", "diskclass", "encrypt"};
constexpr View kArrayFields[] = {"Array",   "State",          "Data",      "RAIDtype", "arsite", "Rank",
                                 "DA Pair", "DDMcap (10^9B)", "diskclass", "encrypt",  "Device"};

// ---- tables below a volume or pool ----
constexpr Attribute kRankExtentsAttributes[] = {
    {"id", "rank", F::text, A::left, IdKind::rank},
    {"extents", "extents", F::number, A::right},
};
constexpr View kRankExtents[] = {"rank", "extents"};
constexpr Attribute kRanksOfPoolAttributes[] = {{"id", "rank", F::text, A::left, IdKind::rank}};
constexpr View kRanksOfPool[] = {"rank"};
constexpr Attribute kVolumesOfPoolAttributes[] = {{"id", "volume", F::text, A::left, IdKind::volume}};
constexpr View kVolumesOfPool[] = {"volume"};
constexpr Attribute kPoolExtentsAttributes[] = {
    {"id", "extpool", F::text, A::left, IdKind::extent_pool},
    {"extents", "extents", F::number, A::right},
};
constexpr View kPoolExtents[] = {"extpool", "extents"};

constexpr Attribute kThinTargetAttributes[] = {
    {"id", "target", F::text, A::left, IdKind::volume},
    {"extent_pool", "extpool", F::text, A::left, IdKind::extent_pool},
    {"sam", "sam"},
    {"real_extents", "realextents", F::number, A::right},
    {"virtual_extents", "virtualextents", F::number, A::right},
};
constexpr View kThinTargets[] = {"target", "extpool", "sam", "realextents", "virtualextents"};

// ---- sums over volumes ----
constexpr Attribute kSumsOfLssAttributes[] = {
    {"id", "extpool", F::text, A::left, IdKind::extent_pool},
    {"volume_count", "numvols", F::number, A::right},
    {"thin_count", "numthin", F::number, A::right},
    {"capacity_blocks", "cap (2^30B)", F::blocks_gib, A::right},
    {"real_blocks", "realcap (2^30B)", F::blocks_gib, A::right},
    {"source_count", "sources", F::number, A::right},
    {"target_count", "targets", F::number, A::right},
};
constexpr View kSumsOfLss[] = {"extpool", "numvols", "numthin", "cap (2^30B)", "realcap (2^30B)", "sources", "targets"};
constexpr Attribute kSumsOfPoolAttributes[] = {
    {"id", "lss", F::text, A::left, IdKind::lss},
    {"volume_count", "numvols", F::number, A::right},
    {"thin_count", "numthin", F::number, A::right},
    {"capacity_blocks", "cap (2^30B)", F::blocks_gib, A::right},
    {"real_blocks", "realcap (2^30B)", F::blocks_gib, A::right},
    {"source_count", "sources", F::number, A::right},
    {"target_count", "targets", F::number, A::right},
};
constexpr View kSumsOfPool[] = {"lss", "numvols", "numthin", "cap (2^30B)", "realcap (2^30B)", "sources", "targets"};

constexpr ObjectClass kClasses[] = {
    {"rank", "Rank", "RANK", IdKind::rank, kRankAttributes, kRankList, kRankWide, kRankFields, {}},
    {"array_site",
     "Array Site",
     "ARRAYSITE",
     IdKind::array_site,
     kSiteAttributes,
     kSiteList,
     kSiteFields,
     kSiteFields,
     {}},
    {"array", "Array", "ARRAY", IdKind::array, kArrayAttributes, kArrayList, kArrayWide, kArrayFields, {}},
    {"volume_rank",
     "Rank extents",
     "RANKEXTENTS",
     IdKind::rank,
     kRankExtentsAttributes,
     kRankExtents,
     kRankExtents,
     kRankExtents,
     {}},
    {"volume_pool",
     "Pool extents",
     "POOLEXTENTS",
     IdKind::extent_pool,
     kPoolExtentsAttributes,
     kPoolExtents,
     kPoolExtents,
     kPoolExtents,
     {}},
    {"volume_targets",
     "Thin targets",
     "THINTARGET",
     IdKind::volume,
     kThinTargetAttributes,
     kThinTargets,
     kThinTargets,
     kThinTargets,
     {}},
    {"lss_sum",
     "Volumes by pool",
     "VOLUMESUM",
     IdKind::extent_pool,
     kSumsOfLssAttributes,
     kSumsOfLss,
     kSumsOfLss,
     kSumsOfLss,
     {}},
    {"pool_sum",
     "Volumes by LSS",
     "VOLUMESUM",
     IdKind::lss,
     kSumsOfPoolAttributes,
     kSumsOfPool,
     kSumsOfPool,
     kSumsOfPool,
     {}},
    {"pool_rank", "Ranks", "RANK", IdKind::rank, kRanksOfPoolAttributes, kRanksOfPool, kRanksOfPool, kRanksOfPool, {}},
    {"pool_volume",
     "Volumes",
     "VOLUME",
     IdKind::volume,
     kVolumesOfPoolAttributes,
     kVolumesOfPool,
     kVolumesOfPool,
     kVolumesOfPool,
     {}},
};

}  // namespace

std::span<const ObjectClass> classes_of_ranks() {
  return kClasses;
}

}  // namespace tt::model::tables
