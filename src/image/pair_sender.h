// SPDX-License-Identifier: Apache-2.0
// Sends what is marked, of all mirrored pairs whose source this shard has a share of, round robin: Global Copy, and
// every initial copy and resynchronisation (decision 0020). Passes over the marks from the first track to the last, so
// that each is sent once before one is sent again. Fewer tracks are on their way at a time while hosts wait too long.
//
// On the shard's reactor.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "flashcopy/pair_share.h"
#include "image/frames.h"
#include "image/pacer.h"
#include "image/shard.h"
#include "mirror/message.h"
#include "runtime/nap.h"

namespace tt::image {

/// The way to the other ends. Called on the shard's reactor; answered there.
class PairLine {
 public:
  virtual ~PairLine() = default;
  /// Of the pair as it is when it is asked. disconnected: no path, or nobody knows. The data of the message outlive the
  /// task.
  virtual rt::Task<Result<mirror::AnswerCode>> carry(Shard& from, const volume::PairConfig& pair,
                                                     mirror::Message message) = 0;
  /// The other end refused, and nothing more is sent until the pair is applied anew; or `media`: a track cannot be
  /// read here.
  virtual void refused(Shard& from, Generation pair, mirror::AnswerCode code) noexcept = 0;
  virtual void unreadable(Shard& from, Generation pair) noexcept = 0;
};

class PairSender {
 public:
  PairSender(Shard& shard, CommonPace& pace, PairLine& line);
  PairSender(const PairSender&) = delete;
  PairSender& operator=(const PairSender&) = delete;
  ~PairSender() { scope_.kill(); }

  /// Until stop(): nothing more is begun, and what is on its way has ended.
  rt::Task<void> run();
  void stop() noexcept;

 private:
  struct Run {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    bool zeros = false;
  };
  [[nodiscard]] flashcopy::PairShare* choose();
  [[nodiscard]] bool has_next(flashcopy::PairShare& share) noexcept;
  [[nodiscard]] Run take_run(flashcopy::PairShare& share);
  [[nodiscard]] bool is_zero(const flashcopy::PairShare& share, std::uint64_t local_track) const;
  rt::Task<void> send(Generation pair, Run run);
  rt::Task<Result<mirror::AnswerCode>> send_track(Generation pair, std::uint64_t local_track);
  rt::Task<Result<mirror::AnswerCode>> send_zeros(Generation pair, Run run);
  void ended(Generation pair, const Run& run, const Result<mirror::AnswerCode>& answer);
  void adapt() noexcept;

  Shard& shard_;
  CommonPace& pace_;
  PairLine& line_;
  std::uint32_t most_;
  FramePool buffers_;
  rt::Nap nap_;
  bool stopping_ = false;
  std::uint64_t turn_ = 0;
  std::uint32_t under_way_ = 0;
  std::uint32_t most_under_way_;
  rt::TimeNs adapt_at_ = 0;
  rt::TimeNs slowest_answer_ = 0;  ///< Since then.
  rt::TimeNs next_ = 0;            ///< The limit of background copies lets the next one begin.
  rt::Scope scope_;                ///< Last: its tasks use everything above.
};

}  // namespace tt::image
