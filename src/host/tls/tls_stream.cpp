// SPDX-License-Identifier: Apache-2.0
#include "host/tls/tls_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace tt::tls {
namespace {

constexpr std::size_t kRecordBytes = 16U << 10U;
constexpr std::size_t kIncomingBytes = 64U << 10U;
/// Ciphertext is handed to the transport when this much has come together.
constexpr std::size_t kFlushBytes = 256U << 10U;

}  // namespace

/// The BIO's callbacks; its data pointer is the stream.
struct TlsStream::Bio {
  static int write(BIO* bio, const char* bytes, std::size_t count, std::size_t* written) {
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    const auto* start = reinterpret_cast<const std::byte*>(bytes);
    stream.outgoing_.insert(stream.outgoing_.end(), start, start + count);
    *written = count;
    return 1;
  }
  static int read(BIO* bio, char* into, std::size_t wanted, std::size_t* taken) {
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const std::size_t count = std::min(wanted, stream.incoming_end_ - stream.incoming_begin_);
    if (count == 0) {
      BIO_set_retry_read(bio);
      return 0;
    }
    std::memcpy(into, stream.incoming_.data() + stream.incoming_begin_, count);
    stream.incoming_begin_ += count;
    *taken = count;
    return 1;
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "byte stream");
      TT_ASSERT(m != nullptr);
      BIO_meth_set_write_ex(m, &Bio::write);
      BIO_meth_set_read_ex(m, &Bio::read);
      BIO_meth_set_ctrl(m, &Bio::control);
      return m;
    }();
    return made;
  }
};

TlsStream::TlsStream(rt::Reactor& reactor, std::unique_ptr<rt::ByteStream> transport, SslPtr ssl)
    : transport_(std::move(transport)), ssl_(std::move(ssl)), send_lock_(reactor), incoming_(kIncomingBytes) {
  TT_ASSERT(transport_ && ssl_);
  BIO* const bio = BIO_new(Bio::method());
  TT_ASSERT(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
}

TlsStream::~TlsStream() = default;

rt::Task<Result<void>> TlsStream::flush() {
  co_await send_lock_.lock();
  Result<void> result;
  while (result && !outgoing_.empty()) {
    sending_.clear();
    std::swap(sending_, outgoing_);
    iovec piece{sending_.data(), sending_.size()};
    result = co_await transport_->write_all({&piece, 1});
  }
  send_lock_.unlock();
  co_return result;
}

rt::Task<Result<void>> TlsStream::receive() {
  TT_ASSERT(incoming_begin_ == incoming_end_);
  incoming_begin_ = incoming_end_ = 0;
  TT_CO_TRY(const std::size_t count, co_await transport_->read_some(incoming_));
  incoming_end_ = count;
  co_return Result<void>();
}

rt::Task<Result<void>> TlsStream::handshake() {
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    const int reason = SSL_get_error(ssl_.get(), done);
    // An alert that says why the handshake failed is sent as well.
    auto sent = co_await flush();
    if (done == 1) co_return sent;
    if (reason != SSL_ERROR_WANT_READ) co_return Errc::authentication_failed;
    TT_CO_CHECK(std::move(sent));
    TT_CO_CHECK(co_await receive());
  }
}

rt::Task<Result<std::size_t>> TlsStream::read_some(std::span<std::byte> into) {
  for (;;) {
    ERR_clear_error();
    std::size_t total = 0;
    std::size_t count = 0;
    int done = 1;
    // Everything that has arrived already: one record holds 16 KiB at most.
    while (total < into.size() &&
           (done = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &count)) == 1) {
      total += count;
    }
    const int reason = done == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), done);
    // Reading may have made records of its own, such as the answer to a key update.
    if (!outgoing_.empty()) TT_CO_CHECK(co_await flush());
    if (total > 0) co_return total;
    if (reason == SSL_ERROR_ZERO_RETURN) co_return Errc::disconnected;
    if (reason != SSL_ERROR_WANT_READ) co_return Errc::bad_message;
    TT_CO_CHECK(co_await receive());
  }
}

Result<void> TlsStream::encrypt(const std::byte* bytes, std::size_t count) {
  if (count == 0) return {};
  ERR_clear_error();
  std::size_t written = 0;
  if (SSL_write_ex(ssl_.get(), bytes, count, &written) != 1 || written != count) return Errc::disconnected;
  return {};
}

rt::Task<Result<void>> TlsStream::write_all(std::span<iovec> pieces) {
  gather_.clear();
  for (const iovec& piece : pieces) {
    const auto* start = static_cast<const std::byte*>(piece.iov_base);
    std::size_t left = piece.iov_len;
    while (left > 0) {
      // Small pieces share a record; a whole record's worth goes straight from where it is.
      const bool direct = gather_.empty() && left >= kRecordBytes;
      const std::size_t count = std::min(left, kRecordBytes - gather_.size());
      if (direct) {
        TT_CO_CHECK(encrypt(start, count));
      } else {
        gather_.insert(gather_.end(), start, start + count);
        if (gather_.size() == kRecordBytes) {
          TT_CO_CHECK(encrypt(gather_.data(), gather_.size()));
          gather_.clear();
        }
      }
      start += count;
      left -= count;
      if (outgoing_.size() >= kFlushBytes) TT_CO_CHECK(co_await flush());
    }
  }
  TT_CO_CHECK(encrypt(gather_.data(), gather_.size()));
  auto sent = co_await flush();
  co_return sent;
}

rt::Task<void> TlsStream::send_goodbye() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
  auto sent = co_await flush();
  if (!sent) transport_->shut_down();
}

std::string TlsStream::peer_identity() const {
  if (const std::string& psk = psk_identity_of(ssl_.get()); !psk.empty()) return "psk:" + psk;
  X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return {};
  BIO* const text = BIO_new(BIO_s_mem());
  X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* start = nullptr;
  const long bytes = BIO_get_mem_data(text, &start);
  std::string subject = "x509:" + std::string(start, static_cast<std::size_t>(bytes));
  BIO_free(text);
  return subject;
}

std::string TlsStream::description() const {
  return std::string(SSL_get_version(ssl_.get())) + " " + SSL_get_cipher_name(ssl_.get());
}

}  // namespace tt::tls
