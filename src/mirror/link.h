// SPDX-License-Identifier: Apache-2.0
// One connection between a port here and a port of another image (docs/mirror-protocol.md): the greeting, frames both
// ways, the beat that tells a dead line from a quiet one. Whoever asks gets one answer, or learns that the link is
// down, and then does not know whether the other end did what it was asked.
//
// Belongs to one reactor. The stream may be TLS; a link does not know.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mirror/message.h"
#include "runtime/nap.h"
#include "runtime/net.h"
#include "runtime/scope.h"
#include "runtime/sync.h"

namespace tt::mirror {

class Link;

struct LinkIdentity {
  std::uint64_t wwnn = 0;
  std::uint64_t life = 0;  ///< Another one for each start of the image.
  std::uint16_t port = 0;
  std::string serial;
};

struct LinkOptions {
  rt::TimeNs greeting_limit = 3 * rt::kSecond;
  rt::TimeNs beat_interval = 1 * rt::kSecond;
  /// So many beats in a row without a byte from the other end, and the link is down. Counted and not measured: an image
  /// that stood still itself for a while has heard nothing either, and must not blame the line.
  std::uint32_t most_silent_beats = 3;
  /// So many beats and a question is not answered: who lives and does not answer is of no use either.
  std::uint32_t most_beats_for_an_answer = 30;
};
/// Of frames that wait for their answers, in each direction, each counted as its bytes and kFrameCost. Who sends more
/// is cut off.
inline constexpr std::uint64_t kWindowBytes = 16_MiB;
inline constexpr std::uint64_t kFrameCost = 512;

/// A message with the bytes that its data lie in.
struct Reply {
  FrameHead head;
  std::unique_ptr<std::byte[]> bytes;
  Message message;

  /// `done` only where the other end said so; what is no answer refuses.
  [[nodiscard]] AnswerCode code() const noexcept {
    const auto* answer = std::get_if<Answer>(&message);
    return answer != nullptr ? answer->code : AnswerCode::refused;
  }
};

/// What an image does for the images that call it; outlives its links.
class LinkServices {
 public:
  virtual ~LinkServices() = default;
  /// Whether that image may come in at that port: established, or the status that it is told. What TLS knows of the
  /// other end has been checked before.
  [[nodiscard]] virtual PathStatus admit(const Hello& hello) = 0;
  /// One frame that asks. Frames begin to be served in the order in which they were sent; the answers go out as they
  /// come. The request stays until the task has ended.
  virtual rt::Task<Reply> serve(Link& link, const Reply& request) = 0;
};

class Link {
 public:
  Link(rt::Reactor& reactor, std::unique_ptr<rt::ByteStream> stream, LinkIdentity self, LinkServices& services,
       LinkOptions options);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  /// At the end that made the connection. disconnected, timed_out, or what status() says.
  rt::Task<Result<void>> call(std::uint64_t wanted_wwnn, std::uint16_t wanted_port);
  /// At the other end. `proven`: the images that the caller showed itself to be; empty: it need not show that.
  rt::Task<Result<void>> receive_call(std::vector<std::uint64_t> proven = {});
  /// After the greeting: until the link is down and nothing of it is under way any more.
  rt::Task<void> run();

  /// Waits for room in the window first. The data of the message must outlive the task. disconnected: it is not known
  /// whether it was done.
  rt::Task<Result<Reply>> ask(Generation pair, std::uint64_t epoch, Message message);
  /// The other end is told why; what is under way is given up. Callable at any time.
  void close(PathStatus status, std::string reason);
  /// At once: nothing more is read from it. What has been read is still done.
  void abort(PathStatus status, std::string reason) { go_down(status, std::move(reason)); }

  [[nodiscard]] bool up() const noexcept { return greeted_ && !down_; }
  /// established while it is up; then why it is not.
  [[nodiscard]] PathStatus status() const noexcept { return status_; }
  /// For people; may be of the other end's making.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  [[nodiscard]] std::uint64_t peer_wwnn() const noexcept { return peer_wwnn_; }
  [[nodiscard]] std::uint64_t peer_life() const noexcept { return peer_life_; }
  [[nodiscard]] const std::string& peer_serial() const noexcept { return peer_serial_; }
  /// Drawn by the end that called: what a fence names.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

 private:
  struct Outgoing {
    std::vector<std::byte> bytes;
    std::span<const std::byte> data;
    std::shared_ptr<Reply> owner;  ///< Of the data, where no task waits until they are sent.
  };
  struct Waiting {
    explicit Waiting(rt::Reactor& reactor) : over(reactor) {}
    rt::WaitQueue over;
    std::optional<Reply> reply;
    bool given_up = false;
    std::uint32_t beats = 0;  ///< Since it was asked.
  };
  struct Incoming {
    Reply frame;
    bool damaged = false;  ///< The head is right and the payload is not; there is no message.
  };

  rt::Task<Result<void>> read_exactly(std::span<std::byte> into);
  rt::Task<Result<Incoming>> read_frame();
  rt::Task<Result<Reply>> read_greeting();
  rt::Task<void> watch_greeting();
  rt::Task<Result<void>> finish_greeting(bool agreed);
  rt::Task<void> refuse(PathStatus status, std::string text);
  rt::Task<Result<void>> send_now(Message message, std::uint64_t answers);

  rt::Task<void> read_until_down();
  rt::Task<void> write_until_down();
  rt::Task<void> beat_until_down();
  rt::Task<void> serve_one(Reply request);
  [[nodiscard]] bool dispatch(Incoming incoming);
  [[nodiscard]] bool take_answer(Reply reply);
  void sent_up_to(std::uint64_t number);
  [[nodiscard]] bool waits_too_long() noexcept;
  std::uint64_t queue(FrameHead head, const Message& message, std::shared_ptr<Reply> owner);
  void queue_answer(const FrameHead& asked, AnswerCode code);
  void go_down(PathStatus status, std::string reason);

  rt::Reactor& reactor_;
  std::unique_ptr<rt::ByteStream> stream_;
  LinkIdentity self_;
  LinkServices& services_;
  LinkOptions options_;

  std::uint64_t id_ = 0;
  std::uint64_t peer_wwnn_ = 0;
  std::uint64_t peer_life_ = 0;
  std::string peer_serial_;
  PathStatus status_ = PathStatus::none;
  std::string reason_;
  bool greeted_ = false;
  bool down_ = false;
  std::optional<PathStatus> closing_;  ///< A goodbye is the last frame in the queue.
  std::uint32_t closing_beats_ = 0;    ///< Since then.

  FrameCounter queued_;
  FrameCounter received_;
  std::uint64_t written_ = 0;       ///< Frames that the stream has taken whole.
  std::uint32_t silent_beats_ = 0;  ///< Since the last byte that came.
  std::deque<Outgoing> outgoing_;
  rt::WaitQueue to_write_;
  rt::Nap nap_;
  std::map<std::uint64_t, Waiting*> waiting_;  ///< By the number of the frame; null for a beat.
  rt::Semaphore room_;
  std::uint64_t serving_bytes_ = 0;
  rt::Scope scope_;  ///< Last: its tasks use everything above.
};

}  // namespace tt::mirror
