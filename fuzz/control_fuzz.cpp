// SPDX-License-Identifier: Apache-2.0
// Bytes from the management side: the first byte chooses a stream of control frames, or a line typed to the DS CLI.
// A frame that decodes must encode to something that decodes again; a line that binds must make a request that the
// catalogue accepts.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/assert.h"
#include "interfaces/control/frames.h"
#include "interfaces/control/messages.h"
#include "interfaces/dscli/binder.h"
#include "interfaces/dscli/http_answer.h"
#include "interfaces/dscli/profile.h"
#include "model/selection.h"
#include "model/validation.h"

namespace {

using namespace tt;

void read_frames(const std::string& bytes) {
  control::FrameReader reader(1U << 16U);
  reader.feed(std::as_bytes(std::span<const char>(bytes.data(), bytes.size())));
  while (true) {
    auto frame = reader.next();
    if (!frame || !frame->has_value()) return;
    if (const auto call = control::decode_call(**frame)) {
      const std::string encoded = control::encode(*call);
      const auto again = control::decode_call(encoded);
      TT_ASSERT(again && control::encode(*again) == encoded);
      const model::Operation* operation = model::find_operation(call->request.operation);
      if (operation == nullptr) continue;
      std::vector<nlohmann::json> rows = {call->request.arguments, {{"id", "0100"}}};
      if (model::check_arguments(*operation, call->request.arguments).empty()) {
        model::select_rows(*operation, call->request.arguments, rows);
      }
    }
    if (const auto answer = control::decode_answer(**frame)) {
      const std::string encoded = control::encode(*answer);
      const auto again = control::decode_answer(encoded);
      TT_ASSERT(again && control::encode(*again) == encoded);
    }
    if (const auto hello = control::decode_hello(**frame)) {
      const std::string encoded = control::encode(*hello);
      const auto again = control::decode_hello(encoded);
      TT_ASSERT(again && control::encode(*again) == encoded);
    }
  }
}

void bind_line(const std::string& text) {
  const auto words = dscli::lex_line(text).words;
  if (words.empty()) return;
  dscli::BindContext context;
  context.devid = "IBM.2107-75ABCD1";
  const auto bound = dscli::bind_command(words, context);
  const auto* command = std::get_if<dscli::Command>(&bound);
  if (command == nullptr || command->help || command->operation->place == model::Place::client) return;
  // What travels is text, and becomes JSON again on the other side.
  const auto sent = control::parse_json(control::dump_json(command->arguments));
  TT_ASSERT(sent.has_value());
  TT_ASSERT(model::check_arguments(*command->operation, *sent).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      read_frames(rest);
      break;
    case 1:
      bind_line(rest);
      break;
    case 2: {
      dscli::Settings settings;
      dscli::apply_profile(rest, settings);
      break;
    }
    default: {
      dscli::HttpAnswerReader reader;
      reader.feed(rest);
      break;
    }
  }
  return 0;
}
