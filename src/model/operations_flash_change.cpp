// SPDX-License-Identifier: Apache-2.0
// Changes of FlashCopy relationships that exist: a new T0, the other direction, and the two steps of a revertible one.
#include "model/arguments.h"
#include "model/tables.h"

namespace tt::model::tables {

namespace {

// ---- arguments that several of these commands share ----
constexpr Argument kMayBePrimary = {.flag = "tgtpprc",
                                    .key = "target_may_be_primary",
                                    .value = "true",
                                    .traits = kLater,
                                    .help = "the target may be the primary of a mirror pair"};
constexpr Argument kTargetOffline = {.flag = "tgtoffline",
                                     .key = "target_offline",
                                     .value = "true",
                                     .help = "refuse a CKD target that is online; without effect on FB volumes"};
constexpr Argument kTargetInhibit = {.flag = "tgtinhibit",
                                     .key = "target_write_inhibit",
                                     .value = "true",
                                     .fallback = "false",
                                     .help = "hosts cannot write the target while the relationship exists"};
constexpr Argument kRecord = {.flag = "record",
                              .key = "recording",
                              .value = "true",
                              .fallback = "false",
                              .help = "go on recording changes; without it no further resyncflash is possible"};
constexpr Argument kPersist = {.flag = "persist",
                               .key = "persistent",
                               .value = "true",
                               .fallback = "false",
                               .help = "keep the relationship when everything is copied"};
constexpr Argument kMultipleIncremental = {.flag = "multinc",
                                           .key = "multiple_incremental",
                                           .value = "true",
                                           .fallback = "false",
                                           .traits = kOnlyDs8000,
                                           .help = "allow several recording relationships of the source"};
constexpr Argument kSpaceEfficient = {.flag = "tgtse",
                                      .key = "target_space_efficient",
                                      .value = "true",
                                      .traits = kOnlyDs8000,
                                      .help = "the target may be space-efficient"};
constexpr Argument kCopy = {.flag = "cp",
                            .key = "background_copy",
                            .value = "true",
                            .exclusive = "copy",
                            .traits = kOnlyDs8000,
                            .help = "copy all changed tracks in the background"};
constexpr Argument kPreserveMirror = {.flag = "pmir",
                                      .key = "preserve_mirror",
                                      .kind = ArgumentKind::choice,
                                      .value = "no|required|preferred",
                                      .traits = kLater | kOnlyDs8000,
                                      .help = "copy the remote pair too"};
constexpr Argument kSources = {.key = "ids",
                               .kind = ArgumentKind::ids,
                               .value = "source ...",
                               .traits = kRequired,
                               .id_kind = IdKind::volume,
                               .help = "sources of revertible relationships"};

// ---- commands ----
constexpr Argument kResync[] = {
    kMayBePrimary,
    kTargetOffline,
    kTargetInhibit,
    {.flag = "freeze",
     .key = "freeze",
     .value = "true",
     .help = "hold writes to the sources from before the point in time until unfreezeflash, or the time of their LSS"},
    kRecord,
    kPersist,
    kMultipleIncremental,
    kSpaceEfficient,
    kCopy,
    {.flag = "nocp",
     .key = "background_copy",
     .value = "false",
     .exclusive = "copy",
     .help = "copy only what changes at the source; with neither it stays as it was"},
    kSequence,
    kPreserveMirror,
    kResetReserve,
    kPairs,
};

constexpr Argument kReverse[] = {
    {.flag = "fast",
     .key = "fast",
     .value = "true",
     .fallback = "false",
     .help =
         "also while the copy is incomplete; the relationship ends when all is back, and the old target is no copy"},
    {.flag = "record",
     .key = "recording",
     .value = "true",
     .fallback = "false",
     .help = "record changes of the new pair; not with -fast"},
    kPersist,
    kMayBePrimary,
    kTargetOffline,
    kTargetInhibit,
    kMultipleIncremental,
    kSpaceEfficient,
    {.flag = "cp",
     .key = "background_copy",
     .value = "true",
     .traits = kOnlyDs8000,
     .help = "always so: all goes back"},
    kSequence,
    kPreserveMirror,
    kResetReserve,
    kPairs,
};

constexpr Argument kSetRevertible[] = {
    kMayBePrimary, kTargetOffline, kTargetInhibit, kSequence, kPairs,
};

constexpr Argument kSettle[] = {kOnlySequence, kSources};

constexpr Argument kNewCopyRate = [] {
  Argument rate = kCopyRate;
  rate.traits |= kRequired;
  return rate;
}();
constexpr Argument kSetRate[] = {kNewCopyRate, kPairs};

constexpr Argument kVerify[] = {
    {.flag = "cancel",
     .key = "cancel",
     .value = "true",
     .exclusive = "verify",
     .help = "end the verification that is under way"},
    {.flag = "wait",
     .key = "wait",
     .value = "true",
     .exclusive = "verify",
     .traits = kLocal,
     .help = "return when the verification of all pairs has ended, with its results"},
    kPairs,
};
constexpr Argument kVerifyList[] = {kFlashSelection};

constexpr Operation kChanges[] = {
    {.name = "verifyflash",
     .summary = "compares targets with their images while both are in use; an addition of Twintrack",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "flash",
     .arguments = kVerify,
     .success = "CMUC09028I",
     .cancelled = "CMUC09029I",
     .example = "verifyflash -wait 0100-0103:0200-0203",
     .audit_code = 3012,
     .audit_event = "FlashCopy_Verify"},
    {.name = "lsverifyflash",
     .summary = "lists verifications of targets since the start of the image; an addition of Twintrack",
     .shape = Shape::list,
     .object_class = "flash_verification",
     .arguments = kVerifyList,
     .example = "lsverifyflash 0000-FFFF"},
    {.name = "setflashrate",
     .summary = "sets how fast FlashCopies are copied, also while they are; an addition of Twintrack",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "flash",
     .arguments = kSetRate,
     .success = "CMUC09027I",
     .example = "setflashrate -copyrate 50 0100-0103:0200-0203",
     .audit_code = 3011,
     .audit_event = "FlashCopy_Set_Rate"},
    {.name = "resyncflash",
     .summary = "refreshes FlashCopies: targets show the sources as they are now, only changes are copied",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "flash",
     .arguments = kResync,
     .success = "CMUC00168I",
     .loses = "what hosts have written to the target since it was taken or refreshed last",
     .example = "resyncflash -record -persist 0100:0200",
     .audit_code = 3002,
     .audit_event = "FlashCopy_Resync"},
    {.name = "reverseflash",
     .summary = "gives sources the content of their targets; source and target change places",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "flash",
     .arguments = kReverse,
     .success = "CMUC00169I",
     .loses = "what hosts have written to the source since the copy was taken or refreshed last",
     .example = "reverseflash -record 0100:0200",
     .audit_code = 3003,
     .audit_event = "FlashCopy_Reverse"},
    {.name = "setflashrevertible",
     .summary = "refreshes FlashCopies so that it can be taken back; sources and targets cannot be written until then",
     .shape = Shape::change,
     .access = Access::copy,
     .object_class = "flash",
     .arguments = kSetRevertible,
     .success = "CMUC00167I",
     .example = "setflashrevertible -seqnum 2B 0100:0200",
     .audit_code = 3004,
     .audit_event = "FlashCopy_Set_Revertible"},
    {.name = "commitflash",
     .summary = "makes the refreshed content of revertible FlashCopies final",
     .shape = Shape::change,
     .access = Access::copy,
     .reach = Reach::copies_of_source,
     .object_class = "flash",
     .arguments = kSettle,
     .success = "CMUC00170I",
     .loses = "the content that the target had before setflashrevertible",
     .example = "commitflash 0100",
     .audit_code = 3005,
     .audit_event = "FlashCopy_Commit"},
    {.name = "revertflash",
     .summary = "takes back setflashrevertible: targets show what they showed before",
     .shape = Shape::change,
     .access = Access::copy,
     .reach = Reach::copies_of_source,
     .object_class = "flash",
     .arguments = kSettle,
     .success = "CMUC00171I",
     .loses = "the content that the target has had since setflashrevertible",
     .example = "revertflash 0100",
     .audit_code = 3006,
     .audit_event = "FlashCopy_Revert"},
};

}  // namespace

std::span<const Operation> flashcopy_changes() {
  return kChanges;
}

}  // namespace tt::model::tables
