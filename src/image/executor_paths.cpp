// SPDX-License-Identifier: Apache-2.0
#include "image/executor_paths.h"

#include <algorithm>
#include <utility>

#include "image/executor_support.h"
#include "image/rows_paths.h"
#include "model/host_identity.h"

namespace tt::image {

using model::IdKind;
using model::Response;
using nlohmann::json;

namespace {

std::uint64_t wwnn_in(const json& arguments) {
  return model::parse_wwpn(text_of(arguments, "remote_wwnn")).value_or(0);
}

std::uint8_t lss_in(const std::string& text) {
  return model::parse_lss_id(text).value_or(0);
}

volume::SetPathsRequest paths_asked_for(const json& arguments) {
  volume::SetPathsRequest request;
  request.set.key = {wwnn_in(arguments), lss_in(text_of(arguments, "source_lss")),
                     lss_in(text_of(arguments, "target_lss"))};
  request.set.partner = text_of(arguments, "remote_image");
  request.set.target_ssid = arguments.value("target_ssid", std::uint16_t{0});
  request.set.consistency_group = arguments.value("consistency_group", false);
  request.source_ssid = given<std::uint16_t>(arguments, "source_ssid");
  for (const json& pair : arguments.at("pairs")) {
    request.set.ports.push_back({number_of(IdKind::io_port, text_of(pair, "source")).value_or(0),
                                 number_of(IdKind::io_port, text_of(pair, "target")).value_or(0)});
  }
  return request;
}

/// The set, and each of its paths that is not up. If none is, they are all there is to say.
rt::Task<Response> make_paths(Image&, MirrorDesk* desk, json arguments) {
  volume::SetPathsRequest request = paths_asked_for(arguments);
  const std::string name = lss_pair_name(request.set.key);
  auto established = co_await desk->establish(std::move(request));
  const bool none_came_up = !established.done && established.done.error().code == Errc::path_failed;
  Response response;
  if (!none_came_up) response.results.push_back(verdict(name, established.done));
  if (!none_came_up && !established.done) co_return response;
  for (const mirror::PathReport& path : established.failed) {
    response.results.push_back({port_pair_name(path.ports), none_came_up ? Errc::path_failed : Errc::path_not_up,
                                static_cast<std::uint64_t>(path.status)});
  }
  co_return response;
}

rt::Task<Response> remove_paths(Image&, MirrorDesk* desk, json arguments) {
  Response response;
  for (const json& pair : arguments.at("pairs")) {
    volume::RemovePathsRequest request;
    request.source_lss = lss_in(text_of(pair, "source"));
    request.target_lss = lss_in(text_of(pair, "target"));
    if (arguments.contains("remote_wwnn")) request.wwnn = wwnn_in(arguments);
    request.partner = given<std::string>(arguments, "remote_image");
    request.force = arguments.value("force", false);
    const std::string name = lss_pair_name({0, request.source_lss, request.target_lss});
    auto done = co_await desk->remove(std::move(request));
    response.results.push_back(verdict(name, done));
  }
  co_return response;
}

rt::Task<Response> list_paths(Image& image, MirrorDesk* desk, json) {
  std::vector<json> rows;
  for (const auto& [key, set] : image.control().config().path_sets) {
    std::vector<json> paths = path_rows(set, desk->statuses(set));
    std::ranges::move(paths, std::back_inserter(rows));
  }
  co_return rows_of(std::move(rows));
}

rt::Task<Response> list_ports(Image&, MirrorDesk* desk, json arguments) {
  auto found = co_await desk->reachable(wwnn_in(arguments));
  const std::string wanted = text_of(arguments, "remote_image");
  if (!wanted.empty() && wanted != found.partner) found.ports.clear();
  co_return rows_of(available_port_rows(found.ports, found.partner));
}

struct NamedOperation {
  std::string_view name;
  PathOperation run;
};
constexpr NamedOperation kOperations[] = {
    {"mkpprcpath", make_paths},
    {"rmpprcpath", remove_paths},
    {"lspprcpath", list_paths},
    {"lsavailpprcport", list_ports},
};

}  // namespace

PathOperation find_path_operation(std::string_view operation) {
  for (const NamedOperation& one : kOperations) {
    if (one.name == operation) return one.run;
  }
  return nullptr;
}

}  // namespace tt::image
