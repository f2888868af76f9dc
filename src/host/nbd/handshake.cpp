// SPDX-License-Identifier: Apache-2.0
#include "host/nbd/handshake.h"

#include <algorithm>

#include "host/nbd/option_data.h"

namespace tt::nbd {

Handshake::Handshake(image::ExportSource& volumes, const HandshakeRules& rules)
    : volumes_(volumes), rules_(rules), state_(rules.tls_active ? State::option_header : State::client_flags) {
  fixed_newstyle_ = rules.tls_active;  // STARTTLS was only possible with it
}

void Handshake::greet(std::vector<std::byte>& out) const {
  if (rules_.tls_active) return;
  append_be(out, kInitMagic);
  append_be(out, kOptionMagic);
  append_be(out, static_cast<std::uint16_t>(handshake_flag::kFixedNewstyle | handshake_flag::kNoZeroes));
}

/// Moves input into pending_ until `wanted` bytes are there.
bool Handshake::collect(Bytes& in, std::size_t wanted) {
  const std::size_t taken = std::min(in.size(), wanted - pending_.size());
  pending_.insert(pending_.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(taken));
  in = in.subspan(taken);
  return pending_.size() == wanted;
}

Handshake::Step Handshake::advance(std::span<const std::byte> in, std::vector<std::byte>& out) {
  Bytes rest = in;
  Outcome outcome = Outcome::need_input;
  switch (state_) {
    case State::client_flags:
      if (collect(rest, sizeof(std::uint32_t))) outcome = on_client_flags();
      break;
    case State::option_header:
      if (collect(rest, kOptionHeaderBytes)) outcome = on_option_header(out);
      break;
    case State::option_data:
      if (collect(rest, option_bytes_)) outcome = on_option(out);
      break;
    case State::skipping: {
      const std::size_t dropped = std::min(rest.size(), option_bytes_);
      rest = rest.subspan(dropped);
      option_bytes_ -= dropped;
      if (option_bytes_ == 0) {
        state_ = State::option_header;
        outcome = reply(out, OptionReply::err_too_big, "option data is too long");
      }
      break;
    }
    case State::finished:
      outcome = Outcome::close;
      break;
  }
  if (outcome == Outcome::start_tls || outcome == Outcome::transmission || outcome == Outcome::close) {
    state_ = State::finished;
  }
  return {in.size() - rest.size(), outcome};
}

Handshake::Outcome Handshake::on_client_flags() {
  const auto flags = load_be<std::uint32_t>(pending_.data());
  pending_.clear();
  if ((flags & ~(handshake_flag::kFixedNewstyle | handshake_flag::kNoZeroes)) != 0) return Outcome::close;
  fixed_newstyle_ = (flags & handshake_flag::kFixedNewstyle) != 0;
  no_zeroes_ = (flags & handshake_flag::kNoZeroes) != 0;
  // A client that cannot be told to start TLS is told by the closed door.
  if (!fixed_newstyle_ && rules_.tls == TlsMode::required) return Outcome::close;
  state_ = State::option_header;
  return Outcome::answered;
}

Handshake::Outcome Handshake::on_option_header(std::vector<std::byte>& out) {
  const auto magic = load_be<std::uint64_t>(pending_.data());
  option_ = load_be<std::uint32_t>(pending_.data() + 8);
  option_bytes_ = load_be<std::uint32_t>(pending_.data() + 12);
  pending_.clear();
  if (magic != kOptionMagic) return Outcome::close;
  const bool is_export_name = option_ == static_cast<std::uint32_t>(Option::export_name);
  if (!fixed_newstyle_ && !is_export_name) return Outcome::close;
  if (is_export_name && option_bytes_ > kMaxStringBytes) return Outcome::close;
  if (option_bytes_ > kMaxSkippedOptionBytes) return Outcome::close;
  if (option_bytes_ > kMaxOptionBytes) {
    state_ = State::skipping;
    return Outcome::answered;
  }
  if (option_bytes_ == 0) return on_option(out);
  state_ = State::option_data;
  return Outcome::answered;
}

Handshake::Outcome Handshake::on_option(std::vector<std::byte>& out) {
  state_ = State::option_header;
  const Outcome outcome = dispatch(static_cast<Option>(option_), pending_, out);
  pending_.clear();
  return outcome;
}

Handshake::Outcome Handshake::dispatch(Option option, Bytes data, std::vector<std::byte>& out) {
  if (rules_.tls == TlsMode::required && !rules_.tls_active && option != Option::starttls && option != Option::abort) {
    if (option == Option::export_name) return Outcome::close;
    return reply(out, OptionReply::err_tls_reqd, "this server requires TLS");
  }
  switch (option) {
    case Option::export_name:
      return on_export_name(data, out);
    case Option::abort:
      reply(out, OptionReply::ack);
      return Outcome::close;
    case Option::list:
      return on_list(data, out);
    case Option::starttls:
      return on_starttls(data, out);
    case Option::info:
    case Option::go:
      return on_info_or_go(option, data, out);
    case Option::structured_reply:
      return on_structured_reply(data, out);
    case Option::list_meta_context:
    case Option::set_meta_context:
      return on_meta_context(option, data, out);
  }
  return reply(out, OptionReply::err_unsup, "unknown option");
}

Handshake::Outcome Handshake::reply(std::vector<std::byte>& out, OptionReply type, std::string_view text) const {
  append_option_reply(out, option_, type, bytes_of(text));
  return Outcome::answered;
}

void Handshake::agree_on(const image::ExportInfo& volume) {
  negotiated_.volume = volume;
  TransmissionRules& rules = negotiated_.rules;
  rules.size_bytes = volume.size_bytes;
  rules.read_only = volume.read_only;
  rules.structured_replies = structured_replies_;
  rules.fast_zero = rules_.fast_zero;
  rules.allocation_context = context_volume_ && context_volume_->id == volume.handle.id &&
                             context_volume_->generation == volume.handle.generation;
}

Handshake::Outcome Handshake::on_export_name(Bytes data, std::vector<std::byte>& out) {
  const auto volume = volumes_.find(text_of(data));
  if (!volume) return Outcome::close;
  agree_on(*volume);
  append_be(out, negotiated_.rules.size_bytes);
  append_be(out, transmission_flags(negotiated_.rules));
  if (!no_zeroes_) out.insert(out.end(), 124, std::byte{0});
  return Outcome::transmission;
}

Handshake::Outcome Handshake::on_list(Bytes data, std::vector<std::byte>& out) {
  if (!data.empty()) return reply(out, OptionReply::err_invalid, "LIST takes no data");
  for (const image::ExportInfo& volume : volumes_.exports()) append_server_reply(out, volume);
  return reply(out, OptionReply::ack);
}

Handshake::Outcome Handshake::on_starttls(Bytes data, std::vector<std::byte>& out) {
  if (!data.empty()) return reply(out, OptionReply::err_invalid, "STARTTLS takes no data");
  if (rules_.tls_active) return reply(out, OptionReply::err_invalid, "TLS is already active");
  if (rules_.tls == TlsMode::off) return reply(out, OptionReply::err_policy, "TLS is not configured");
  reply(out, OptionReply::ack);
  return Outcome::start_tls;
}

Handshake::Outcome Handshake::on_info_or_go(Option option, Bytes data, std::vector<std::byte>& out) {
  const auto request = parse_info_request(data);
  if (!request) return reply(out, OptionReply::err_invalid, "malformed request");
  const auto volume = volumes_.find(request->name);
  if (!volume) return reply(out, OptionReply::err_unknown, "no such export");
  agree_on(*volume);
  append_export_info(out, option, negotiated_.rules.size_bytes, transmission_flags(negotiated_.rules));
  if (request->wants_name || request->name != volume->name) {
    append_text_info(out, option, InfoType::name, volume->name);
  }
  if (request->wants_description) append_text_info(out, option, InfoType::description, volume->description);
  append_block_size_info(out, option);
  reply(out, OptionReply::ack);
  return option == Option::go ? Outcome::transmission : Outcome::answered;
}

Handshake::Outcome Handshake::on_structured_reply(Bytes data, std::vector<std::byte>& out) {
  if (!data.empty()) return reply(out, OptionReply::err_invalid, "STRUCTURED_REPLY takes no data");
  structured_replies_ = true;
  return reply(out, OptionReply::ack);
}

Handshake::Outcome Handshake::on_meta_context(Option option, Bytes data, std::vector<std::byte>& out) {
  const bool sets = option == Option::set_meta_context;
  if (sets) context_volume_.reset();  // also when this very request fails
  if (!structured_replies_) return reply(out, OptionReply::err_invalid, "negotiate structured replies first");
  const auto request = parse_context_request(data);
  if (!request) return reply(out, OptionReply::err_invalid, "malformed request");
  const auto volume = volumes_.find(request->name);
  if (!volume) return reply(out, OptionReply::err_unknown, "no such export");
  if (sets && request->selects_allocation) {
    context_volume_ = volume->handle;
    append_context_reply(out, option, kAllocationContextId);
  }
  if (!sets && (request->queries == 0 || request->selects_allocation || request->asks_base)) {
    append_context_reply(out, option, 0);
  }
  return reply(out, OptionReply::ack);
}

}  // namespace tt::nbd
