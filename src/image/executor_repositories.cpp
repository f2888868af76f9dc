// SPDX-License-Identifier: Apache-2.0
// Operations on space-efficient storage of extent pools.
#include "image/executor_configuration.h"
#include "image/executor_support.h"
#include "image/rows.h"
#include "volume/mutation.h"
#include "volume/plan_change.h"

namespace tt::image {

using model::IdKind;
using model::Response;
using nlohmann::json;
using Planner = ControlPlane::Planner;

namespace {

volume::RepositoryRequest repository_request(const json& arguments) {
  volume::RepositoryRequest request;
  request.real_blocks = given<std::uint64_t>(arguments, "real_blocks");
  request.virtual_blocks = given<std::uint64_t>(arguments, "virtual_blocks");
  request.real_percent = given<std::uint8_t>(arguments, "real_percent");
  request.threshold_percent = given<std::uint8_t>(arguments, "threshold_percent");
  return request;
}

Result<volume::ChangePool> plan_removal(const volume::ImageConfig& config, const volume::RepositoryRequest& request) {
  return volume::plan_remove_repository(config, request.pool);
}

template <Result<volume::ChangePool> (*kPlan)(const volume::ImageConfig&, const volume::RepositoryRequest&)>
rt::Task<Response> for_each_pool(Image& image, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  volume::RepositoryRequest request = repository_request(arguments);
  auto pools = objects_named(arguments, IdKind::extent_pool);
  for (auto& pool : pools) {
    if (!pool.id) continue;
    request.pool = *pool.id;
    const Planner plan = [&config, request] { return as_mutation(kPlan(config, request)); };
    pool.done = co_await image.control().record(plan);
  }
  co_return results_of(pools);
}

rt::Task<Response> list_repositories(Image& image, json) {
  co_return rows_of(repository_rows(image.control().config()));
}

rt::Task<Response> show_repository(Image& image, json arguments) {
  co_return one_row(repository_rows(image.control().config()), arguments);
}

}  // namespace

ConfigurationOperation find_repository_operation(std::string_view operation) {
  if (operation == "mksestg") return for_each_pool<volume::plan_make_repository>;
  if (operation == "chsestg") return for_each_pool<volume::plan_change_repository>;
  if (operation == "rmsestg") return for_each_pool<plan_removal>;
  if (operation == "lssestg") return list_repositories;
  if (operation == "showsestg") return show_repository;
  return nullptr;
}

}  // namespace tt::image
