// SPDX-License-Identifier: Apache-2.0
#include "journal/batch_io.h"

#include <algorithm>
#include <cstring>

#include "base/units.h"

namespace tt::journal {
namespace {

constexpr std::size_t kWorkers = 4;
constexpr std::size_t kBufferBytes = 256_KiB;

}  // namespace

rt::Task<Result<void>> BatchIo::write(std::vector<WritePiece> pieces) {
  for (const WritePiece& piece : pieces) add({piece.offset, piece.bytes, {}});
  auto done = co_await run_all();
  co_return done;
}

rt::Task<Result<void>> BatchIo::read(std::vector<ReadPiece> pieces) {
  for (const ReadPiece& piece : pieces) add({piece.offset, {}, piece.bytes});
  auto done = co_await run_all();
  co_return done;
}

void BatchIo::add(Transfer whole) {
  for (std::size_t at = 0; at < whole.size(); at += kBufferBytes) {
    const std::size_t count = std::min(kBufferBytes, whole.size() - at);
    Transfer part{whole.offset + at, {}, {}};
    if (!whole.source.empty()) part.source = whole.source.subspan(at, count);
    if (!whole.target.empty()) part.target = whole.target.subspan(at, count);
    transfers_.push_back(part);
  }
}

rt::Task<Result<void>> BatchIo::run_all() {
  TT_ASSERT(workers_.count() == 0);
  if (buffers_.size() == 0) buffers_ = MappedMemory::map(kWorkers * kBufferBytes);
  if (buffers_.size() == 0) co_return Errc::limit_reached;
  std::sort(transfers_.begin(), transfers_.end(),
            [](const Transfer& a, const Transfer& b) { return a.offset < b.offset; });
  next_ = 0;
  outcome_ = {};
  for (std::size_t i = 0; i < std::min(kWorkers, transfers_.size()); ++i) workers_.spawn(run_worker(i));
  co_await workers_.join();
  transfers_.clear();
  co_return outcome_;
}

rt::Task<void> BatchIo::run_worker(std::size_t worker) {
  const auto buffer = buffers_.span(worker * kBufferBytes, kBufferBytes);
  while (outcome_ && next_ < transfers_.size()) {
    std::size_t count = 0;
    const std::size_t first = pick(count);
    auto done = co_await transfer(first, count, buffer);
    if (!done && outcome_) outcome_ = done;
  }
}

/// The next transfers that touch one another and fit one buffer together.
std::size_t BatchIo::pick(std::size_t& count) noexcept {
  const std::size_t first = next_;
  std::uint64_t end = transfers_[first].offset;
  while (next_ < transfers_.size() && transfers_[next_].offset == end) {
    const std::uint64_t new_end = end + round_up(transfers_[next_].size(), kPieceUnit);
    if (new_end - transfers_[first].offset > kBufferBytes) break;
    end = new_end;
    ++next_;
  }
  count = next_ - first;
  return first;
}

rt::Task<Result<void>> BatchIo::transfer(std::size_t first, std::size_t count, std::span<std::byte> buffer) {
  const std::uint64_t offset = transfers_[first].offset;
  const Transfer& last = transfers_[first + count - 1];
  const auto bytes = buffer.first(last.offset + round_up(last.size(), kPieceUnit) - offset);
  if (!transfers_[first].source.empty()) {
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
    for (std::size_t i = first; i < first + count; ++i) {
      const Transfer& t = transfers_[i];
      std::memcpy(bytes.data() + (t.offset - offset), t.source.data(), t.source.size());
    }
    auto written = co_await disk_.write(offset, bytes);
    co_return written;
  }
  auto read = co_await disk_.read(offset, bytes);
  if (!read) co_return read;
  for (std::size_t i = first; i < first + count; ++i) {
    const Transfer& t = transfers_[i];
    std::memcpy(t.target.data(), bytes.data() + (t.offset - offset), t.target.size());
  }
  co_return read;
}

}  // namespace tt::journal
