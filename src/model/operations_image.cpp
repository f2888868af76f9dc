// SPDX-License-Identifier: Apache-2.0
// The storage unit and image: names, servers, keys, problems.
#include "model/arguments.h"
#include "model/tables.h"

namespace tt::model::tables {

namespace {

constexpr Argument kUnitOperand{.key = "id",
                                .kind = ArgumentKind::ids,
                                .value = "storage_unit",
                                .traits = kSingle,
                                .id_kind = IdKind::storage_unit,
                                .help = "the storage unit; default is that of the storage image"};

constexpr Argument kNewDescription{.flag = "desc",
                                   .key = "description",
                                   .kind = ArgumentKind::text,
                                   .value = "text",
                                   .low = 1,
                                   .high = 255,
                                   .help = "new description"};

constexpr Argument kUnitList[] = {
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "storage_unit ...",
     .id_kind = IdKind::storage_unit,
     .help = "only these storage units"},
};

constexpr Argument kOneUnit[] = {
    kUnitOperand,
};

constexpr Argument kChangeUnit[] = {
    kNewName,
    kNewDescription,
    kUnitOperand,
};

constexpr Argument kChangeImage[] = {
    kNewName,
    kNewDescription,
    {.flag = "os400serial",
     .key = "os400_serial",
     .kind = ArgumentKind::hex_number,
     .value = "nnn",
     .low = 0,
     .high = 0xFFF,
     .help = "low part of the serial that IBM i sees"},
    {.flag = "fccopyrate",
     .key = "copy_rate_mib",
     .kind = ArgumentKind::number,
     .value = "MiB/s",
     .low = 0,
     .high = kFastestCopy,
     .traits = kExtension,
     .help = "all background copies together go at this rate at most; 0 = as fast as hosts leave it"},
    {.flag = "fccopyfloor",
     .key = "copy_floor_mib",
     .kind = ArgumentKind::number,
     .value = "MiB/s",
     .low = 1,
     .high = kFastestCopy,
     .traits = kExtension,
     .help = "they are not slowed below this rate for the sake of hosts, unless a limit wants it; a new image has 8"},
    {.flag = "scrubrate",
     .key = "scrub_rate_mib",
     .kind = ArgumentKind::number,
     .value = "MiB/s",
     .low = 1,
     .high = kFastestCopy,
     .traits = kExtension,
     .help = "the scrub reads media at this rate at most; a new image has 64"},
    {.flag = "scrubinterval",
     .key = "scrub_interval_hours",
     .kind = ArgumentKind::number,
     .value = "hours",
     .low = 0,
     .high = 8784,
     .traits = kExtension,
     .help = "so long after one scrub began the next one begins; a new image has 168, 0 = only when told"},
    kOneImageOperand,
};

constexpr Argument kScrub[] = {
    {.flag = "cancel", .key = "cancel", .value = "true", .help = "end the scrub that is under way"},
    kOneImageOperand,
};

constexpr Argument kScrubList[] = {
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "rank ...",
     .id_kind = IdKind::rank,
     .help = "only these ranks"},
};

constexpr Argument kServerList[] = {
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "server ...",
     .id_kind = IdKind::free_text,
     .help = "only these servers"},
};

constexpr Argument kKeyList[] = {
    kOneImageOperand,
};

constexpr Argument kApplyKey[] = {
    {.flag = "key",
     .key = "keys",
     .kind = ArgumentKind::words,
     .value = "key[,key]",
     .exclusive = "keys",
     .traits = kLocal,
     .help = "activation keys; none is looked at"},
    {.flag = "file",
     .key = "file",
     .kind = ArgumentKind::text,
     .value = "file",
     .low = 1,
     .high = 4096,
     .exclusive = "keys",
     .traits = kLocal,
     .help = "a file with keys; it is not read"},
    kOneImageOperand,
};

constexpr Argument kProblemList[] = {
    {.flag = "status",
     .key = "status",
     .kind = ArgumentKind::choice,
     .value = "open|closed|canceled|fixed",
     .matches = "status",
     .help = "only problems in this state; a software image has open and closed ones"},
    {.flag = "from",
     .key = "from",
     .kind = ArgumentKind::text,
     .value = "yyyy-mm-dd",
     .low = 10,
     .high = 10,
     .traits = kLocal,
     .help = "only problems of this day and later"},
    {.flag = "to",
     .key = "to",
     .kind = ArgumentKind::text,
     .value = "yyyy-mm-dd",
     .low = 10,
     .high = 10,
     .traits = kLocal,
     .help = "only problems of this day and earlier"},
    {.key = "from_s",
     .kind = ArgumentKind::number,
     .low = 0,
     .high = 1LL << 40,
     .traits = kDerived,
     .help = "the first second, since 1970"},
    {.key = "to_s",
     .kind = ArgumentKind::number,
     .low = 0,
     .high = 1LL << 40,
     .traits = kDerived,
     .help = "the last second, since 1970"},
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "problem ...",
     .id_kind = IdKind::free_text,
     .help = "only these problems"},
};

constexpr Argument kCloseProblem[] = {
    {.key = "ids",
     .kind = ArgumentKind::names,
     .value = "problem ...",
     .low = 1,
     .high = 10,
     .traits = kRequired,
     .id_kind = IdKind::free_text,
     .help = "numbers of the problems"},
};

constexpr Operation kImage[] = {
    {.name = "lssu",
     .summary = "lists the storage units of the management console",
     .shape = Shape::list,
     .object_class = "storage_unit",
     .arguments = kUnitList,
     .needs_image = false,
     .example = "lssu -l"},
    {.name = "showsu",
     .summary = "shows a storage unit",
     .shape = Shape::show,
     .object_class = "storage_unit",
     .arguments = kOneUnit,
     .example = "showsu IBM.2107-75ABCD0"},
    {.name = "chsu",
     .summary = "changes name and description of a storage unit",
     .shape = Shape::change,
     .access = Access::storage,
     .object_class = "storage_unit",
     .arguments = kChangeUnit,
     .success = "CMUC00183I",
     .example = "chsu -name rack_7 IBM.2107-75ABCD0",
     .audit_code = 2040,
     .audit_event = "Unit_Modify"},
    {.name = "chsi",
     .summary = "changes name, description, IBM i serial, copy rate and scrub of a storage image",
     .shape = Shape::change,
     .access = Access::storage,
     .object_class = "image",
     .arguments = kChangeImage,
     .success = "CMUC00183I",
     .example = "chsi -name prod IBM.2107-75ABCD1",
     .audit_code = 2041,
     .audit_event = "Image_Modify"},
    {.name = "scrubmedia",
     .summary = "reads everything that volumes have on media and verifies it; an addition of Twintrack",
     .shape = Shape::change,
     .access = Access::storage,
     .object_class = "image",
     .arguments = kScrub,
     .success = "CMUC09044I",
     .cancelled = "CMUC09045I",
     .example = "scrubmedia IBM.2107-75ABCD1",
     .audit_code = 2043,
     .audit_event = "Media_Scrub"},
    {.name = "lsscrub",
     .summary = "lists what the scrub has found on each rank; an addition of Twintrack",
     .shape = Shape::list,
     .object_class = "scrub",
     .arguments = kScrubList,
     .example = "lsscrub R0"},
    {.name = "lsserver",
     .summary = "lists the two servers of a storage image, which live in one program here",
     .shape = Shape::list,
     .object_class = "server",
     .arguments = kServerList,
     .example = "lsserver -l"},
    {.name = "lskey",
     .summary = "lists what a storage image is licensed for",
     .shape = Shape::list,
     .object_class = "license",
     .arguments = kKeyList,
     .example = "lskey IBM.2107-75ABCD1"},
    {.name = "applykey",
     .summary = "does nothing: no function needs a key",
     .shape = Shape::change,
     .access = Access::storage,
     .object_class = "license",
     .arguments = kApplyKey,
     .success = "CMUC09026I",
     .example = "applykey -key 1234-5678-9ABC IBM.2107-75ABCD1",
     .audit_code = 2042,
     .audit_event = "License_Apply"},
    {.name = "lsproblem",
     .summary = "lists what went wrong in a storage image",
     .shape = Shape::list,
     .object_class = "problem",
     .arguments = kProblemList,
     .example = "lsproblem -status open"},
    {.name = "closeproblem",
     .summary = "marks problems as closed",
     .shape = Shape::change,
     .access = Access::storage,
     .object_class = "problem",
     .arguments = kCloseProblem,
     .success = "CMUC00183I",
     .example = "closeproblem 3",
     .audit_code = 2110,
     .audit_event = "Problem_Close"},
};

}  // namespace

std::span<const Operation> image() {
  return kImage;
}

}  // namespace tt::model::tables
