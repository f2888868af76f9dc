// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/codec.h"

namespace tt::nbd {
namespace {

/// A refused write is still read to its end up to this size.
constexpr std::uint32_t kMaxSkippedBytes = 2 * kMaximumPayloadBytes;

constexpr Verdict kExecute{};

Verdict refuse(NbdError error, const char* reason) {
  return {Verdict::Action::refuse, error, reason};
}

struct CommandRule {
  Command command;
  std::uint16_t flags;  ///< Accepted besides FUA, which the protocol accepts everywhere.
  bool has_range;
  bool has_payload;  ///< In either direction: the length is bounded by the maximum payload.
  bool changes_data;
};

constexpr CommandRule kCommandRules[] = {
    {Command::read, command_flag::kDf, true, true, false},
    {Command::write, 0, true, true, true},
    {Command::flush, 0, false, false, false},
    {Command::trim, 0, true, false, true},
    {Command::cache, 0, true, false, false},
    {Command::write_zeroes, command_flag::kNoHole | command_flag::kFastZero, true, false, true},
    {Command::block_status, command_flag::kReqOne, true, false, false},
};

const CommandRule* rule_of(Command command) {
  for (const CommandRule& rule : kCommandRules) {
    if (rule.command == command) return &rule;
  }
  return nullptr;
}

bool flags_allowed(const Request& request, const CommandRule& rule, const TransmissionRules& rules) {
  std::uint16_t allowed = static_cast<std::uint16_t>(rule.flags | command_flag::kFua);
  if (!rules.structured_replies) allowed = static_cast<std::uint16_t>(allowed & ~command_flag::kDf);
  if (!rules.fast_zero) allowed = static_cast<std::uint16_t>(allowed & ~command_flag::kFastZero);
  return (request.flags & ~allowed) == 0;
}

Verdict judge_range(const Request& request, const CommandRule& rule, const TransmissionRules& rules) {
  if (request.length == 0) return refuse(NbdError::einval, "length is zero");
  if (rule.has_payload && request.length > kMaximumPayloadBytes) {
    return refuse(NbdError::eoverflow, "longer than the maximum payload of 32 MiB");
  }
  if (request.offset > rules.size_bytes || request.length > rules.size_bytes - request.offset) {
    const bool writes = request.command == Command::write || request.command == Command::write_zeroes;
    return refuse(writes ? NbdError::enospc : NbdError::einval, "beyond the end of the volume");
  }
  if (request.offset % kMinimumBlockBytes != 0 || request.length % kMinimumBlockBytes != 0) {
    return refuse(NbdError::einval, "not a multiple of the minimum block size of 512 bytes");
  }
  return kExecute;
}

}  // namespace

std::optional<Request> decode_request(std::span<const std::byte, kRequestBytes> bytes) noexcept {
  const std::byte* p = bytes.data();
  if (load_be<std::uint32_t>(p) != kRequestMagic) return std::nullopt;
  Request request;
  request.flags = load_be<std::uint16_t>(p + 4);
  request.command = static_cast<Command>(load_be<std::uint16_t>(p + 6));
  request.cookie = load_be<std::uint64_t>(p + 8);
  request.offset = load_be<std::uint64_t>(p + 16);
  request.length = load_be<std::uint32_t>(p + 24);
  return request;
}

Verdict judge(const Request& request, const TransmissionRules& rules) noexcept {
  if (request.command == Command::disc) return {Verdict::Action::disconnect, NbdError::none, "client disconnects"};
  if (request.payload_bytes() > kMaxSkippedBytes) {
    return {Verdict::Action::disconnect, NbdError::eoverflow, "payload is far too long"};
  }
  const CommandRule* rule = rule_of(request.command);
  if (rule == nullptr) return refuse(NbdError::einval, "unknown command");
  if (!flags_allowed(request, *rule, rules)) return refuse(NbdError::einval, "flag not valid for this command");
  if (rule->changes_data && rules.read_only) return refuse(NbdError::eperm, "export is read-only");
  if (request.command == Command::block_status && !rules.allocation_context) {
    return refuse(NbdError::einval, "no metadata context was selected");
  }
  if (rule->has_range) {
    const Verdict verdict = judge_range(request, *rule, rules);
    if (verdict.action != Verdict::Action::execute) return verdict;
  } else if (request.offset != 0 || request.length != 0) {
    return refuse(NbdError::einval, "offset and length must be zero");
  }
  if (request.has(command_flag::kFastZero) && request.has(command_flag::kNoHole)) {
    return refuse(NbdError::enotsup, "zeroes without a hole are no faster than a write");
  }
  return kExecute;
}

std::uint16_t transmission_flags(const TransmissionRules& rules) noexcept {
  using namespace transmission_flag;
  unsigned flags = kHasFlags | kSendFlush | kSendFua | kSendCache | kCanMultiConn;
  flags |= rules.read_only ? kReadOnly : static_cast<unsigned>(kSendTrim | kSendWriteZeroes);
  if (rules.structured_replies) flags |= kSendDf;
  if (rules.fast_zero && !rules.read_only) flags |= kSendFastZero;
  return static_cast<std::uint16_t>(flags);
}

}  // namespace tt::nbd
