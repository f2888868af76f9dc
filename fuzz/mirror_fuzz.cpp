// SPDX-License-Identifier: Apache-2.0
// Frames from another image. The first byte chooses: the rest as a stream of frames, or a kind and a payload whose
// checksums are right, so that all that is in the way of nonsense is what understands it.
//
// Checked: what is understood has one form (it is written again with the same bytes); data lie within the frame and
// keep to the bounds; a phase that is reported is one that exists; the machine takes every event in it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/assert.h"
#include "base/crc32c.h"
#include "mirror/message.h"
#include "mirror/pair_machine.h"

namespace {

using namespace tt;
using namespace tt::mirror;

void step_everywhere(const PairPhase& phase) {
  for (std::uint8_t n = 0; n < kPairEvents; ++n) {
    const auto answer = step(phase, {static_cast<PairEvent>(n), PairType::global_copy, true});
    if (answer && answer->next) TT_ASSERT(is_possible(*answer->next));
  }
}

void judge(const FrameHead& head, const Message& message, std::span<const std::byte> payload) {
  const auto data = data_of(message);
  TT_ASSERT(data.size() <= kMostDataBytes && data.size() <= payload.size());
  TT_ASSERT(data.empty() ||
            (data.data() >= payload.data() && data.data() + data.size() == payload.data() + payload.size()));
  std::vector<std::byte> again = encode_frame(head, message);
  again.insert(again.end(), data.begin(), data.end());
  const auto first = encode_head(head);
  TT_ASSERT(again.size() == first.size() + payload.size());
  TT_ASSERT(std::equal(first.begin(), first.end(), again.begin()));
  TT_ASSERT(std::equal(payload.begin(), payload.end(), again.begin() + kFrameHeadBytes));
  if (const auto* report = std::get_if<PairReport>(&message)) step_everywhere(report->phase);
}

void read_stream(std::span<const std::byte> input) {
  FrameCounter counter;
  while (input.size() >= kFrameHeadBytes) {
    const auto head = decode_head(input.first<kFrameHeadBytes>());
    if (!head || !counter.accept(*head, 3)) return;
    input = input.subspan(kFrameHeadBytes);
    if (input.size() < head->payload_bytes) return;
    const auto payload = input.first(head->payload_bytes);
    if (const auto message = decode_message(*head, payload)) judge(*head, *message, payload);
    input = input.subspan(head->payload_bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > kMostFieldBytes) return 0;
  const auto input = std::as_bytes(std::span(data, size)).subspan(1);
  if (data[0] == 0) {
    read_stream(input);
    return 0;
  }
  FrameHead head;
  head.kind = static_cast<FrameKind>(data[0]);
  head.number = 1;
  head.payload_bytes = static_cast<std::uint32_t>(input.size() - 1);
  const auto payload = input.subspan(1);  // a byte that says nothing, so that payloads may be empty
  head.payload_crc = crc32c(0, payload);
  const auto sent = decode_head(encode_head(head));
  TT_ASSERT(sent.has_value() || payload.size() > kMostFieldBytes);
  if (!sent) return 0;
  if (const auto message = decode_message(*sent, payload)) judge(*sent, *message, payload);
  return 0;
}
