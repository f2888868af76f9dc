// SPDX-License-Identifier: Apache-2.0
// Volumes in memory behind the BlockService contract, for tests of host adapters and for trying foreign clients. Thin:
// a 64 KiB track has storage from its first write until it is zeroed as a whole.
//
// Tests can hold requests back and let them go in any order, make the next one fail, and look at what was asked.
#pragma once

#include <coroutine>
#include <map>
#include <string>
#include <vector>

#include "image/block_service.h"
#include "runtime/reactor.h"

namespace tt::host_testing {

struct Call {
  enum class Kind : std::uint8_t { read, write, flush, zero, extents };
  Kind kind = Kind::read;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool fua = false;
  bool may_deallocate = false;
  friend bool operator==(const Call&, const Call&) = default;
};

class RamBlockService final : public image::BlockService {
 public:
  explicit RamBlockService(rt::Reactor& reactor) : reactor_(reactor) {}
  RamBlockService(const RamBlockService&) = delete;
  RamBlockService& operator=(const RamBlockService&) = delete;
  ~RamBlockService() override;

  void add_volume(std::uint16_t id, std::uint64_t size_bytes, bool read_only = false);
  void remove_volume(std::uint16_t id);
  [[nodiscard]] std::span<std::byte> content(std::uint16_t id);

  /// While holding, requests wait; held() of them do, in order of arrival.
  void hold(bool on) { holding_ = on; }
  [[nodiscard]] std::size_t held() const { return held_.size(); }
  /// What the volumes say of their writes, while they are held.
  void freeze(bool on) { frozen_ = on; }
  void let_go(std::size_t index);
  /// After their frames were destroyed by a simulated crash.
  void forget_held() { held_.clear(); }
  /// The next requests fail so.
  void fail_next(Errc code, int times = 1) {
    failure_ = code;
    failures_ = times;
  }
  /// Recorded while recording.
  bool recording = false;
  std::vector<Call> calls;

  bool writes_wait(image::VolumeHandle) const noexcept override { return frozen_; }
  std::vector<image::ExportInfo> exports() override;
  Result<image::ExportInfo> find(std::string_view name) override;
  rt::Task<Result<void>> read(image::VolumeHandle volume, std::uint64_t offset, std::span<std::byte> into) override;
  rt::Task<Result<void>> write(image::VolumeHandle volume, std::uint64_t offset, std::span<const std::byte> from,
                               bool fua) override;
  rt::Task<Result<void>> flush(image::VolumeHandle volume) override;
  rt::Task<Result<void>> zero(image::VolumeHandle volume, std::uint64_t offset, std::uint64_t length,
                              bool may_deallocate, bool fua) override;
  rt::Task<Result<void>> extents(image::VolumeHandle volume, std::uint64_t offset, std::uint64_t length,
                                 std::size_t max_runs, std::vector<image::ExtentStatus>& out) override;

 private:
  struct Volume {
    image::ExportInfo info;
    std::byte* bytes = nullptr;
    std::vector<bool> allocated;  ///< By track.
  };
  struct Hold {
    RamBlockService& service;
    [[nodiscard]] bool await_ready() const { return !service.holding_; }
    void await_suspend(std::coroutine_handle<> waiter) { service.held_.push_back(waiter); }
    void await_resume() const {}
  };

  Result<Volume*> admit(image::VolumeHandle handle, const Call& call);
  void deallocate(Volume& volume, std::uint64_t offset, std::uint64_t length);

  rt::Reactor& reactor_;
  std::map<std::uint16_t, Volume> volumes_;
  std::uint64_t generations_ = 0;
  bool holding_ = false;
  bool frozen_ = false;
  std::vector<std::coroutine_handle<>> held_;
  Errc failure_ = Errc::ok;
  int failures_ = 0;
};

}  // namespace tt::host_testing
