// SPDX-License-Identifier: Apache-2.0
// Negotiation alone, with every option, in each mode of TLS. The first byte says the rules, the second how the bytes
// are cut; the rest is what the client says.
//
// Checked: it does not matter how bytes are cut into pieces; nothing is announced or entered in the clear when TLS is
// required; what is agreed on is a volume that exists, by its own size; replies stay in proportion to what was said.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "host/nbd/handshake.h"
#include "host/testing/manual_reactor.h"
#include "host/testing/ram_block_service.h"

namespace {

using namespace tt;
using nbd::Handshake;
using Outcome = Handshake::Outcome;

struct Talk {
  std::vector<std::byte> output;
  Outcome outcome = Outcome::need_input;
  std::size_t consumed = 0;
  std::optional<nbd::Negotiated> negotiated;
};

Talk talk(image::ExportSource& volumes, const nbd::HandshakeRules& rules, std::span<const std::byte> input,
          std::size_t at_once) {
  Talk result;
  Handshake handshake(volumes, rules);
  handshake.greet(result.output);
  while (result.consumed < input.size()) {
    std::size_t end = std::min(input.size(), result.consumed + at_once);
    while (true) {
      const auto piece = input.subspan(result.consumed, end - result.consumed);
      const auto step = handshake.advance(piece, result.output);
      TT_ASSERT(step.consumed <= piece.size());
      result.consumed += step.consumed;
      result.outcome = step.outcome;
      if (step.outcome == Outcome::need_input) {
        TT_ASSERT(result.consumed == end);
        break;
      }
      if (step.outcome == Outcome::transmission) result.negotiated = handshake.negotiated();
      if (step.outcome != Outcome::answered) return result;
      if (result.consumed == end) break;
    }
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 256 * 1024) return 0;
  host_testing::ManualReactor reactor;
  host_testing::RamBlockService service(reactor);
  service.add_volume(0x0100, 512_KiB);
  service.add_volume(0x01AB, 64_KiB, true);
  nbd::HandshakeRules rules;
  rules.tls = static_cast<nbd::TlsMode>(data[0] % 3);
  rules.tls_active = (data[0] & 4U) != 0 && rules.tls != nbd::TlsMode::off;
  rules.fast_zero = (data[0] & 8U) != 0;
  const auto input = std::as_bytes(std::span(data + 2, size - 2));

  const Talk whole = talk(service, rules, input, input.size() + 1);
  const Talk pieces = talk(service, rules, input, std::size_t{data[1]} + 1);
  TT_ASSERT(whole.output == pieces.output && whole.outcome == pieces.outcome && whole.consumed == pieces.consumed);

  if (rules.tls == nbd::TlsMode::required && !rules.tls_active) TT_ASSERT(!whole.negotiated);
  if (rules.tls_active || rules.tls == nbd::TlsMode::off) TT_ASSERT(whole.outcome != Outcome::start_tls);
  if (whole.negotiated) {
    const auto found = service.find(whole.negotiated->volume.name);
    TT_ASSERT(found && found->size_bytes == whole.negotiated->rules.size_bytes);
    TT_ASSERT(found->read_only == whole.negotiated->rules.read_only);
    TT_ASSERT(!whole.negotiated->rules.fast_zero || rules.fast_zero);
  }
  TT_ASSERT(whole.output.size() <= 1024 + 64 * size);
  return 0;
}
