// SPDX-License-Identifier: Apache-2.0
#include "host/tls/tls_stream.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "host/testing/certificates.h"
#include "host/testing/manual_reactor.h"
#include "host/testing/memory_stream.h"
#include "runtime/scope.h"

namespace tt::tls {
namespace {

using namespace host_testing;
using Bytes = std::vector<std::byte>;

constexpr const char* kKeyHex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

unsigned give_key(SSL*, const char*, char* identity, unsigned max_identity, unsigned char* key, unsigned) {
  std::strncpy(identity, "alice", max_identity);
  for (unsigned i = 0; i < 32; ++i) key[i] = static_cast<unsigned char>((i % 16) * 0x11);
  return 32;
}
unsigned give_wrong_key(SSL*, const char*, char* identity, unsigned max_identity, unsigned char* key, unsigned) {
  std::strncpy(identity, "alice", max_identity);
  std::memset(key, 1, 32);
  return 32;
}

class TlsStreamTest : public testing::Test {
 protected:
  TlsStreamTest() : scope_(reactor_) {
    folder_.make_authority("ours");
    folder_.make_authority("theirs");
    folder_.issue("ours", "server", "storage.example");
    folder_.issue("ours", "host", "host1.example");
    folder_.issue("theirs", "stranger", "host1.example");
    folder_.write("keys.psk", std::string("alice:") + kKeyHex + "\n");
  }

  using Adjust = std::function<void(SSL_CTX*)>;

  /// Makes both ends and runs the handshake.
  void meet(const ServerFiles& files, const Adjust& adjust) {
    std::string why;
    auto loaded = ServerContext::load(files, why);
    ASSERT_TRUE(loaded) << why;
    server_context_ = std::move(loaded).value();
    client_context_.reset(SSL_CTX_new(TLS_client_method()));
    adjust(client_context_.get());
    SslPtr client_ssl(SSL_new(client_context_.get()));
    SSL_set_connect_state(client_ssl.get());
    const auto up = std::make_shared<Pipe>(reactor_);
    const auto down = std::make_shared<Pipe>(reactor_);
    up_ = up.get();
    down_ = down.get();
    up->largest_read = down->largest_read = 1000;
    SslPtr server_ssl = server_context_->new_connection();
    if (server_suites_ != nullptr) {
      ASSERT_EQ(SSL_set_ciphersuites(server_ssl.get(), server_suites_), 1);
    }
    server_ = std::make_unique<TlsStream>(reactor_, std::make_unique<MemoryStream>(up, down), std::move(server_ssl));
    client_ = std::make_unique<TlsStream>(reactor_, std::make_unique<MemoryStream>(down, up), std::move(client_ssl));
    scope_.spawn(shake(*server_, server_result_));
    scope_.spawn(shake(*client_, client_result_));
    reactor_.run_ready();
    EXPECT_EQ(scope_.count(), 0U);
  }
  static rt::Task<void> shake(TlsStream& stream, Result<void>& result) {
    result = co_await stream.handshake();
    if (!result) stream.shut_down();
  }
  static rt::Task<void> write(rt::ByteStream& stream, std::vector<Bytes>& pieces, Result<void>& result) {
    std::vector<iovec> list;
    for (Bytes& p : pieces) list.push_back({p.data(), p.size()});
    result = co_await stream.write_all(list);
  }
  static rt::Task<void> read(rt::ByteStream& stream, Bytes& into, std::size_t wanted, Result<void>& result) {
    while (into.size() < wanted) {
      Bytes part(5000);
      auto count = co_await stream.read_some(part);
      if (!count) {
        result = count.error();
        co_return;
      }
      into.insert(into.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(*count));
    }
  }
  void expect_echo() {
    std::vector<Bytes> there = {Bytes(28, std::byte{1}), Bytes(100'000, std::byte{2}), Bytes(0),
                                Bytes(16, std::byte{3})};
    std::vector<Bytes> back = {Bytes(300'000, std::byte{4}), Bytes(1, std::byte{5})};
    Bytes got_there;
    Bytes got_back;
    Result<void> results[4];
    up_->capacity = down_->capacity = 10'000;  // writers must wait for readers in both directions at once
    scope_.spawn(write(*client_, there, results[0]));
    scope_.spawn(write(*server_, back, results[1]));
    scope_.spawn(read(*server_, got_there, 100'044, results[2]));
    scope_.spawn(read(*client_, got_back, 300'001, results[3]));
    reactor_.run_ready();
    ASSERT_EQ(scope_.count(), 0U);
    for (const auto& r : results) EXPECT_TRUE(r);
    EXPECT_EQ(got_there[27], std::byte{1});
    EXPECT_EQ(got_there[28], std::byte{2});
    EXPECT_EQ(got_there.back(), std::byte{3});
    EXPECT_EQ(got_back.back(), std::byte{5});
    EXPECT_EQ(std::count(got_back.begin(), got_back.end(), std::byte{4}), 300'000);
  }
  [[nodiscard]] ServerFiles certificate_files() const {
    return {folder_.path("server.pem"), folder_.path("server.key"), {}, {}};
  }
  Adjust trusting(int version, const std::string& own = {}) {
    return [this, version, own](SSL_CTX* context) {
      SSL_CTX_set_min_proto_version(context, version);
      SSL_CTX_set_max_proto_version(context, version);
      SSL_CTX_load_verify_file(context, folder_.path("ours-ca.pem").c_str());
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
      if (own.empty()) return;
      SSL_CTX_use_certificate_file(context, folder_.path(own + ".pem").c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context, folder_.path(own + ".key").c_str(), SSL_FILETYPE_PEM);
    };
  }

  CertificateFolder folder_;
  ManualReactor reactor_;
  rt::Scope scope_;
  std::unique_ptr<ServerContext> server_context_;
  const char* server_suites_ = nullptr;  ///< Instead of the context's own ones of TLS 1.3.
  SslContextPtr client_context_;
  Pipe* up_ = nullptr;
  Pipe* down_ = nullptr;
  std::unique_ptr<TlsStream> server_;
  std::unique_ptr<TlsStream> client_;
  Result<void> server_result_;
  Result<void> client_result_;
};

TEST_F(TlsStreamTest, CertificatesInBothVersions) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    meet(certificate_files(), trusting(version));
    ASSERT_TRUE(server_result_ && client_result_);
    EXPECT_EQ(server_->peer_identity(), "");
    EXPECT_EQ(client_->peer_identity(), "x509:CN=storage.example");
    EXPECT_EQ(server_->description().substr(0, 7), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    expect_echo();
  }
}

TEST_F(TlsStreamTest, OlderVersionsAreRefused) {
  meet(certificate_files(), [](SSL_CTX* context) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  });
  EXPECT_EQ(server_result_.error().code, Errc::authentication_failed);
}

TEST_F(TlsStreamTest, ClientCertificatesAreDemandedAndVerified) {
  ServerFiles files = certificate_files();
  files.client_ca = folder_.path("ours-ca.pem");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    meet(files, trusting(version, "host"));
    ASSERT_TRUE(server_result_ && client_result_);
    EXPECT_EQ(server_->peer_identity(), "x509:CN=host1.example");
    expect_echo();
    meet(files, trusting(version, "stranger"));
    EXPECT_EQ(server_result_.error().code, Errc::authentication_failed);
    meet(files, trusting(version));
    EXPECT_EQ(server_result_.error().code, Errc::authentication_failed);
  }
}

TEST_F(TlsStreamTest, PreSharedKeysInBothVersionsWithAndWithoutACertificate) {
  ServerFiles psk_only;
  psk_only.psk = folder_.path("keys.psk");
  ServerFiles both = certificate_files();
  both.psk = psk_only.psk;
  ServerFiles demanding = both;  // a client certificate, or a key
  demanding.client_ca = folder_.path("ours-ca.pem");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto with = [version](SSL_psk_client_cb_func callback) {
      return [version, callback](SSL_CTX* context) {
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_max_proto_version(context, version);
        SSL_CTX_set_psk_client_callback(context, callback);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);  // trusts no certificate
      };
    };
    for (const ServerFiles& files : {psk_only, both, demanding}) {
      meet(files, with(give_key));
      ASSERT_TRUE(server_result_ && client_result_) << version;
      EXPECT_EQ(server_->peer_identity(), "psk:alice");
      expect_echo();
      meet(files, with(give_wrong_key));
      EXPECT_EQ(server_result_.error().code, Errc::authentication_failed);
    }
    meet(both, trusting(version));
    ASSERT_TRUE(server_result_ && client_result_) << version;
    EXPECT_EQ(server_->peer_identity(), "");
  }
}

/// OpenSSL looks the key up, then passes it over because the suite has another hash, and never asks for a proof of it.
TEST_F(TlsStreamTest, AKeyThatWasOnlyNamedProvesNothing) {
  ServerFiles both = certificate_files();
  both.psk = folder_.path("keys.psk");
  server_suites_ = "TLS_AES_256_GCM_SHA384";
  meet(both, [&](SSL_CTX* context) {
    trusting(TLS1_3_VERSION)(context);
    SSL_CTX_set_psk_client_callback(context, give_wrong_key);
  });
  ASSERT_TRUE(server_result_ && client_result_);
  EXPECT_EQ(server_->peer_identity(), "");
  EXPECT_EQ(server_->peer_names().psk, "");
}

/// Also one that whoever signed it may have read only the beginning of.
TEST_F(TlsStreamTest, NamesOfACertificateAreWholeAndFew) {
  std::string many = "DNS:host1.example,email:root@host1.example,URI:urn:h1,IP:192.0.2.9,IP:2001:db8::1,RID:1.2.3";
  for (int i = 0; i < 100; ++i) many += ",DNS:h" + std::to_string(i);
  folder_.issue("ours", "many", "Host1", many);
  folder_.issue("ours", "cut", std::string("host1\0.evil.example", 19), "DNS:" + std::string(257, 'x') + ",DNS:y");
  ServerFiles files = certificate_files();
  files.client_ca = folder_.path("ours-ca.pem");
  meet(files, trusting(TLS1_3_VERSION, "many"));
  ASSERT_TRUE(server_result_);
  std::vector<std::string> names = server_->peer_names().certificate;
  EXPECT_EQ(names.size(), 64U);
  names.resize(6);
  EXPECT_EQ(names,
            (std::vector<std::string>{"Host1", "host1.example", "root@host1.example", "urn:h1", "192.0.2.9", "h0"}));
  meet(files, trusting(TLS1_3_VERSION, "cut"));
  ASSERT_TRUE(server_result_);
  EXPECT_EQ(server_->peer_names().certificate, std::vector<std::string>{"y"});
}

TEST_F(TlsStreamTest, AClientWithoutAKeyGetsNowhere) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    meet({{}, {}, {}, folder_.path("keys.psk")}, trusting(version));
    EXPECT_EQ(server_result_.error().code, Errc::authentication_failed);
  }
}

TEST_F(TlsStreamTest, PlainTextInsteadOfAHelloFails) {
  meet(certificate_files(), trusting(TLS1_3_VERSION));
  const auto in = std::make_shared<Pipe>(reactor_);
  const auto out = std::make_shared<Pipe>(reactor_);
  TlsStream stream(reactor_, std::make_unique<MemoryStream>(in, out), server_context_->new_connection());
  scope_.spawn(shake(stream, server_result_));
  in->push(Bytes(100, std::byte{0x49}));
  reactor_.run_ready();
  EXPECT_EQ(server_result_.error().code, Errc::authentication_failed);
}

TEST_F(TlsStreamTest, GoodbyeEndsTheOtherSidesReading) {
  meet(certificate_files(), trusting(TLS1_3_VERSION));
  scope_.spawn(server_->send_goodbye());
  Bytes got;
  Result<void> result;
  scope_.spawn(read(*client_, got, 1, result));
  reactor_.run_ready();
  EXPECT_EQ(result.error().code, Errc::disconnected);
}

TEST_F(TlsStreamTest, TamperedRecordsAreNoticed) {
  meet(certificate_files(), trusting(TLS1_3_VERSION));
  Result<void> sent;
  Result<void> result;
  std::vector<Bytes> pieces = {Bytes(100, std::byte{1})};
  scope_.spawn(write(*client_, pieces, sent));
  reactor_.run_ready();
  Bytes record = up_->take_all();
  record[50] ^= std::byte{1};
  up_->push(record);
  Bytes got;
  scope_.spawn(read(*server_, got, 100, result));
  reactor_.run_ready();
  EXPECT_EQ(result.error().code, Errc::bad_message);
}

TEST_F(TlsStreamTest, KeyUpdatesAreAnsweredWhileReading) {
  meet(certificate_files(), trusting(TLS1_3_VERSION));
  // The client asks for new keys in both directions in the middle of the traffic.
  expect_echo();
  SSL* const raw = client_->native();
  ASSERT_EQ(SSL_key_update(raw, SSL_KEY_UPDATE_REQUESTED), 1);
  expect_echo();
}

TEST_F(TlsStreamTest, BadFilesAreExplained) {
  const std::string cert = folder_.path("server.pem");
  const std::string key = folder_.path("server.key");
  const std::pair<ServerFiles, const char*> cases[] = {
      {{}, "needs a certificate"},
      {{cert, {}, {}, {}}, "go together"},
      {{{}, {}, cert, folder_.path("keys.psk")}, "need a server certificate"},
      {{folder_.path("none.pem"), key, {}, {}}, "none.pem"},
      {{cert, folder_.path("host.key"), {}, {}}, "host.key"},
      {{cert, key, folder_.path("none.pem"), {}}, "client CA"},
      {{{}, {}, {}, folder_.path("none.psk")}, "none.psk"},
      {{{}, {}, {}, cert}, "line 1"},
  };
  for (const auto& [files, text] : cases) {
    std::string why;
    EXPECT_FALSE(ServerContext::load(files, why));
    EXPECT_NE(why.find(text), std::string::npos) << why;
  }
}

}  // namespace
}  // namespace tt::tls
