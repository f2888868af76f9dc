// SPDX-License-Identifier: Apache-2.0
// Accounts of the management console.
#include "model/tables.h"

namespace tt::model::tables {

namespace {

constexpr Argument kUserOperand{.key = "id",
                                .kind = ArgumentKind::names,
                                .value = "user",
                                .low = 1,
                                .high = 64,
                                .traits = kRequired | kSingle,
                                .id_kind = IdKind::user,
                                .help = "the user"};

constexpr Argument kPolicy{.flag = "pol",
                           .key = "policy",
                           .kind = ArgumentKind::text,
                           .value = "policy",
                           .low = 1,
                           .high = 64,
                           .traits = kOnlyDs8000,
                           .help = "authentication policy; there is initialPolicy"};

constexpr Argument kScope{.flag = "scope",
                          .key = "scope",
                          .kind = ArgumentKind::text,
                          .value = "scope",
                          .low = 1,
                          .high = 64,
                          .traits = kOnlyDs8000,
                          .help =
                              "labels of the resource groups the user works with: * (without this option), one "
                              "label, or the beginning of labels with * behind it; PUBLIC is that of RG0"};

constexpr Argument kUserList[] = {
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "user ...",
     .id_kind = IdKind::user,
     .help = "only these users"},
};

constexpr Argument kOneUser[] = {
    kUserOperand,
};

constexpr Argument kMakeUser[] = {
    {.flag = "pw",
     .key = "password",
     .kind = ArgumentKind::secret,
     .value = "password",
     .low = 1,
     .high = 64,
     .traits = kRequired,
     .help = "first password; it must be changed at the first login"},
    {.flag = "group",
     .key = "groups",
     .kind = ArgumentKind::words,
     .value = "group[,group]",
     .traits = kRequired,
     .help = "admin, op_storage, op_volume, op_copy_services, service, monitor or no_access"},
    kPolicy,
    kScope,
    {.key = "id",
     .kind = ArgumentKind::names,
     .value = "user",
     .low = 1,
     .high = 64,
     .traits = kRequired | kSingle,
     .id_kind = IdKind::user,
     .help = "the new user"},
};

constexpr Argument kChangeUser[] = {
    {.flag = "pw",
     .key = "password",
     .kind = ArgumentKind::secret,
     .value = "password",
     .low = 1,
     .high = 64,
     .help = "new password; everybody may change the own one"},
    {.flag = "lock", .key = "locked", .value = "true", .exclusive = "lock", .help = "no further login"},
    {.flag = "unlock", .key = "locked", .value = "false", .exclusive = "lock", .help = "login possible again"},
    {.flag = "group",
     .key = "groups",
     .kind = ArgumentKind::words,
     .value = "group[,group]",
     .help = "the groups that replace the present ones"},
    kPolicy,
    kScope,
    kUserOperand,
};

constexpr Argument kRemoveUser[] = {
    {.key = "ids",
     .kind = ArgumentKind::names,
     .value = "user ...",
     .traits = kRequired,
     .id_kind = IdKind::user,
     .help = "the users"},
};

constexpr Operation kUsers[] = {
    {.name = "lsuser",
     .summary = "lists the users of the management console",
     .place = Place::console,
     .shape = Shape::list,
     .access = Access::monitor,
     .object_class = "user",
     .arguments = kUserList,
     .needs_image = false,
     .example = "lsuser"},
    {.name = "showuser",
     .summary = "shows one user",
     .place = Place::console,
     .shape = Shape::show,
     .access = Access::monitor,
     .object_class = "user",
     .arguments = kOneUser,
     .needs_image = false,
     .example = "showuser admin"},
    {.name = "mkuser",
     .summary = "creates a user",
     .place = Place::console,
     .shape = Shape::change,
     .access = Access::admin,
     .object_class = "user",
     .arguments = kMakeUser,
     .success = "CMUC00133I",
     .needs_image = false,
     .example = "mkuser -pw tempPw4now -group op_copy_services batch",
     .audit_code = 1100,
     .audit_event = "User_Create"},
    {.name = "chuser",
     .summary = "changes a password, groups or the lock of a user",
     .place = Place::console,
     .shape = Shape::change,
     .access = Access::anyone,
     .object_class = "user",
     .arguments = kChangeUser,
     .success = "CMUC00134I",
     .needs_image = false,
     .example = "chuser -pw myNew1pw admin",
     .audit_code = 1101,
     .audit_event = "User_Modify"},
    {.name = "rmuser",
     .summary = "deletes users",
     .place = Place::console,
     .shape = Shape::change,
     .access = Access::admin,
     .object_class = "user",
     .arguments = kRemoveUser,
     .success = "CMUC00136I",
     .prompt = "CMUC00135W",
     .loses = "the account; sessions of the user end",
     .needs_image = false,
     .example = "rmuser -quiet batch",
     .audit_code = 1102,
     .audit_event = "User_Delete"},
};

}  // namespace

std::span<const Operation> users() {
  return kUsers;
}

}  // namespace tt::model::tables
