// SPDX-License-Identifier: Apache-2.0
#include "console/problem_watch.h"

#include <algorithm>
#include <charconv>

#include "model/host_identity.h"

namespace tt::console {

namespace {

using nlohmann::json;

constexpr std::uint32_t kProblemCreated = 3;
constexpr std::uint32_t kRepositoryThreshold = 221;
constexpr std::uint32_t kPoolThreshold = 223;

constexpr std::uint32_t kPathsDegraded = 100;
constexpr std::uint32_t kPathsDown = 101;
constexpr std::uint32_t kPathsUp = 102;
constexpr std::uint32_t kPairsSuspended = 202;

std::uint32_t trap_of(const std::string& reference) {
  if (reference == "TT1012") return kPathsDegraded;
  if (reference == "TT1013") return kPathsDown;
  if (reference == "TT1014") return kPathsUp;
  if (reference == "TT1015") return kPairsSuspended;
  if (reference == "TT1003" || reference == "TT1004") return kPoolThreshold;
  return reference == "TT1009" || reference == "TT1010" ? kRepositoryThreshold : kProblemCreated;
}

std::string seen_setting(const std::string& image) {
  return "snmp.seen." + image;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, value);
  if (text.empty() || failure != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

std::string text_of(const json& row, const char* key) {
  const auto found = row.find(key);
  if (found == row.end() || found->is_null()) return "-";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

}  // namespace

std::optional<TrapAddress> parse_trap_address(const std::string& text) {
  TrapAddress address{.host = text};
  const bool bracketed = text.starts_with('[');
  const std::size_t colon = text.rfind(':');
  const bool with_port = bracketed ? colon != std::string::npos && colon > 0 && text[colon - 1] == ']'
                                   : colon != std::string::npos && text.find(':') == colon;
  if (with_port) {
    const auto port = parse_number<std::uint16_t>(std::string_view(text).substr(colon + 1));
    if (!port || *port == 0) return std::nullopt;
    address.port = *port;
    address.host = text.substr(0, colon);
  }
  if (bracketed) {
    if (!address.host.ends_with(']')) return std::nullopt;
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  if (!model::parse_ip_address(address.host)) return std::nullopt;
  return address;
}

Result<TrapSettings> load_trap_settings(UserStore& store) {
  TrapSettings settings;
  TT_TRY(const auto on, store.setting("snmp.on"));
  TT_TRY(const auto addresses, store.setting("snmp.addresses"));
  TT_TRY(const auto community, store.setting("snmp.community"));
  settings.on = on == "1";
  std::string_view rest = addresses ? std::string_view(*addresses) : std::string_view();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    settings.addresses.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (community) settings.community = *community;
  return settings;
}

Result<void> save_trap_settings(UserStore& store, const TrapSettings& settings) {
  std::string joined;
  for (const std::string& address : settings.addresses) joined += (joined.empty() ? "" : ",") + address;
  TT_CHECK(store.set_setting("snmp.addresses", joined));
  TT_CHECK(store.set_setting("snmp.community", settings.community));
  return store.set_setting("snmp.on", settings.on ? "1" : "0");
}

ProblemWatch::ProblemWatch(UserStore& store, ImageDirectory& images, Send send, Clock now)
    : store_(store), images_(images), send_(std::move(send)), now_(std::move(now)), started_s_(now_()) {}

void ProblemWatch::start() {
  const auto settings = load_trap_settings(store_);
  if (settings && settings->on) send_to_all(*settings, {.generic = GenericTrap::cold_start});
}

void ProblemWatch::look() {
  if (under_way_ != 0) return;
  const auto settings = load_trap_settings(store_);
  if (!settings) return;
  if (!settings->on) return forget();
  forgotten_ = false;
  const std::vector<std::string> ids = images_.ids();
  under_way_ = ids.size();
  for (const std::string& image : ids) {
    model::Request request;
    request.operation = "lsproblem";
    images_.call(image, std::move(request), [this, image](const model::Response& answer) {
      --under_way_;
      if (answer.status == Errc::ok) take(image, answer);
    });
  }
}

void ProblemWatch::take(const std::string& image, const model::Response& response) {
  const auto settings = load_trap_settings(store_);
  const auto stored = store_.setting(seen_setting(image));
  if (!settings || !settings->on || !stored) return;
  const auto seen = parse_number<std::uint64_t>(stored->value_or(""));
  std::map<std::uint64_t, const json*> fresh;
  std::uint64_t highest = seen.value_or(0);
  std::set<std::string> passing;
  for (const json& row : response.rows) {
    const std::string id = text_of(row, "id");
    if (const auto number = parse_number<std::uint64_t>(id)) {
      if (seen && *number > *seen) fresh[*number] = &row;
      highest = std::max(highest, *number);
    } else {
      passing.insert(id);
      if (!passing_[image].contains(id)) send_problem(*settings, image, row);
    }
  }
  passing_[image] = std::move(passing);
  // Kept first: after a crash in between a trap is missing, which UDP allows, rather than sent at every look.
  if (highest != seen && !store_.set_setting(seen_setting(image), std::to_string(highest))) return;
  for (const auto& [number, row] : fresh) send_problem(*settings, image, *row);
}

void ProblemWatch::send_problem(const TrapSettings& settings, const std::string& image, const json& row) {
  const std::string reference = text_of(row, "reference_code");
  send_to_all(settings, {.specific = trap_of(reference),
                         .texts = {{1, text_of(row, "date")},
                                   {2, text_of(row, "mtms")},
                                   {3, text_of(row, "id")},
                                   {4, reference},
                                   {5, text_of(row, "description")},
                                   {6, image}}});
}

void ProblemWatch::send_to_all(const TrapSettings& settings, Trap trap) {
  trap.community = settings.community;
  trap.uptime_hundredths = static_cast<std::uint64_t>(std::max<std::int64_t>(now_() - started_s_, 0)) * 100;
  const std::vector<std::uint8_t> bytes = encode_trap(trap);
  for (const std::string& text : settings.addresses) {
    if (const auto address = parse_trap_address(text)) send_(*address, bytes);
  }
}

void ProblemWatch::forget() {
  if (forgotten_) return;
  passing_.clear();
  for (const std::string& image : images_.ids()) {
    if (!store_.set_setting(seen_setting(image), "")) return;
  }
  forgotten_ = true;
}

}  // namespace tt::console
