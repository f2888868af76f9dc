// SPDX-License-Identifier: Apache-2.0
// The console's connection to one storage image. It connects by itself and again after each loss; calls made in between
// wait a moment. Many calls may be under way.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "interfaces/control/frames.h"
#include "interfaces/control/messages.h"

namespace tt::console {

using LogFunction = std::function<void(const std::string&)>;

class ImageLink {
 public:
  using Answered = std::function<void(model::Response)>;

  ImageLink(boost::asio::io_context& io, std::string image_id, std::string socket_path, std::string program,
            LogFunction log);
  ImageLink(const ImageLink&) = delete;
  ImageLink& operator=(const ImageLink&) = delete;

  void start();
  /// Ends the connection; calls under way are answered with `cancelled`.
  void stop();

  /// `answered` is called once. Status disconnected: the image was not there and nothing was done; cancelled: the
  /// connection was lost after a change was sent, so it may or may not have been done. Listings that lost their
  /// connection are sent again over the next one.
  void call(model::Request request, Answered answered);

  [[nodiscard]] const std::string& image_id() const { return image_id_; }
  [[nodiscard]] bool connected() const { return state_ == State::ready; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class State { idle, connecting, greeting, ready };
  struct Waiting {
    model::Request request;
    Answered answered;
    Clock::time_point deadline;  ///< Until then it may wait for a connection.
  };

  void connect();
  void lose(const std::string& why);
  void send_hello();
  void read_some();
  void on_frames();
  bool on_hello(const std::string& payload);
  bool on_answer(const std::string& payload);
  void send_call(Waiting call);
  void fail_under_way();
  void write_next();
  void expire_waiting();
  void arm_retry();
  void arm_greeting_deadline();

  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::steady_timer retry_;
  std::string image_id_;
  std::string path_;
  std::string program_;
  LogFunction log_;
  std::string last_problem_;  ///< Each is logged once, not at every attempt.
  State state_ = State::idle;
  bool stopped_ = false;
  /// Counts connections: completions of an earlier one are ignored.
  std::uint64_t epoch_ = 0;
  control::FrameReader frames_{control::kLargestAnswerBytes};
  std::vector<std::byte> read_buffer_;
  std::deque<std::string> outbox_;
  bool writing_ = false;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, Waiting> under_way_;
  std::deque<Waiting> waiting_;
};

}  // namespace tt::console
