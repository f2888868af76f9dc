// SPDX-License-Identifier: Apache-2.0
// Commands of the client itself.
#include "model/tables.h"

namespace tt::model::tables {

namespace {

constexpr Argument kDelimiter{.flag = "delim",
                              .key = "delim",
                              .kind = ArgumentKind::text,
                              .value = "c",
                              .low = 1,
                              .high = 1,
                              .help = "separator of the delim format"};

constexpr Argument kHelp[] = {
    {.flag = "s", .key = "short", .value = "true", .exclusive = "length", .traits = kLocal, .help = "one line each"},
    {.flag = "l", .key = "long", .value = "true", .exclusive = "length", .traits = kLocal, .help = "everything"},
    {.key = "topics",
     .kind = ArgumentKind::names,
     .value = "command | message",
     .help = "a command (mkflash) or a message id (CMUC00234I); none lists all commands"},
};

constexpr Argument kVer[] = {
    {.flag = "s", .key = "short", .value = "true", .exclusive = "what", .help = "the version of this program only"},
    {.flag = "l", .key = "long", .value = "true", .exclusive = "what", .help = "program, console and storage images"},
    {.flag = "cli", .key = "cli", .value = "true", .exclusive = "what", .help = "this program"},
    {.flag = "stgmgr", .key = "console", .value = "true", .exclusive = "what", .help = "the management console"},
    {.flag = "lmc", .key = "images", .value = "true", .exclusive = "what", .help = "the storage images"},
};

constexpr Argument kSetEnv[] = {
    {.flag = "fullid", .key = "fullid", .kind = ArgumentKind::on_off, .help = "print ids with the storage image"},
    {.flag = "paging", .key = "paging", .kind = ArgumentKind::on_off, .help = "stop after each page"},
    {.flag = "rows",
     .key = "rows",
     .kind = ArgumentKind::number,
     .value = "n",
     .low = 1,
     .high = 100,
     .help = "lines of a page"},
    {.flag = "format",
     .key = "format",
     .kind = ArgumentKind::choice,
     .value = "default|xml|delim|stanza",
     .help = "form of lists"},
    kDelimiter,
    {.flag = "banner", .key = "banner", .kind = ArgumentKind::on_off, .help = "the date and version line"},
    {.flag = "header", .key = "header", .kind = ArgumentKind::on_off, .help = "the column headings"},
    {.flag = "verbose", .key = "verbose", .kind = ArgumentKind::on_off, .help = "tell what is done"},
};

constexpr Argument kSetOutput[] = {
    {.flag = "p", .key = "paging", .kind = ArgumentKind::on_off, .help = "stop after each page"},
    {.flag = "r",
     .key = "rows",
     .kind = ArgumentKind::number,
     .value = "n",
     .low = 1,
     .high = 100,
     .help = "lines of a page"},
    {.flag = "fmt",
     .key = "format",
     .kind = ArgumentKind::choice,
     .value = "default|xml|delim|stanza",
     .help = "form of lists"},
    kDelimiter,
    {.flag = "hdr", .key = "header", .kind = ArgumentKind::on_off, .help = "the column headings"},
    {.flag = "bnr", .key = "banner", .kind = ArgumentKind::on_off, .help = "the date and version line"},
    {.flag = "v", .key = "verbose", .kind = ArgumentKind::on_off, .help = "tell what is done"},
};

constexpr Argument kMessages[] = {
    {.flag = "l", .key = "long", .value = "true", .traits = kLocal, .help = "with cause and action"},
    {.key = "topics", .kind = ArgumentKind::names, .value = "id ...", .help = "message ids; none lists all"},
};

constexpr Argument kManagePwfile[] = {
    {.flag = "action",
     .key = "action",
     .kind = ArgumentKind::choice,
     .value = "add|change|list|delete",
     .traits = kRequired,
     .help = "what to do with the record"},
    {.flag = "pwfile",
     .key = "pwfile",
     .kind = ArgumentKind::text,
     .value = "file",
     .low = 1,
     .high = 4096,
     .help = "the password file; default security.dat in the personal dscli folder"},
    {.flag = "mc1",
     .key = "mc1",
     .kind = ArgumentKind::text,
     .value = "address",
     .low = 1,
     .high = 255,
     .help = "the management console of the record"},
    {.flag = "mc2",
     .key = "mc2",
     .kind = ArgumentKind::text,
     .value = "address",
     .low = 1,
     .high = 255,
     .help = "a second management console with the same account"},
    {.flag = "name",
     .key = "name",
     .kind = ArgumentKind::text,
     .value = "user",
     .low = 1,
     .high = 64,
     .help = "the user of the record"},
    {.flag = "pw",
     .key = "pw",
     .kind = ArgumentKind::secret,
     .value = "password",
     .low = 1,
     .high = 64,
     .help = "the password; - reads it from standard input"},
};

constexpr Operation kTools[] = {
    {.name = "help",
     .summary = "explains commands and messages",
     .place = Place::client,
     .access = Access::anyone,
     .arguments = kHelp,
     .needs_image = false,
     .example = "help -l mkflash"},
    {.name = "ver",
     .summary = "versions of program, console and storage images",
     .place = Place::client,
     .access = Access::anyone,
     .arguments = kVer,
     .needs_image = false,
     .example = "ver -l"},
    {.name = "quit",
     .summary = "leaves the program",
     .place = Place::client,
     .access = Access::anyone,
     .needs_image = false,
     .example = "quit"},
    {.name = "setenv",
     .summary = "sets values of this session",
     .place = Place::client,
     .access = Access::anyone,
     .arguments = kSetEnv,
     .needs_image = false,
     .example = "setenv -banner off -format delim"},
    {.name = "showenv",
     .summary = "shows the values of this session",
     .place = Place::client,
     .access = Access::anyone,
     .needs_image = false,
     .example = "showenv"},
    {.name = "setoutput",
     .summary = "sets or shows how lists are printed",
     .place = Place::client,
     .access = Access::anyone,
     .arguments = kSetOutput,
     .needs_image = false,
     .example = "setoutput -p off -fmt xml"},
    {.name = "managepwfile",
     .summary = "keeps encrypted passwords for scripts",
     .place = Place::client,
     .access = Access::anyone,
     .arguments = kManagePwfile,
     .needs_image = false,
     .example = "managepwfile -action add -mc1 10.0.0.1 -name batch -pw -"},
    {.name = "whoami",
     .summary = "the user of this session and its groups",
     .place = Place::client,
     .access = Access::anyone,
     .needs_image = false,
     .example = "whoami"},
    {.name = "lsmessages",
     .summary = "lists the messages of this program and of the storage image",
     .place = Place::client,
     .access = Access::anyone,
     .arguments = kMessages,
     .needs_image = false,
     .example = "lsmessages -l CMUN90105E"},
};

}  // namespace

std::span<const Operation> tools() {
  return kTools;
}

}  // namespace tt::model::tables
