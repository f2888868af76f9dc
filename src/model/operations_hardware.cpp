// SPDX-License-Identifier: Apache-2.0
// Views of hardware. A software image has devices below its array sites, and no frames, enclosures or adapters; scripts
// that look after those are told so by an empty list.
#include "model/tables.h"

namespace tt::model::tables {

namespace {

constexpr Argument kModuleList[] = {
    {.flag = "dkuse",
     .key = "use",
     .kind = ArgumentKind::choice,
     .value = "array member,array_member|unassigned,unconfigured",
     .matches = "use",
     .help = "only devices used this way"},
    {.flag = "state",
     .key = "state",
     .kind = ArgumentKind::choice,
     .value = "Normal|Failed,not_normal",
     .matches = "state",
     .help = "only devices in this state; failed is all that is not normal"},
    {.flag = "arsite",
     .key = "array_site",
     .kind = ArgumentKind::id,
     .value = "Sn",
     .id_kind = IdKind::array_site,
     .matches = "array_site",
     .help = "only the device of this array site"},
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "DDM ...",
     .id_kind = IdKind::free_text,
     .help = "only these devices"},
};

constexpr Argument kPartList[] = {
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "ID ...",
     .id_kind = IdKind::free_text,
     .help = "only these"},
};

constexpr Argument kNetworkList[] = {
    {.key = "select",
     .kind = ArgumentKind::selection,
     .value = "interface ...",
     .id_kind = IdKind::free_text,
     .help = "only these interfaces"},
};

constexpr Argument kOneNetworkPort[] = {
    {.key = "id",
     .kind = ArgumentKind::names,
     .value = "interface",
     .low = 1,
     .high = 15,
     .traits = kRequired | kSingle,
     .id_kind = IdKind::free_text,
     .help = "the interface, like eth0"},
};

constexpr Operation kHardware[] = {
    {.name = "lsddm",
     .summary = "lists the files and devices below array sites, and how they do",
     .shape = Shape::list,
     .object_class = "disk_module",
     .arguments = kModuleList,
     .example = "lsddm -state not_normal"},
    {.name = "lsda",
     .summary = "lists device adapters; a software image has none",
     .shape = Shape::list,
     .object_class = "device_adapter",
     .arguments = kPartList,
     .example = "lsda"},
    {.name = "lshba",
     .summary = "lists host adapters; a software image has none, lsioport shows where hosts come in",
     .shape = Shape::list,
     .object_class = "host_adapter",
     .arguments = kPartList,
     .example = "lshba"},
    {.name = "lsframe",
     .summary = "lists frames; a software image has none",
     .shape = Shape::list,
     .object_class = "frame",
     .arguments = kPartList,
     .example = "lsframe"},
    {.name = "lsstgencl",
     .summary = "lists storage enclosures; a software image has none",
     .shape = Shape::list,
     .object_class = "storage_enclosure",
     .arguments = kPartList,
     .example = "lsstgencl"},
    {.name = "lsnetworkport",
     .summary = "lists the network interfaces of the machine that holds the storage image, with their addresses",
     .shape = Shape::list,
     .object_class = "network_port",
     .arguments = kNetworkList,
     .example = "lsnetworkport -l"},
    {.name = "shownetworkport",
     .summary = "shows a network interface of the machine that holds the storage image",
     .shape = Shape::show,
     .object_class = "network_port",
     .arguments = kOneNetworkPort,
     .example = "shownetworkport eth0"},
};

}  // namespace

std::span<const Operation> hardware() {
  return kHardware;
}

}  // namespace tt::model::tables
