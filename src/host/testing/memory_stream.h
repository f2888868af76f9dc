// SPDX-License-Identifier: Apache-2.0
// Byte streams in memory for tests: a stream between two pipes, whose other ends a test holds in its hands or gives to
// another stream.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/net.h"
#include "runtime/sync.h"

namespace tt::host_testing {

/// One direction.
class Pipe {
 public:
  explicit Pipe(rt::Reactor& reactor) : readable_(reactor), writable_(reactor) {}

  /// Bytes a writer may have in the pipe before it waits.
  std::size_t capacity = std::size_t{1} << 30U;
  /// A read gives at most this many bytes.
  std::size_t largest_read = std::size_t{1} << 30U;
  /// Calls of write_all, each with its bytes: what a socket would have been given at once.
  std::vector<std::size_t> writes;

  /// For tests: puts bytes in, takes all or `bytes` bytes out.
  void push(std::span<const std::byte> bytes);
  std::vector<std::byte> take(std::size_t bytes);
  std::vector<std::byte> take_all() { return take(size()); }
  [[nodiscard]] std::size_t size() const { return bytes_.size() - begin_; }
  [[nodiscard]] bool write_end_closed() const { return write_closed_; }
  [[nodiscard]] bool read_end_closed() const { return read_closed_; }
  /// No more will come: a reader gets the rest, then the end.
  void close_write_end();
  /// Nobody will read any more: a writer fails, a waiting reader too.
  void close_read_end();

 private:
  friend class MemoryStream;
  rt::Task<Result<std::size_t>> read_some(std::span<std::byte> into);
  rt::Task<Result<void>> write(std::span<const std::byte> bytes);

  std::vector<std::byte> bytes_;
  std::size_t begin_ = 0;
  bool write_closed_ = false;
  bool read_closed_ = false;
  rt::WaitQueue readable_;
  rt::WaitQueue writable_;
};

class MemoryStream final : public rt::ByteStream {
 public:
  MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, std::string peer = "memory")
      : in_(std::move(in)), out_(std::move(out)), peer_(std::move(peer)) {}
  ~MemoryStream() override { shut_down(); }

  rt::Task<Result<std::size_t>> read_some(std::span<std::byte> into) override;
  rt::Task<Result<void>> write_all(std::span<iovec> pieces) override;
  void shut_down() noexcept override {
    in_->close_read_end();
    out_->close_write_end();
  }
  [[nodiscard]] std::string peer_name() const override { return peer_; }

 private:
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  std::string peer_;
};

/// Hands out the streams a test queues, also when it is closed before they are taken.
class MemoryListener final : public rt::Listener {
 public:
  explicit MemoryListener(rt::Reactor& reactor, std::string address = "memory")
      : address_(std::move(address)), arrived_(reactor) {}
  void connect(std::unique_ptr<rt::ByteStream> stream) {
    queue_.push_back(std::move(stream));
    arrived_.wake_one();
  }
  rt::Task<Result<std::unique_ptr<rt::ByteStream>>> accept() override;
  void close() noexcept override {
    closed_ = true;
    arrived_.wake_all();
  }
  [[nodiscard]] std::string address() const override { return address_; }

 private:
  std::string address_;
  std::vector<std::unique_ptr<rt::ByteStream>> queue_;
  bool closed_ = false;
  rt::WaitQueue arrived_;
};

}  // namespace tt::host_testing
