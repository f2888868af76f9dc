// SPDX-License-Identifier: Apache-2.0
// Operations on the storage unit and image as a whole: names, servers, keys, problems.
#include <fmt/format.h>

#include <charconv>

#include "image/executor_configuration.h"
#include "image/executor_support.h"
#include "image/rows.h"

namespace tt::image {

using model::Response;
using nlohmann::json;

namespace {

rt::Task<Response> list_units(Image& image, json) {
  co_return rows_of({unit_row(image.control().config())});
}

rt::Task<Response> show_unit(Image& image, json arguments) {
  const json row = unit_row(image.control().config());
  if (arguments.contains("id") && arguments["id"] != row["id"]) co_return failed(Errc::object_not_found);
  co_return rows_of({row});
}

/// Names of the image (`of_unit` false) or of its unit.
rt::Task<Response> change_names(Image& image, json arguments, bool of_unit) {
  const volume::ImageConfig& config = image.control().config();
  const std::string id = of_unit ? unit_of(config) : config.storage_image_id;
  Response response;
  if (arguments.contains("id") && arguments["id"] != id) co_return failed(Errc::object_not_found);
  const auto name = given<std::string>(arguments, "name");
  const auto description = given<std::string>(arguments, "description");
  const auto serial = given<std::uint32_t>(arguments, "os400_serial");
  const ControlPlane::Planner plan = [&]() -> Result<volume::Mutation> {
    volume::ChangeNames change{.image_name = config.name, .names = config.names};
    if (name) (of_unit ? change.names.unit_name : change.image_name) = *name;
    if (description) (of_unit ? change.names.unit_description : change.names.image_description) = *description;
    if (serial) change.names.os400_serial = fmt::format("{:03X}", *serial);
    return volume::Mutation(std::move(change));
  };
  auto done = co_await image.control().record(plan);
  response.results.push_back(verdict(id, done));
  co_return response;
}

rt::Task<Response> change_unit(Image& image, json arguments) {
  auto response = co_await change_names(image, std::move(arguments), true);
  co_return response;
}

/// Rates of copies and of the scrub.
rt::Task<Result<void>> change_paces(Image& image, const json& arguments) {
  const auto in_bytes = [&arguments](const char* key) {
    const auto mib = given<std::uint64_t>(arguments, key);
    return mib ? std::optional(*mib * 1_MiB) : mib;
  };
  const auto limit = in_bytes("copy_rate_mib");
  const auto floor = in_bytes("copy_floor_mib");
  if (limit || floor) {
    auto done = co_await image.control().change_copy_rates(limit, floor);
    if (!done) co_return done;
  }
  const auto scrub_rate = in_bytes("scrub_rate_mib");
  auto interval_s = given<std::uint32_t>(arguments, "scrub_interval_hours");
  if (interval_s) *interval_s *= 3600;
  if (!scrub_rate && !interval_s) co_return Result<void>{};
  auto done = co_await image.control().change_scrub(scrub_rate, interval_s);
  co_return done;
}

/// Rates first: with names as well, both are there or a message says what failed.
rt::Task<Response> change_image(Image& image, json arguments) {
  const std::string id = image.control().config().storage_image_id;
  if (arguments.contains("id") && arguments["id"] != id) co_return failed(Errc::object_not_found);
  auto done = co_await change_paces(image, arguments);
  const bool names =
      arguments.contains("name") || arguments.contains("description") || arguments.contains("os400_serial");
  if (!done || !names) co_return one_result(id, done);
  auto response = co_await change_names(image, std::move(arguments), false);
  co_return response;
}

/// Even LSSs and rank group 0 belong to server 0, odd ones to server 1; one program is both.
rt::Task<Response> list_servers(Image& image, json arguments) {
  std::vector<json> rows;
  for (const char* id : {"0", "1"}) {
    rows.push_back({{"id", id},
                    {"image_id", image.control().config().storage_image_id},
                    {"state", "Online"},
                    {"power_control", nullptr},
                    {"code_level", arguments["code_level"]}});
  }
  co_return rows_of(std::move(rows));
}

/// What this release can do, all of it without limit. Functions that come later bring their rows.
rt::Task<Response> list_keys(Image&, json) {
  std::vector<json> rows;
  for (const char* key : {"Operating environment (OEL)", "Point in time copy (PTC)"}) {
    rows.push_back({{"id", key}, {"level", "All"}, {"scope", "FB"}});
  }
  co_return rows_of(std::move(rows));
}

rt::Task<Response> apply_keys(Image& image, json) {
  Response response;
  response.results.push_back(verdict(image.control().config().storage_image_id, {}));
  co_return response;
}

/// A journal that fails cannot keep a record of it: such a problem is seen as long as it lasts.
rt::Task<std::vector<json>> journal_rows(Image& image) {
  const volume::ImageConfig& config = image.control().config();
  rt::Reactor& home = image.shards().front()->reactor();
  std::vector<json> rows;
  for (const auto& shard : image.shards()) {
    co_await rt::hop(home, shard->reactor());
    const bool stuck = shard->no_more_room();
    co_await rt::hop(shard->reactor(), home);
    if (!stuck) continue;
    json row = {
        {"id", fmt::format("J{}", shard->options().id)},
        {"severity", "Critical"},
        {"status", "open"},
        {"date", nullptr},
        {"mtms", nullptr},
        {"reference_code", "TT1006"},
        {"description", fmt::format("The journal of shard {} of {} gets no more space: no write can be answered.",
                                    shard->options().id, config.storage_image_id)}};
    rows.push_back(std::move(row));
  }
  co_return rows;
}

rt::Task<Response> list_problems(Image& image, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  std::vector<json> rows = problem_rows(config);
  const auto from = given<std::int64_t>(arguments, "from_s");
  const auto to = given<std::int64_t>(arguments, "to_s");
  std::erase_if(rows, [&](const json& row) {
    const auto date = row["date"].get<std::int64_t>();
    return (from && date < *from) || (to && date > *to);
  });
  const std::vector<json> journals = co_await journal_rows(image);
  rows.insert(rows.end(), journals.begin(), journals.end());
  co_return rows_of(std::move(rows));
}

std::optional<std::uint32_t> problem_number(const std::string& text) {
  std::uint32_t id = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, id);
  if (error != std::errc{} || end != last) return std::nullopt;
  return id;
}

rt::Task<Response> close_problems(Image& image, json arguments) {
  const volume::ImageConfig& config = image.control().config();
  const std::int64_t now = image.shards().front()->reactor().wall_seconds();
  auto problems = subjects_of(arguments, Errc::object_not_found, problem_number);
  for (auto& problem : problems) {
    if (!problem.id) continue;
    const ControlPlane::Planner plan = [&config, id = *problem.id, now] {
      return as_mutation(volume::plan_close_problem(config, id, now));
    };
    problem.done = co_await image.control().record(plan);
  }
  co_return results_of(problems);
}

rt::Task<Response> list_devices(Image& image, json) {
  co_return rows_of(device_rows(image.control().config()));
}

rt::Task<Response> list_nothing(Image&, json) {
  co_return Response{};
}

constexpr ConfigurationEntry kOperations[] = {
    {"lssu", list_units},      {"showsu", show_unit},        {"chsu", change_unit},
    {"chsi", change_image},    {"lsserver", list_servers},   {"lskey", list_keys},
    {"applykey", apply_keys},  {"lsproblem", list_problems}, {"closeproblem", close_problems},
    {"lsddm", list_devices},   {"lsda", list_nothing},       {"lshba", list_nothing},
    {"lsframe", list_nothing}, {"lsstgencl", list_nothing},
};

}  // namespace

ConfigurationOperation find_image_operation(std::string_view operation) {
  return find_in(kOperations, operation);
}

}  // namespace tt::image
