// SPDX-License-Identifier: Apache-2.0
#include "model/host_types.h"

#include "model/catalogue.h"

namespace tt::model {

namespace {

constexpr auto kReport = AddressDiscovery::report_luns;
constexpr auto kPoll = AddressDiscovery::lun_polling;

constexpr HostType kTypes[] = {
    {"AMDLinuxRHEL", "AMD - Linux RHEL", kPoll, 512},
    {"AMDLinuxSuse", "AMD - Linux Suse", kPoll, 512},
    {"AppleOSX", "Apple - OSX", kPoll, 512},
    {"Fujitsu", "Fujitsu", kPoll, 512},
    {"Hp", "HP - HP/UX", kReport, 512},
    {"HpTru64", "HP - Tru64", kPoll, 512},
    {"HpVms", "HP - Open VMS", kPoll, 512},
    {"LinuxDT", "Intel - Linux Desktop", kPoll, 512},
    {"LinuxRF", "Intel - Linux Red Flag", kPoll, 512},
    {"LinuxRHEL", "Intel - Linux RHEL", kPoll, 512},
    {"LinuxSuse", "Intel - Linux Suse", kPoll, 512},
    {"Novell", "Novell", kPoll, 512},
    {"SGI", "SGI - IRIX", kPoll, 512},
    {"SVC", "San Volume Controller", kReport, 512},
    {"SanFsAIX", "IBM pSeries - AIX/SanFS", kReport, 512},
    {"Sun", "SUN - Solaris", kPoll, 512},
    {"VMWare", "VMWare", kPoll, 512},
    {"Win2000", "Intel - Windows 2000", kPoll, 512},
    {"Win2003", "Intel - Windows 2003", kPoll, 512},
    {"Win2008", "Intel - Windows 2008", kPoll, 512},
    {"Win2012", "Intel - Windows 2012", kPoll, 512},
    {"iLinux", "IBM iSeries - iLinux", kPoll, 512},
    {"iSeries", "IBM iSeries - OS/400", kReport, 520},
    {"nSeries", "IBM N series Gateway", kPoll, 512},
    {"pLinux", "IBM pSeries - pLinux", kPoll, 512},
    {"pSeries", "IBM pSeries - AIX", kReport, 512},
    {"zLinux", "IBM zSeries - zLinux", kReport, 512},
};

}  // namespace

std::span<const HostType> host_types() {
  return kTypes;
}

const HostType* find_host_type(std::string_view name) {
  for (const HostType& type : kTypes) {
    if (equals_ignoring_case(type.name, name)) return &type;
  }
  return nullptr;
}

const HostType* find_host_type_by_profile(std::string_view profile) {
  for (const HostType& type : kTypes) {
    if (equals_ignoring_case(type.profile, profile)) return &type;
  }
  return nullptr;
}

std::string_view discovery_text(AddressDiscovery discovery) {
  return discovery == AddressDiscovery::report_luns ? "reportLUN" : "LUNPolling";
}

}  // namespace tt::model
