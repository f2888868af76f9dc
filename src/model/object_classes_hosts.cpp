// SPDX-License-Identifier: Apache-2.0
// Volume groups, host connections, what is logged in, and I/O ports.
#include "model/tables.h"

namespace tt::model::tables {

namespace {

using A = Align;
using F = Format;
using View = std::string_view;

// ---- host type ----
constexpr Attribute kHostTypeAttributes[] = {
    {"id", "HostType"},
    {"profile", "Profile"},
    {"discovery", "AddrDiscovery"},
    {"block_bytes", "LBS", F::number, A::right},
};
constexpr View kHostTypeList[] = {"HostType", "Profile", "AddrDiscovery", "LBS"};

// ---- volume group ----
constexpr Attribute kVolumeGroupAttributes[] = {
    {"name", "Name"},
    {"id", "ID", F::text, A::left, IdKind::volume_group},
    {"type", "Type"},
    {"volumes", "Vols", F::listed},
    {"resource_group", "resgrp", F::text, A::left, IdKind::none, true},
};
constexpr View kVolumeGroupList[] = {"Name", "ID", "Type"};
constexpr View kVolumeGroupWide[] = {"Name", "ID", "Type", "resgrp"};
constexpr View kVolumeGroupFields[] = {"Name", "ID", "Type", "Vols"};

constexpr Attribute kLunAttributes[] = {
    {"id", "vol", F::text, A::left, IdKind::volume},
    {"lun", "lun"},
};
constexpr View kLunList[] = {"vol", "lun"};

// ---- host connection ----
constexpr Attribute kConnectionAttributes[] = {
    {"name", "Name"},
    {"id", "ID", F::text, A::left, IdKind::host_connection},
    {"wwpn", "WWPN"},
    {"host_type", "HostType"},
    {"block_bytes", "LBS", F::number, A::right},
    {"discovery", "addrDiscovery"},
    {"profile", "Profile"},
    {"port_group", "portgrp", F::number, A::right},
    {"volume_group", "volgrpID", F::text, A::left, IdKind::volume_group},
    {"topology", "atchtopo"},
    {"io_ports", "ESSIOport", F::words},
    {"speed", "speed"},
    {"description", "desc"},
    {"identity", "Identity"},
    {"resource_group", "resgrp", F::text, A::left, IdKind::none, true},
};
constexpr View kConnectionList[] = {"Name", "ID", "WWPN", "HostType", "Profile", "portgrp", "volgrpID", "ESSIOport"};
constexpr View kConnectionWide[] = {"Name",    "ID",       "WWPN",     "HostType",  "LBS",   "addrDiscovery", "Profile",
                                    "portgrp", "volgrpID", "atchtopo", "ESSIOport", "speed", "desc"};
constexpr View kConnectionFields[] = {"Name",          "ID",      "WWPN",    "HostType", "LBS",
                                      "addrDiscovery", "Profile", "portgrp", "volgrpID", "atchtopo",
                                      "ESSIOport",     "speed",   "desc",    "Identity", "resgrp"};
constexpr View kConnectionExtra[] = {"Identity"};

// ---- what is logged in ----
constexpr Attribute kLoginAttributes[] = {
    {"wwnn", "WWNN"},
    {"wwpn", "WWPN"},
    {"io_port", "ESSIOport", F::text, A::left, IdKind::io_port},
    {"login_type", "LoginType"},
    {"name", "Name"},
    {"id", "ID", F::text, A::left, IdKind::host_connection},
    {"identity", "Identity"},
    {"peer", "Peer"},
    {"volume", "Volume", F::text, A::left, IdKind::volume},
    {"access", "Access", F::enabled},
};
constexpr View kLoginList[] = {"WWNN", "WWPN", "ESSIOport", "LoginType", "Name", "ID"};
constexpr View kLoginWide[] = {"WWNN", "WWPN",     "ESSIOport", "LoginType", "Name",
                               "ID",   "Identity", "Peer",      "Volume",    "Access"};

// ---- I/O port ----
constexpr Attribute kPortAttributes[] = {
    {"id", "ID", F::text, A::left, IdKind::io_port},
    {"wwpn", "WWPN"},
    {"state", "State"},
    {"type", "Type"},
    {"topology", "topo"},
    {"port_group", "portgrp", F::number, A::right},
    {"speed", "Speed"},
    {"security", "Security"},
    {"address", "Address"},
    {"logins", "Logins", F::number, A::right},
};
constexpr View kPortList[] = {"ID", "WWPN", "State", "Type", "topo", "portgrp"};
constexpr View kPortWide[] = {"ID", "WWPN", "State", "Type", "topo", "portgrp", "Speed", "Security"};
constexpr View kPortFields[] = {"ID",      "WWPN",  "State",    "Type",    "topo",
                                "portgrp", "Speed", "Security", "Address", "Logins"};

constexpr ObjectClass kClasses[] = {
    {"host_type",
     "Host Type",
     "HOSTTYPE",
     IdKind::free_text,
     kHostTypeAttributes,
     kHostTypeList,
     kHostTypeList,
     kHostTypeList,
     {}},
    {"volume_group",
     "Volume Group",
     "VOLUMEGROUP",
     IdKind::volume_group,
     kVolumeGroupAttributes,
     kVolumeGroupList,
     kVolumeGroupWide,
     kVolumeGroupFields,
     {}},
    {"lun_mapping", "LUN Mapping", "LUNMAPPING", IdKind::volume, kLunAttributes, kLunList, kLunList, kLunList, {}},
    {"host_connection", "Host Connection", "HOSTCONNECTION", IdKind::host_connection, kConnectionAttributes,
     kConnectionList, kConnectionWide, kConnectionFields, kConnectionExtra},
    {"host_login",
     "Host Login",
     "HOSTLOGIN",
     IdKind::host_connection,
     kLoginAttributes,
     kLoginList,
     kLoginWide,
     kLoginWide,
     {}},
    {"io_port", "I/O Port", "IOPORT", IdKind::io_port, kPortAttributes, kPortList, kPortWide, kPortFields, {}},
};

}  // namespace

std::span<const ObjectClass> classes_of_hosts() {
  return kClasses;
}

}  // namespace tt::model::tables
