// SPDX-License-Identifier: Apache-2.0
// Commands that a DS CLI has and this release has not. They are answered as unsupported instead of unknown, so that a
// user knows the name was right.
#include "model/catalogue.h"

namespace tt::model {

namespace {

constexpr std::string_view kRemoteFlash = "remote FlashCopy";
constexpr std::string_view kMirror = "remote mirror";
constexpr std::string_view kGlobalMirror = "Global Mirror";
constexpr std::string_view kConfiguration = "configuration";
constexpr std::string_view kCkd = "CKD volumes";
constexpr std::string_view kHosts = "host access";
constexpr std::string_view kThin = "thin provisioning";
constexpr std::string_view kGroups = "copy rules of resource groups";
constexpr std::string_view kPerformance = "performance";
constexpr std::string_view kSecurity = "security";
constexpr std::string_view kService = "service";

constexpr LaterCommand kCommands[] = {
    {"mkremoteflash", kRemoteFlash},
    {"resyncremoteflash", kRemoteFlash},
    {"incremoteflash", kRemoteFlash},
    {"reverseremoteflash", kRemoteFlash},
    {"lsremoteflash", kRemoteFlash},
    {"rmremoteflash", kRemoteFlash},
    {"setremoteflashrevertible", kRemoteFlash},
    {"commitremoteflash", kRemoteFlash},
    {"revertremoteflash", kRemoteFlash},
    {"unfreezeremoteflash", kRemoteFlash},
    {"freezepprc", kMirror},
    {"unfreezepprc", kMirror},
    {"mksession", kGlobalMirror},
    {"chsession", kGlobalMirror},
    {"lssession", kGlobalMirror},
    {"rmsession", kGlobalMirror},
    {"mkgmir", kGlobalMirror},
    {"showgmir", kGlobalMirror},
    {"showgmiroos", kGlobalMirror},
    {"pausegmir", kGlobalMirror},
    {"resumegmir", kGlobalMirror},
    {"rmgmir", kGlobalMirror},
    {"setsim", kConfiguration},
    {"mklcu", kCkd},
    {"chlcu", kCkd},
    {"lslcu", kCkd},
    {"showlcu", kCkd},
    {"rmlcu", kCkd},
    {"mkckdvol", kCkd},
    {"lsckdvol", kCkd},
    {"showckdvol", kCkd},
    {"chckdvol", kCkd},
    {"rmckdvol", kCkd},
    {"initckdvol", kCkd},
    {"mkaliasvol", kCkd},
    {"lsaliasvol", kCkd},
    {"rmaliasvol", kCkd},
    {"mkhost", kHosts},
    {"chhost", kHosts},
    {"lshost", kHosts},
    {"showhost", kHosts},
    {"rmhost", kHosts},
    {"mkhostport", kHosts},
    {"chhostport", kHosts},
    {"lshostport", kHosts},
    {"rmhostport", kHosts},
    {"managefbvol", kThin},
    {"manageckdvol", kThin},
    {"manageresgrp", kGroups},
    {"lsperfgrp", kPerformance},
    {"lsperfgrprpt", kPerformance},
    {"lsperfrescrpt", kPerformance},
    {"chauthpol", kSecurity},
    {"mkauthpol", kSecurity},
    {"rmauthpol", kSecurity},
    {"showauthpol", kSecurity},
    {"setauthpol", kSecurity},
    {"chaccess", kSecurity},
    {"showaccess", kSecurity},
    {"lskeymgr", kSecurity},
    {"mkkeymgr", kSecurity},
    {"chkeymgr", kSecurity},
    {"rmkeymgr", kSecurity},
    {"lskeygrp", kSecurity},
    {"mkkeygrp", kSecurity},
    {"rmkeygrp", kSecurity},
    {"managekeygrp", kSecurity},
    {"mkreckey", kSecurity},
    {"diagsi", kService},
    {"setnetworkport", kService},
    {"sendpe", kService},
    {"sendss", kService},
    {"offloadfile", kService},
};

}  // namespace

std::span<const LaterCommand> later_commands() {
  return kCommands;
}

const LaterCommand* find_later_command(std::string_view name) {
  for (const LaterCommand& command : kCommands) {
    if (equals_ignoring_case(command.name, name)) return &command;
  }
  return nullptr;
}

}  // namespace tt::model
