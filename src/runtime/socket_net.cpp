// SPDX-License-Identifier: Apache-2.0
#include "runtime/socket_net.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tt::rt {
namespace {

/// Conditions of a connection that is gone all look the same to protocols.
Error stream_error(int error) {
  const auto detail = static_cast<std::uint64_t>(error);
  switch (error) {
    case EPIPE:
    case ECONNRESET:
    case ECONNREFUSED:
    case ECONNABORTED:
    case ENOTCONN:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
      return {Errc::disconnected, detail};
    case ETIMEDOUT:
      return {Errc::timed_out, detail};
    default:
      return {Errc::io_error, detail};
  }
}

/// Drops the first `bytes` of the pieces from `first` on; returns the first piece that is not empty.
std::size_t skip_bytes(std::span<iovec> pieces, std::size_t first, std::size_t bytes) {
  while (first < pieces.size() && bytes >= pieces[first].iov_len) {
    bytes -= pieces[first].iov_len;
    ++first;
  }
  if (first < pieces.size()) {
    pieces[first].iov_base = static_cast<std::byte*>(pieces[first].iov_base) + bytes;
    pieces[first].iov_len -= bytes;
  }
  return first;
}

class SocketStream final : public ByteStream {
 public:
  explicit SocketStream(std::unique_ptr<AsyncSocket> socket)
      : socket_(std::move(socket)), peer_name_(rt::peer_name(socket_->fd())) {
    tune_stream(socket_->fd());
  }

  Task<Result<std::size_t>> read_some(std::span<std::byte> into) override {
    SocketOp op;
    op.kind = SocketOp::Kind::receive;
    op.buffer = into.first(std::min<std::size_t>(into.size(), INT_MAX));
    for (;;) {
      if (shut_down_) co_return Errc::disconnected;
      const int result = co_await SocketAwaiter(*socket_, op);
      // What arrived before the shut-down but was not read yet no longer counts.
      if (shut_down_ || result == 0) co_return Errc::disconnected;
      if (result > 0) co_return static_cast<std::size_t>(result);
      if (result != -EINTR && result != -EAGAIN) co_return stream_error(-result);
    }
  }

  Task<Result<void>> write_all(std::span<iovec> pieces) override {
    msghdr message{};
    SocketOp op;
    op.kind = SocketOp::Kind::send;
    op.message = &message;
    std::size_t first = skip_bytes(pieces, 0, 0);
    while (first < pieces.size()) {
      if (shut_down_) co_return Errc::disconnected;
      message.msg_iov = &pieces[first];
      message.msg_iovlen = std::min<std::size_t>(pieces.size() - first, IOV_MAX);
      const int result = co_await SocketAwaiter(*socket_, op);
      if (shut_down_) co_return Errc::disconnected;
      if (result >= 0) {
        first = skip_bytes(pieces, first, static_cast<std::size_t>(result));
      } else if (result != -EINTR && result != -EAGAIN) {
        co_return stream_error(-result);
      }
    }
    co_return Result<void>();
  }

  void shut_down() noexcept override {
    shut_down_ = true;
    socket_->shut_down();
  }
  [[nodiscard]] std::string peer_name() const override { return peer_name_; }

 private:
  std::unique_ptr<AsyncSocket> socket_;
  std::string peer_name_;
  bool shut_down_ = false;
};

class SocketListener final : public Listener {
 public:
  /// `unix_path` is empty for TCP.
  SocketListener(SocketNet& net, std::unique_ptr<AsyncSocket> socket, std::string unix_path)
      : net_(net), socket_(std::move(socket)), address_(local_name(socket_->fd())), unix_path_(std::move(unix_path)) {
    if (!unix_path_.empty()) remember_inode();
  }
  ~SocketListener() override { close(); }

  Task<Result<std::unique_ptr<ByteStream>>> accept() override {
    SocketOp op;
    op.kind = SocketOp::Kind::accept;
    for (;;) {
      if (closed_) co_return Errc::cancelled;
      const int result = co_await SocketAwaiter(*socket_, op);
      UniqueFd accepted(result);
      if (closed_) co_return Errc::cancelled;
      if (accepted) {
        auto socket = net_.adopt(std::move(accepted));
        if (socket == nullptr) co_return Error{Errc::io_error, static_cast<std::uint64_t>(errno)};
        std::unique_ptr<ByteStream> stream = std::make_unique<SocketStream>(std::move(socket));
        co_return stream;
      }
      // A client that gave up before it was accepted is not our error.
      if (result != -EINTR && result != -EAGAIN && result != -ECONNABORTED) {
        co_return Error{Errc::io_error, static_cast<std::uint64_t>(-result)};
      }
    }
  }

  void close() noexcept override {
    if (closed_) return;
    closed_ = true;
    struct stat status{};
    if (!unix_path_.empty() && ::lstat(unix_path_.c_str(), &status) == 0 && status.st_ino == inode_) {
      ::unlink(unix_path_.c_str());  // ours, not the file of a successor
    }
    socket_->shut_down();
  }
  [[nodiscard]] std::string address() const override { return address_; }

 private:
  void remember_inode() noexcept {
    struct stat status{};
    if (::lstat(unix_path_.c_str(), &status) == 0) inode_ = status.st_ino;
  }

  SocketNet& net_;
  std::unique_ptr<AsyncSocket> socket_;
  std::string address_;
  std::string unix_path_;
  ino_t inode_ = 0;
  bool closed_ = false;
};

/// `co_await` it: finds the addresses of a host on a thread that may block.
class NameLookupCall final : public Job {
 public:
  NameLookupCall(LoopReactor& reactor, BlockingPool& pool, const std::string& host, std::uint16_t port)
      : Job(reactor), pool_(pool), host_(host), port_(port) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    pool_.submit(*this);
  }
  Result<std::vector<SocketAddress>> await_resume() noexcept { return std::move(found_); }

  void run() noexcept override { found_ = find_addresses(host_, port_, NameLookup::blocking); }
  void finish() noexcept override { home.post(waiter_); }

 private:
  BlockingPool& pool_;
  const std::string& host_;
  std::uint16_t port_;
  std::coroutine_handle<> waiter_;
  Result<std::vector<SocketAddress>> found_{Errc::object_not_found};
};

}  // namespace

Result<std::unique_ptr<Listener>> SocketNet::listen_tcp(const std::string& host, std::uint16_t port) {
  return listen_on(host, port, make_tcp_listener);
}

Result<std::unique_ptr<Listener>> SocketNet::try_listen_tcp(const std::string& host, std::uint16_t port) {
  return listen_on(host, port, try_tcp_listener);
}

Result<std::unique_ptr<Listener>> SocketNet::listen_on(const std::string& host, std::uint16_t port,
                                                       ListenerMaker* make) {
  TT_TRY(const auto addresses, find_addresses(host, port, NameLookup::blocking));
  auto made = make(addresses.front(), wants_non_blocking());
  for (std::size_t i = 1; !made && i < addresses.size(); ++i) made = make(addresses[i], wants_non_blocking());
  TT_TRY(UniqueFd fd, std::move(made));
  auto socket = adopt(std::move(fd));
  if (socket == nullptr) return {Errc::io_error, static_cast<std::uint64_t>(errno)};
  return std::unique_ptr<Listener>(std::make_unique<SocketListener>(*this, std::move(socket), std::string()));
}

Result<std::unique_ptr<Listener>> SocketNet::listen_unix(const std::string& path) {
  TT_TRY(UniqueFd fd, make_unix_listener(path, wants_non_blocking()));
  auto socket = adopt(std::move(fd));
  if (socket == nullptr) return {Errc::io_error, static_cast<std::uint64_t>(errno)};
  return std::unique_ptr<Listener>(std::make_unique<SocketListener>(*this, std::move(socket), path));
}

Task<Result<std::unique_ptr<ByteStream>>> SocketNet::connect_tcp(std::string host, std::uint16_t port,
                                                                 ConnectOptions options) {
  auto found = find_addresses(host, port, NameLookup::numeric_only);
  if (!found) {
    NameLookupCall lookup(reactor_, pool_, host, port);
    found = co_await lookup;
    if (!found) co_return found.error();
  }
  Error last{Errc::object_not_found};
  for (const SocketAddress& address : *found) {
    auto stream = co_await connect_to(address, options);
    if (stream) co_return std::move(stream);
    // That an address is of another family than `from` says less than why the others failed.
    if (stream.error().code != Errc::object_not_found) last = stream.error();
  }
  co_return last;
}

Task<Result<std::unique_ptr<ByteStream>>> SocketNet::connect_to(SocketAddress address, ConnectOptions options) {
  TT_CO_TRY(UniqueFd fd, make_socket(address, wants_non_blocking()));
  set_connect_retries(fd.get(), options.retries);
  if (!options.from.empty()) TT_CO_CHECK(leave_from(fd.get(), options.from, address.family()));
  auto socket = adopt(std::move(fd));
  if (socket == nullptr) co_return Error{Errc::io_error, static_cast<std::uint64_t>(errno)};
  SocketOp op;
  op.kind = SocketOp::Kind::connect;
  op.address = address.get();
  op.address_bytes = address.bytes;
  const int result = co_await SocketAwaiter(*socket, op);
  if (result != 0) co_return stream_error(-result);
  std::unique_ptr<ByteStream> stream = std::make_unique<SocketStream>(std::move(socket));
  co_return stream;
}

}  // namespace tt::rt
