// SPDX-License-Identifier: Apache-2.0
// The parts of the operation table; only operations.cpp joins them.
#pragma once

#include <span>

#include "model/catalogue.h"

namespace tt::model::tables {

std::span<const Operation> tools();
std::span<const Operation> users();
std::span<const Operation> storage();
std::span<const Operation> volumes();
std::span<const Operation> flashcopy();
std::span<const Operation> flashcopy_of_ranges();
std::span<const Operation> changes();
std::span<const Operation> ranks();
std::span<const Operation> image();
std::span<const Operation> security();
std::span<const Operation> hosts();
std::span<const Operation> hardware();
std::span<const Operation> resource_groups();
std::span<const Operation> repositories();
std::span<const Operation> mirror_paths();
std::span<const Operation> mirrors();

std::span<const ObjectClass> classes_of_volumes_and_copies();
std::span<const ObjectClass> classes_of_ranks();
std::span<const ObjectClass> classes_of_hosts();
std::span<const ObjectClass> classes_of_hardware();
std::span<const ObjectClass> classes_of_metrics();
std::span<const Operation> flashcopy_changes();
std::span<const ObjectClass> classes_of_image();
std::span<const ObjectClass> classes_of_ranges();
std::span<const ObjectClass> classes_of_groups();
std::span<const ObjectClass> classes_of_repositories();
std::span<const ObjectClass> classes_of_mirror_paths();
std::span<const ObjectClass> classes_of_mirrors();

}  // namespace tt::model::tables
