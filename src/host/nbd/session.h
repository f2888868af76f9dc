// SPDX-License-Identifier: Apache-2.0
// One connection, from the greeting to the last reply.
//
//   negotiating ──GO/EXPORT_NAME──> serving ──DISC, end of stream, error, stop──> finishing ──> ended
//        └──────── refused, timeout, TLS failed ────────────────────────────────────────────────┘
//
// While serving, three kinds of tasks share the session, all on its reactor:
//   receive_loop  parses requests, waits for what each needs (a slot, payload credit, a buffer) and starts it; as long
//                 as it waits nothing is read, and that is the back-pressure;
//   execute       one per request in flight, ends in any order, leaves its reply in ready_;
//   send_loop     the only writer: everything that is ready goes out in one write_all.
//
// A slot is owned by exactly one of them at a time: free list -> receive_loop -> execute -> ready_ -> send_loop -> free
// list. Slots exist from the start; a steady stream of requests allocates nothing.
//
// Ending: the receive loop stops first; requests in flight run to their end, because the service writes into their
// buffers; their replies are still sent if the stream allows. watch() cuts the stream when any phase takes too long.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/nbd/buffer_pool.h"
#include "host/nbd/handshake.h"
#include "host/nbd/intake.h"
#include "host/nbd/reply.h"
#include "host/nbd/settings.h"
#include "host/tls/tls_stream.h"
#include "image/host_access.h"
#include "image/io_ports.h"
#include "runtime/scope.h"
#include "runtime/sync.h"

namespace tt::nbd {

/// What all sessions of a server share; everything in it outlives them.
struct SessionContext {
  rt::Reactor& reactor;
  image::BlockService& service;
  BufferPool& buffers;
  const ServerSettings& settings;
  ServerCounters& counters;
  const tls::ServerContext* tls;        ///< Not null unless every listener's mode is off.
  image::HostAccess* access = nullptr;  ///< Null: every client sees every volume.
};

/// How a connection came in.
struct Entrance {
  std::uint16_t port = 0;  ///< I/O port of the image.
  TlsMode tls = TlsMode::off;
  image::PortTraffic* traffic = nullptr;  ///< Of the port, set by the server; null: nobody counts.
};

class Session {
 public:
  Session(const SessionContext& context, std::unique_ptr<rt::ByteStream> stream, Entrance entrance);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Destroys what still runs: only for a simulated crash; else run() has ended.
  ~Session();

  /// The whole life of the connection. Ends soon after cut().
  rt::Task<void> run();

  /// New requests are refused with ESHUTDOWN, those in flight are answered, then the stream is closed.
  void begin_drain() noexcept;
  /// Closes the stream at once.
  void cut() noexcept;
  /// Called now and then: enforces the time limits.
  void watch() noexcept;

  [[nodiscard]] bool negotiating() const noexcept { return phase_ == Phase::negotiating; }
  [[nodiscard]] rt::TimeNs started() const noexcept { return started_; }
  [[nodiscard]] std::string peer_name() const { return stream_->peer_name(); }
  /// Who the client proved to be through TLS; empty otherwise.
  [[nodiscard]] const std::string& peer_identity() const noexcept { return peer_identity_; }
  /// Empty while negotiating.
  [[nodiscard]] const std::string& export_name() const noexcept { return volume_.name; }
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return entrance_.port; }

 private:
  enum class Phase : std::uint8_t { negotiating, serving, finishing };

  /// Runs asked of the service for one block status request; what they do not cover is another request.
  static constexpr std::size_t kMaxBlockStatusRuns = 1024;

  struct Slot {
    Request request;
    std::span<const std::byte> payload;  ///< Of a write: in a slab or in `buffer`.
    Intake::SlabIndex slab = Intake::kNoSlab;
    std::uint64_t charged_bytes = 0;
    BufferPool::Buffer buffer;
    std::vector<std::byte> parked;          ///< The payload of a write that a frozen volume holds.
    std::vector<image::ExtentStatus> runs;  ///< Keeps its capacity.
    Reply reply;
    rt::TimeNs started = 0;  ///< When the service was asked.
    Slot* next = nullptr;
  };

  // Handshake (session_handshake.cpp).
  rt::Task<bool> negotiate();
  void log_in();
  [[nodiscard]] image::ExportSource& volumes() noexcept;
  rt::Task<Result<void>> start_tls();
  rt::Task<Result<void>> send_output();
  rt::Task<Result<void>> fill();

  // Requests in (session.cpp).
  rt::Task<void> serve();
  rt::Task<void> receive_loop();
  rt::Task<Result<void>> prepare(Slot& slot);
  rt::Task<Result<void>> receive_payload(Slot& slot);
  rt::Task<Result<void>> receive_rest(std::span<std::byte> rest);
  [[nodiscard]] bool has_its_share(std::size_t size_class) const noexcept;
  void free_buffer(Slot& slot) noexcept;
  Slot& take_slot(const Request& request) noexcept;
  void release(Slot& slot) noexcept;
  [[nodiscard]] static std::size_t buffer_bytes(const Request& request) noexcept;

  // Work and replies out (session_requests.cpp).
  rt::Task<void> execute(Slot& slot);
  void park(Slot& slot);
  void leave_slab(Slot& slot) noexcept;
  void finish(Slot& slot, const Result<void>& result) noexcept;
  void count(const Slot& slot) noexcept;
  void refuse(Slot& slot, NbdError error, const char* reason) noexcept;
  void refuse_unmapped(Slot& slot) noexcept;
  void queue_reply(Slot& slot) noexcept;
  rt::Task<void> send_loop();
  Slot* collect_ready() noexcept;
  void set_deadline(rt::TimeNs from_now) noexcept;
  /// The volume is no longer mapped to this host: nothing more is done for it.
  [[nodiscard]] bool revoked() const noexcept { return login_ != nullptr && !login_->is_open(); }

  SessionContext context_;
  std::unique_ptr<rt::ByteStream> stream_;
  tls::TlsStream* tls_ = nullptr;  ///< stream_, once it is TLS.
  const Entrance entrance_;
  Phase phase_ = Phase::negotiating;
  const rt::TimeNs started_;
  rt::TimeNs deadline_ = 0;  ///< Of the current phase; 0: none.
  rt::TimeNs last_request_ = 0;
  rt::TimeNs waiting_for_peer_ = 0;  ///< Since when payload is awaited; 0: it is not.
  rt::TimeNs sending_since_ = 0;     ///< Since when replies are with the stream; 0: none are.
  bool draining_ = false;
  bool receiving_ = false;
  bool broken_ = false;  ///< The stream takes no more.
  std::string peer_identity_;
  std::unique_ptr<image::HostLogin> login_;  ///< Null without HostAccess.

  Intake intake_;
  std::vector<std::byte> output_;
  std::optional<Handshake> handshake_;
  image::ExportInfo volume_;
  TransmissionRules rules_;

  std::unique_ptr<Slot[]> slots_;
  Slot* free_slots_ = nullptr;
  rt::Semaphore slot_credits_;
  rt::Semaphore byte_credits_;
  std::array<std::uint32_t, BufferPool::kClassCount> held_buffers_{};  ///< Of each size.
  rt::WaitQueue buffer_freed_;
  rt::WaitQueue slab_freed_;
  rt::WaitQueue reply_ready_;
  Slot* ready_head_ = nullptr;
  Slot* ready_tail_ = nullptr;
  std::uint32_t in_flight_ = 0;
  std::vector<iovec> pieces_;
  rt::Scope scope_;  ///< Last: its tasks use everything above.
};

}  // namespace tt::nbd
