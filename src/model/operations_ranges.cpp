// SPDX-License-Identifier: Apache-2.0
// FlashCopy of runs of tracks. The original has it for z/OS only; these commands are ours, for whoever keeps several
// things on one volume.
#include "model/arguments.h"
#include "model/tables.h"

namespace tt::model::tables {

namespace {

constexpr Argument kMakeRange[] = {
    {.flag = "tracks",
     .key = "runs",
     .kind = ArgumentKind::words,
     .value = "source_track[-last]:target_track,...",
     .traits = kRequired,
     .help = "what is copied where, in tracks of 64 KiB: 0-99:500 copies the first hundred to 500-599"},
    {.flag = "cp",
     .key = "background_copy",
     .value = "true",
     .fallback = "true",
     .exclusive = "copy",
     .help = "copy everything in the background, as is done with neither of the two"},
    {.flag = "nocp",
     .key = "background_copy",
     .value = "false",
     .exclusive = "copy",
     .help = "copy only tracks that are about to be overwritten"},
    kSequence,
    kPairs,
};

constexpr Argument kRemoveRange[] = {
    {.flag = "tracks",
     .key = "runs",
     .kind = ArgumentKind::words,
     .value = "target_track[-last],...",
     .help = "only these tracks of the target"},
    kOnlySequence,
    kPairs,
};

constexpr Argument kListRanges[] = {kFlashSelection};

constexpr Operation kRanges[] = {
    {.name = "mkrangeflash",
     .summary = "takes FlashCopies of runs of tracks, within one volume too; an addition of Twintrack",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "range_flash",
     .arguments = kMakeRange,
     .success = "CMUC09040I",
     .example = "mkrangeflash -tracks 0-99:500,7:20 0100:0200",
     .audit_code = 3013,
     .audit_event = "RangeFlashCopy_Create"},
    {.name = "lsrangeflash",
     .summary = "lists FlashCopies of runs of tracks; an addition of Twintrack",
     .shape = Shape::list,
     .object_class = "range_flash",
     .arguments = kListRanges,
     .example = "lsrangeflash -l 0000-FFFF"},
    {.name = "rmrangeflash",
     .summary = "removes FlashCopies of runs of tracks, or parts of them; an addition of Twintrack",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "range_flash",
     .arguments = kRemoveRange,
     .success = "CMUC09041I",
     .prompt = "CMUC09042W",
     .loses = "the tracks not yet copied: the target shows there what it held before",
     .example = "rmrangeflash -quiet -tracks 500-509 0100:0200",
     .audit_code = 3014,
     .audit_event = "RangeFlashCopy_Remove"},
};

using F = Format;
using A = Align;

constexpr Attribute kAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::pair},
    {"sequence_number", "SequenceNum", F::hex},
    {"state", "State"},
    {"background_copy", "BackgroundCopy", F::enabled},
    {"track_count", "Tracks", F::number},
    {"out_of_sync_tracks", "OutOfSyncTracks", F::number},
    {"out_of_sync_tracks", "%Copied", F::tracks_percent},
    {"date_created", "DateCreated", F::date},
    {"runs", "Runs", F::words},
};
constexpr std::string_view kList[] = {"ID", "SequenceNum", "State", "BackgroundCopy", "Tracks", "OutOfSyncTracks"};
constexpr std::string_view kWide[] = {"ID",      "SequenceNum", "State", "BackgroundCopy", "Tracks", "OutOfSyncTracks",
                                      "%Copied", "DateCreated", "Runs"};

constexpr ObjectClass kClasses[] = {
    {"range_flash", "Range Flash Copy", "RANGEFLASH", IdKind::pair, kAttributes, kList, kWide, kWide, {}},
};

}  // namespace

std::span<const Operation> flashcopy_of_ranges() {
  return kRanges;
}

std::span<const ObjectClass> classes_of_ranges() {
  return kClasses;
}

}  // namespace tt::model::tables
