// SPDX-License-Identifier: Apache-2.0
// Counters of volumes and ranks, in the order in which they have always been printed. docs/dscli.md says which are
// counted.
#include "model/tables.h"

namespace tt::model::tables {

namespace {

using A = Align;
using F = Format;
using View = std::string_view;

constexpr Attribute kVolumeAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::volume},
    {"date", "Date", F::numeric_date},
    {"normrdrqts", "normrdrqts", F::number},
    {"normrdhits", "normrdhits", F::number},
    {"normwritereq", "normwritereq", F::number},
    {"normwritehits", "normwritehits", F::number},
    {"seqreadreqs", "seqreadreqs", F::number},
    {"seqreadhits", "seqreadhits", F::number},
    {"seqwritereq", "seqwritereq", F::number},
    {"seqwritehits", "seqwritehits", F::number},
    {"cachfwrreqs", "cachfwrreqs", F::number},
    {"cachfwrhits", "cachfwrhits", F::number},
    {"cachefwreqs", "cachefwreqs", F::number},
    {"cachfwhits", "cachfwhits", F::number},
    {"inbcachload", "inbcachload", F::number},
    {"bypasscach", "bypasscach", F::number},
    {"DASDtrans", "DASDtrans", F::number},
    {"seqDASDtrans", "seqDASDtrans", F::number},
    {"cachetrans", "cachetrans", F::number},
    {"NVSspadel", "NVSspadel", F::number},
    {"normwriteops", "normwriteops", F::number},
    {"seqwriteops", "seqwriteops", F::number},
    {"reccachemis", "reccachemis", F::number},
    {"qwriteprots", "qwriteprots", F::number},
    {"CKDirtrkac", "CKDirtrkac", F::number},
    {"CKDirtrkhits", "CKDirtrkhits", F::number},
    {"cachspdelay", "cachspdelay", F::number},
    {"timelowifact", "timelowifact", F::number},
    {"phread", "phread", F::number},
    {"phwrite", "phwrite", F::number},
    {"phbyteread", "phbyteread", F::number},
    {"phbytewrite", "phbytewrite", F::number},
    {"recmoreads", "recmoreads", F::number},
    {"sfiletrkreads", "sfiletrkreads", F::number},
    {"contamwrts", "contamwrts", F::number},
    {"PPRCtrks", "PPRCtrks", F::number},
    {"NVSspallo", "NVSspallo", F::number},
    {"timephread", "timephread", F::number},
    {"timephwrite", "timephwrite", F::number},
    {"byteread", "byteread", F::number},
    {"bytewrit", "bytewrit", F::number},
    {"timeread", "timeread", F::number},
    {"timewrite", "timewrite", F::number},
    {"zHPFRead", "zHPFRead", F::number},
    {"zHPFWrite", "zHPFWrite", F::number},
    {"zHPFPrefetchReq", "zHPFPrefetchReq", F::number},
    {"zHPFPrefetchHit", "zHPFPrefetchHit", F::number},
    {"GMCollisionsSidefileCount", "GMCollisionsSidefileCount", F::number},
    {"GMCollisionsSendSyncCount", "GMCollisionsSendSyncCount", F::number},
};
constexpr View kVolumeFields[] = {"ID",
                                  "Date",
                                  "normrdrqts",
                                  "normrdhits",
                                  "normwritereq",
                                  "normwritehits",
                                  "seqreadreqs",
                                  "seqreadhits",
                                  "seqwritereq",
                                  "seqwritehits",
                                  "cachfwrreqs",
                                  "cachfwrhits",
                                  "cachefwreqs",
                                  "cachfwhits",
                                  "inbcachload",
                                  "bypasscach",
                                  "DASDtrans",
                                  "seqDASDtrans",
                                  "cachetrans",
                                  "NVSspadel",
                                  "normwriteops",
                                  "seqwriteops",
                                  "reccachemis",
                                  "qwriteprots",
                                  "CKDirtrkac",
                                  "CKDirtrkhits",
                                  "cachspdelay",
                                  "timelowifact",
                                  "phread",
                                  "phwrite",
                                  "phbyteread",
                                  "phbytewrite",
                                  "recmoreads",
                                  "sfiletrkreads",
                                  "contamwrts",
                                  "PPRCtrks",
                                  "NVSspallo",
                                  "timephread",
                                  "timephwrite",
                                  "byteread",
                                  "bytewrit",
                                  "timeread",
                                  "timewrite",
                                  "zHPFRead",
                                  "zHPFWrite",
                                  "zHPFPrefetchReq",
                                  "zHPFPrefetchHit",
                                  "GMCollisionsSidefileCount",
                                  "GMCollisionsSendSyncCount"};

constexpr Attribute kRankAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::rank},
    {"date", "Date", F::numeric_date},
    {"byteread", "byteread", F::number},
    {"bytewrit", "bytewrit", F::number},
    {"reads", "Reads", F::number},
    {"writes", "Writes", F::number},
    {"timeread", "timeread", F::number},
    {"timewrite", "timewrite", F::number},
};
constexpr View kRankFields[] = {"ID", "Date", "byteread", "bytewrit", "Reads", "Writes", "timeread", "timewrite"};

constexpr ObjectClass kClasses[] = {
    {"fb_volume_metrics",
     "FB Volume",
     "FBVOLUMEMETRICS",
     IdKind::volume,
     kVolumeAttributes,
     kVolumeFields,
     kVolumeFields,
     kVolumeFields,
     {}},
    {"rank_metrics", "Rank", "RANKMETRICS", IdKind::rank, kRankAttributes, kRankFields, kRankFields, kRankFields, {}},
};

}  // namespace

std::span<const ObjectClass> classes_of_metrics() {
  return kClasses;
}

}  // namespace tt::model::tables
