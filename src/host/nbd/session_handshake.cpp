// SPDX-License-Identifier: Apache-2.0
// The session's way to the transmission phase; see session.h and handshake.h.
#include "host/nbd/session.h"

namespace tt::nbd {

/// Again after TLS, when more is known of the host.
void Session::log_in() {
  if (context_.access == nullptr) return;
  image::HostFacts facts;
  facts.port = entrance_.port;
  facts.peer = stream_->peer_name();
  if (tls_ != nullptr) {
    tls::PeerNames names = tls_->peer_names();
    facts.psk = std::move(names.psk);
    facts.certificate_names = std::move(names.certificate);
  }
  login_ = context_.access->login(std::move(facts));
}

image::ExportSource& Session::volumes() noexcept {
  if (login_ != nullptr) return *login_;
  return context_.service;
}

rt::Task<bool> Session::negotiate() {
  HandshakeRules rules;
  rules.tls = entrance_.tls;
  rules.fast_zero = context_.settings.fast_zero;
  log_in();
  handshake_.emplace(volumes(), rules);
  handshake_->greet(output_);
  for (;;) {
    const Handshake::Step step = handshake_->advance(intake_.pending(), output_);
    intake_.consume(step.consumed);
    auto sent = co_await send_output();
    if (!sent) break;
    if (step.outcome == Handshake::Outcome::close) co_return false;
    if (step.outcome == Handshake::Outcome::transmission) {
      volume_ = handshake_->negotiated().volume;
      rules_ = handshake_->negotiated().rules;
      if (login_ != nullptr) login_->attach(volume_);
      handshake_.reset();
      output_ = {};
      co_return true;
    }
    if (step.outcome == Handshake::Outcome::start_tls) {
      auto started = co_await start_tls();
      if (!started) break;
      rules.tls_active = true;
      log_in();
      handshake_.emplace(volumes(), rules);
    }
    if (step.outcome == Handshake::Outcome::need_input) {
      auto filled = co_await fill();
      if (!filled) break;
    }
  }
  broken_ = true;
  co_return false;
}

rt::Task<Result<void>> Session::start_tls() {
  // Nothing may lie between the client's STARTTLS and its hello: it could be somebody else's words, to be taken for the
  // client's once TLS stands.
  if (!intake_.pending().empty()) co_return Errc::bad_message;
  tls::SslPtr ssl = context_.tls->new_connection();
  if (!ssl) co_return Errc::limit_reached;
  auto upgraded = std::make_unique<tls::TlsStream>(context_.reactor, std::move(stream_), std::move(ssl));
  tls_ = upgraded.get();
  stream_ = std::move(upgraded);
  TT_CO_CHECK(co_await tls_->handshake());
  peer_identity_ = tls_->peer_identity();
  co_return Result<void>();
}

rt::Task<Result<void>> Session::send_output() {
  if (output_.empty()) co_return Result<void>();
  iovec piece{output_.data(), output_.size()};
  auto sent = co_await stream_->write_all({&piece, 1});
  output_.clear();
  co_return sent;
}

}  // namespace tt::nbd
