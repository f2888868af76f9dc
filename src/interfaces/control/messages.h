// SPDX-License-Identifier: Apache-2.0
// What is said in the frames, as JSON objects:
//   console: {"hello":"twintrack-control","version":2,"program":"..."}
//   image:   {"hello":"twintrack-control","version":2,"program":"...","image":"IBM.2107-75ABCD1"}
//            or the same with "refused":"why" and the connection ends
//   console: {"id":N,"operation":"lsfbvol","user":"admin","scope":"*","arguments":{...}}
//   image:   {"id":N,"status":0,"detail":0,"results":[{"name":"0100","code":0,"detail":0}],"rows":[{...}]}
// Answers come in any order. Unknown keys are ignored, so that a later release may add some.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/executor.h"

namespace tt::control {

/// Raised when an older program could misunderstand a newer one. An image of version 1 would do whatever a user asks,
/// whatever the scope.
inline constexpr std::uint32_t kVersion = 2;

struct Hello {
  std::uint32_t version = kVersion;
  std::string program;
  std::string image_id;  ///< From the image only.
  std::string refused;   ///< Not empty: the image does not talk to this console.
};

struct Call {
  std::uint64_t id = 0;
  model::Request request;
};

struct Answer {
  std::uint64_t id = 0;
  model::Response response;
};

std::string encode(const Hello& hello);
std::string encode(const Call& call);
std::string encode(const Answer& answer);

/// `bad_message` for anything that is not of the form above.
Result<Hello> decode_hello(std::string_view text);
Result<Call> decode_call(std::string_view text);
Result<Answer> decode_answer(std::string_view text);

/// The response alone, as it is also carried over HTTPS.
nlohmann::json response_to_json(const model::Response& response);
Result<model::Response> response_from_json(const nlohmann::json& json);

/// Parses without exceptions; `bad_message` also for nesting deeper than any honest message.
Result<nlohmann::json> parse_json(std::string_view text);
/// Never fails: bytes that are no UTF-8 are replaced.
std::string dump_json(const nlohmann::json& json);

}  // namespace tt::control
