// SPDX-License-Identifier: Apache-2.0
#include "control_caller.h"

namespace tt::live {

rt::Task<model::Response> ControlCaller::call(model::Request request) {
  const bool was_connected = stream_ != nullptr;
  auto answer = co_await ask(request);
  if (!answer && was_connected) {  // the image was restarted since the last call
    stream_.reset();
    answer = co_await ask(std::move(request));
  }
  if (answer) co_return std::move(*answer);
  stream_.reset();
  model::Response response;
  response.status = Errc::disconnected;
  co_return response;
}

rt::Task<Result<model::Response>> ControlCaller::ask(model::Request request) {
  if (stream_ == nullptr) TT_CO_CHECK(co_await connect());
  control::Call call;
  call.id = next_id_++;
  call.request = std::move(request);
  std::string payload = control::encode(call);
  TT_CO_CHECK(co_await send(std::move(payload)));
  TT_CO_TRY(const std::string text, co_await receive());
  auto answer = control::decode_answer(text);
  if (!answer || answer->id != call.id) co_return Errc::bad_message;
  co_return std::move(answer->response);
}

rt::Task<Result<void>> ControlCaller::connect() {
  frames_ = control::FrameReader(control::kLargestAnswerBytes);
  TT_CO_TRY(stream_, co_await network_.connect_unix(reactor_, address_));
  control::Hello hello;
  hello.program = "live console";
  std::string payload = control::encode(hello);
  TT_CO_CHECK(co_await send(std::move(payload)));
  TT_CO_TRY(const std::string text, co_await receive());
  const auto greeting = control::decode_hello(text);
  if (!greeting || !greeting->refused.empty() || greeting->image_id != address_) co_return Errc::bad_message;
  co_return Result<void>{};
}

rt::Task<Result<void>> ControlCaller::send(std::string payload) {
  std::string frame = control::make_frame(payload);
  iovec piece{frame.data(), frame.size()};
  auto written = co_await stream_->write_all({&piece, 1});
  co_return written;
}

rt::Task<Result<std::string>> ControlCaller::receive() {
  std::vector<std::byte> bytes(64_KiB);
  for (;;) {
    auto frame = frames_.next();
    if (!frame) co_return frame.error();
    if (frame->has_value()) co_return std::move(**frame);
    auto count = co_await stream_->read_some(std::span<std::byte>(bytes));
    if (!count) co_return count.error();
    frames_.feed(std::span<const std::byte>(bytes).first(*count));
  }
}

}  // namespace tt::live
