// SPDX-License-Identifier: Apache-2.0
#include "volume/mutation.h"

namespace tt::volume {

Mutation::Mutation(const Mutation& other) = default;
Mutation::Mutation(Mutation&& other) noexcept = default;
Mutation& Mutation::operator=(const Mutation& other) = default;
Mutation& Mutation::operator=(Mutation&& other) noexcept = default;
Mutation::~Mutation() = default;

}  // namespace tt::volume
