// SPDX-License-Identifier: Apache-2.0
#include "image/executor_mirrors.h"

#include <algorithm>
#include <utility>

#include "image/executor_support.h"
#include "image/rows_mirrors.h"

namespace tt::image {

using model::Response;
using nlohmann::json;
using Outcome = PairDesk::Outcome;

namespace {

/// One pair of a request. An end that was not named is volume FFFF, which there is none.
struct Named {
  static constexpr VolumeId kNotNamed{0xFFFF};
  std::string name;  ///< "1000:2000"
  VolumeId source = kNotNamed;
  VolumeId target = kNotNamed;

  [[nodiscard]] bool is_whole() const { return source != kNotNamed && target != kNotNamed; }
  [[nodiscard]] volume::PairName at(PairDesk::End here, const json& arguments) const {
    const bool is_source = here == PairDesk::End::source;
    const VolumeId other = is_source ? target : source;
    return {is_source ? source : target, other == kNotNamed ? std::nullopt : std::optional(other),
            given<std::string>(arguments, "remote_image")};
  }
};

std::optional<std::vector<Named>> pairs_in(const json& arguments) {
  std::vector<Named> pairs;
  for (const json& item : arguments.value("pairs", json::array())) {
    Named pair;
    for (const auto& [key, end] : {std::pair("source", &pair.source), std::pair("target", &pair.target)}) {
      const std::string text = text_of(item, key);
      if (text.empty()) continue;
      const auto id = model::parse_volume_id(text);
      if (!id) return std::nullopt;
      *end = *id;
      pair.name += (pair.name.empty() ? "" : ":") + text;
    }
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

bool is_other_ssid(const json& arguments, const char* key, VolumeId volume) {
  const auto wanted = given<std::uint16_t>(arguments, key);
  return wanted && volume != Named::kNotNamed &&
         *wanted != volume::ssid_of(static_cast<std::uint8_t>(volume.value >> 8U));
}

mirror::PairType type_in(const json& arguments) {
  return text_of(arguments, "type") == "mmir" ? mirror::PairType::metro_mirror : mirror::PairType::global_copy;
}

mirror::PairAttributes attributes_in(const json& arguments) {
  mirror::PairAttributes attributes;
  attributes.cascade = arguments.value("cascade", false);
  attributes.target_read = arguments.value("target_read", false);
  attributes.critical_mode = arguments.value("critical_mode", false);
  attributes.resumes_itself = !arguments.value("disable_auto_resync", false);
  attributes.reset_reserve = arguments.value("reset_reservation", false);
  return attributes;
}

PairDesk::End end_in(const json& arguments) {
  return text_of(arguments, "at") == "tgt" ? PairDesk::End::target : PairDesk::End::source;
}

using OnePair = rt::Task<Outcome> (*)(PairDesk& desk, Named pair, const json& arguments);

rt::Task<Outcome> make(PairDesk& desk, Named pair, const json& arguments) {
  volume::MakePairRequest request;
  request.source = pair.source;
  request.target = pair.target;
  request.partner = text_of(arguments, "remote_image");
  request.type = type_in(arguments);
  request.copies = text_of(arguments, "mode") != "nocp";
  request.attributes = attributes_in(arguments);
  auto outcome = co_await desk.make(std::move(request));
  co_return outcome;
}

rt::Task<Outcome> pause(PairDesk& desk, Named pair, const json& arguments) {
  const PairDesk::End here = end_in(arguments);
  volume::PairName name = pair.at(here, arguments);
  const bool alone = arguments.value("unconditional", false);
  auto outcome = co_await desk.pause(std::move(name), here, alone);
  co_return outcome;
}

rt::Task<Outcome> resume(PairDesk& desk, Named pair, const json& arguments) {
  volume::PairName name = pair.at(PairDesk::End::source, arguments);
  const mirror::PairAttributes attributes = attributes_in(arguments);
  const bool held = arguments.value("suspend", false);
  auto outcome = co_await desk.resume(std::move(name), type_in(arguments), attributes, held);
  co_return outcome;
}

rt::Task<Outcome> remove(PairDesk& desk, Named pair, const json& arguments) {
  const PairDesk::End here = end_in(arguments);
  const bool alone = arguments.value("unconditional", false);
  if (here == PairDesk::End::target && !alone) {
    co_return Outcome{Error{Errc::bad_combination, pair.target.value}, std::nullopt};
  }
  volume::PairName name = pair.at(here, arguments);
  auto outcome = co_await desk.remove(std::move(name), here, alone);
  co_return outcome;
}

rt::Task<Outcome> fail_over(PairDesk& desk, Named pair, const json& arguments) {
  volume::PairName name = pair.at(PairDesk::End::source, arguments);
  const bool cascade = arguments.value("cascade", false);
  auto outcome = co_await desk.fail_over(std::move(name), type_in(arguments), cascade);
  co_return outcome;
}

rt::Task<Outcome> fail_back(PairDesk& desk, Named pair, const json& arguments) {
  volume::PairName name = pair.at(PairDesk::End::source, arguments);
  const mirror::PairAttributes attributes = attributes_in(arguments);
  const bool held = arguments.value("suspend", false);
  const PairDesk::Turn turn = arguments.value("preview", false) ? PairDesk::Turn::preview
                              : held                            ? PairDesk::Turn::held
                                                                : PairDesk::Turn::now;
  auto outcome = co_await desk.fail_back(std::move(name), type_in(arguments), attributes, turn);
  co_return outcome;
}

/// One after the other; one that is refused stops no other.
template <OnePair run>
rt::Task<Response> for_each_pair(Image&, MirrorDesk* desk, json arguments) {
  if (text_of(arguments, "type") == "mmir") co_return failed(Errc::not_in_this_release);
  std::optional<std::vector<Named>> pairs = pairs_in(arguments);
  if (!pairs) co_return failed(Errc::volume_not_found);
  const bool may_name_one_end = arguments.contains("at");
  const bool whole = std::ranges::all_of(*pairs, [](const Named& pair) { return pair.is_whole(); });
  if (!whole && !may_name_one_end) co_return failed(Errc::invalid_argument);
  Response response;
  for (Named& pair : *pairs) {
    const std::string name = pair.name;
    Outcome outcome;
    if (is_other_ssid(arguments, "source_ssid", pair.source) || is_other_ssid(arguments, "target_ssid", pair.target)) {
      outcome.done = Errc::ssid_differs;
    } else {
      outcome = co_await run(desk->pairs(), std::move(pair), arguments);
    }
    response.results.push_back(verdict(name, outcome.done));
    if (outcome.done && outcome.warning) {
      response.results.push_back({name, outcome.warning->code, outcome.warning->detail});
    }
  }
  co_return response;
}

rt::Task<Response> list_pairs(Image& image, MirrorDesk* desk, json arguments) {
  const std::vector<PairStatus> statuses = co_await desk->pairs().statuses();
  const std::string partner = text_of(arguments, "remote_image");
  std::vector<json> rows;
  for (const PairStatus& status : statuses) {
    if (!partner.empty() && status.pair.partner != partner) continue;
    rows.push_back(pair_row(image.control().config(), status));
  }
  co_return rows_of(std::move(rows));
}

struct NamedOperation {
  std::string_view name;
  PathOperation run;
};
constexpr NamedOperation kOperations[] = {
    {"mkpprc", for_each_pair<make>},
    {"lspprc", list_pairs},
    {"pausepprc", for_each_pair<pause>},
    {"resumepprc", for_each_pair<resume>},
    {"rmpprc", for_each_pair<remove>},
    {"failoverpprc", for_each_pair<fail_over>},
    {"failbackpprc", for_each_pair<fail_back>},
};

}  // namespace

PathOperation find_mirror_operation(std::string_view operation) {
  for (const NamedOperation& one : kOperations) {
    if (one.name == operation) return one.run;
  }
  return nullptr;
}

}  // namespace tt::image
