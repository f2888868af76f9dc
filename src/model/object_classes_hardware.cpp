// SPDX-License-Identifier: Apache-2.0
// Devices, and the hardware that a software image has not.
#include "model/tables.h"

namespace tt::model::tables {

namespace {

using A = Align;
using F = Format;
using View = std::string_view;

constexpr Attribute kModuleAttributes[] = {
    {"id", "ID"},
    {"da_pair", "DA Pair", F::number, A::right},
    {"capacity_bytes", "dkcap (10^9B)", F::bytes_decimal_gb, A::right},
    {"use", "dkuse"},
    {"array_site", "arsite", F::text, A::left, IdKind::array_site},
    {"state", "State"},
    {"device", "Device"},
};
constexpr View kModuleList[] = {"ID", "DA Pair", "dkcap (10^9B)", "dkuse", "arsite", "State"};
constexpr View kModuleWide[] = {"ID", "DA Pair", "dkcap (10^9B)", "dkuse", "arsite", "State", "Device"};

constexpr Attribute kPartAttributes[] = {{"id", "ID"}, {"state", "State"}, {"location", "loc"}};
constexpr View kPartList[] = {"ID", "State", "loc"};

constexpr Attribute kNetworkAttributes[] = {
    {"id", "ID"},
    {"addresses", "IP Address", F::words},
    {"state", "State"},
    {"hardware_address", "MAC Address"},
    {"speed_mbit", "Speed (Mb/s)", F::number, A::right},
    {"mtu", "MTU", F::number, A::right},
};
constexpr View kNetworkList[] = {"ID", "IP Address", "State"};
constexpr View kNetworkWide[] = {"ID", "IP Address", "State", "MAC Address", "Speed (Mb/s)", "MTU"};

/// Alike but for the words.
constexpr ObjectClass part(View name, View title, View xml_name) {
  return {name, title, xml_name, IdKind::free_text, kPartAttributes, kPartList, kPartList, kPartList, {}};
}

constexpr ObjectClass kClasses[] = {
    {"disk_module", "DDM", "DDM", IdKind::free_text, kModuleAttributes, kModuleList, kModuleWide, kModuleWide, {}},
    {"network_port",
     "Network Port",
     "NETWORKPORT",
     IdKind::free_text,
     kNetworkAttributes,
     kNetworkList,
     kNetworkWide,
     kNetworkWide,
     {}},
    part("device_adapter", "Device Adapter", "DA"),
    part("host_adapter", "Host Adapter", "HBA"),
    part("frame", "Frame", "FRAME"),
    part("storage_enclosure", "Storage Enclosure", "STGENCL"),
};

}  // namespace

std::span<const ObjectClass> classes_of_hardware() {
  return kClasses;
}

}  // namespace tt::model::tables
