// SPDX-License-Identifier: Apache-2.0
// Repositories of extent pools (decision 0013).
#include <algorithm>

#include "volume/derived.h"
#include "volume/mutation.h"
#include "volume/plan_change.h"

namespace tt::volume {

namespace {

/// What is given replaces what `repository` has.
Result<void> fill_in(const PoolConfig& pool, const RepositoryRequest& request, Repository& repository) {
  const std::uint64_t most_blocks = kMaxImageExtents * (pool.extent_bytes / kBlockBytes);
  for (const auto& blocks : {request.real_blocks, request.virtual_blocks}) {
    if (blocks.value_or(0) > most_blocks) return {Errc::limit_reached, pool.id};
  }
  if (request.real_percent.value_or(0) > 100 || request.threshold_percent.value_or(0) > 100)
    return {Errc::out_of_range, pool.id};
  if (request.virtual_blocks) repository.virtual_extents = extents_for(*request.virtual_blocks, pool.extent_bytes);
  if (request.real_blocks) repository.real_extents = extents_for(*request.real_blocks, pool.extent_bytes);
  if (request.real_percent)
    repository.real_extents = divide_up(repository.virtual_extents * *request.real_percent, std::uint64_t{100});
  if (request.threshold_percent) repository.threshold_percent = *request.threshold_percent;
  return {};
}

/// `before`: extents that are the repository's already.
Result<ChangePool> plan_repository(const ImageConfig& config, PoolConfig pool, std::uint64_t before,
                                   const Repository& wanted) {
  const std::uint64_t id = pool.id;
  if (wanted.real_extents == 0 || wanted.virtual_extents == 0) return {Errc::out_of_range, id};
  if (wanted.real_extents > wanted.virtual_extents) return {Errc::not_combinable, id};
  const std::uint64_t promised = config.promised_extents(pool.id);
  const std::uint64_t promises = pool.repository ? pool.repository->real_extents : tse_capacity_of(config, pool.id);
  pool.repository = wanted;
  if (!fits_its_volumes(config, pool)) return {Errc::repository_too_small, id};
  const std::uint64_t more = wanted.real_extents - std::min(wanted.real_extents, before);
  if (more > config.free_extents(pool.id)) return {Errc::no_space, id};
  const bool breaks = pool.virtual_limited && promised - promises + wanted.real_extents > config.total_extents(pool.id);
  if (more > 0 && breaks) return {Errc::no_space, id};
  return ChangePool{.pool = std::move(pool)};
}

}  // namespace

Result<void> check_promise(const ImageConfig& config, const PoolConfig& pool, AllocationMethod method,
                           std::uint64_t extents) {
  if (method == AllocationMethod::standard) return {};
  if (method == AllocationMethod::tse && pool.repository) {
    const std::uint64_t capacity = tse_capacity_of(config, pool.id) + extents;
    return capacity <= pool.repository->virtual_extents ? Result<void>{} : Result<void>{Errc::repository_too_small};
  }
  if (!pool.virtual_limited) return {};
  const std::uint64_t promised = config.promised_extents(pool.id) + extents;
  return promised <= config.total_extents(pool.id) ? Result<void>{} : Result<void>{Errc::no_space};
}

bool repository_needs(const ImageConfig& config, const RankConfig& rank) noexcept {
  if (!rank.pool || rank.failed || rank.reserved) return false;
  const std::uint64_t offers = config.taken_extents.at(rank.id).free();
  return offers != 0 && usable_extents(config, *rank.pool) < config.repository_left(*rank.pool) + offers;
}

Result<ChangePool> plan_make_repository(const ImageConfig& config, const RepositoryRequest& request) {
  const auto found = config.pools.find(request.pool);
  if (found == config.pools.end()) return {Errc::object_not_found, request.pool};
  if (!limits_of(config.personality).thin_volumes) return {Errc::not_combinable, request.pool};
  if (found->second.repository) return {Errc::id_taken, request.pool};
  if (!request.virtual_blocks || request.real_blocks.has_value() == request.real_percent.has_value())
    return {Errc::invalid_argument, request.pool};
  Repository wanted;
  TT_CHECK(fill_in(found->second, request, wanted));
  return plan_repository(config, found->second, tse_extents_of(config, request.pool), wanted);
}

Result<ChangePool> plan_change_repository(const ImageConfig& config, const RepositoryRequest& request) {
  const auto found = config.pools.find(request.pool);
  if (found == config.pools.end() || !found->second.repository) return {Errc::object_not_found, request.pool};
  if (request.real_blocks && request.real_percent) return {Errc::invalid_argument, request.pool};
  Repository wanted = *found->second.repository;
  TT_CHECK(fill_in(found->second, request, wanted));
  return plan_repository(config, found->second, found->second.repository->real_extents, wanted);
}

Result<ChangePool> plan_remove_repository(const ImageConfig& config, std::uint16_t pool) {
  const auto found = config.pools.find(pool);
  if (found == config.pools.end() || !found->second.repository) return {Errc::object_not_found, pool};
  if (tse_capacity_of(config, pool) != 0) return {Errc::still_in_use, pool};
  ChangePool plan{.pool = found->second};
  plan.pool.repository.reset();
  return plan;
}

}  // namespace tt::volume
