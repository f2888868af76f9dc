// SPDX-License-Identifier: Apache-2.0
// An image of tables: pools, ranks, volumes, LSSs and FlashCopy relationships, with the rules an interface can see.
// Background copy makes a step each time relationships are listed, so tests need no clock.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "model/executor.h"
#include "model/ids.h"

namespace tt::testing {

class FakeImage final : public model::Executor {
 public:
  explicit FakeImage(std::string image_id);

  rt::Task<model::Response> execute(model::Request request) override;

  /// Without a coroutine around it.
  model::Response run(const model::Request& request);
  /// Seconds since 1970 that new relationships get.
  void set_now(std::int64_t now) { now_ = now; }

 private:
  struct Pool {
    std::string name;
    std::uint64_t total_extents = 0;
    std::uint64_t threshold_percent = 15;
    std::uint64_t limit_percent = 100;
  };
  struct Volume {
    std::string name;
    std::uint32_t pool = 0;
    std::uint64_t blocks = 0;
    std::string capacity_type;
    std::string sam;
  };
  struct Flash {
    VolumeId source;
    std::uint64_t track_count = 0;
    std::uint64_t out_of_sync = 0;
    std::uint64_t sequence_number = 0;
    bool background_copy = false;
    bool persistent = false;
    bool target_write_inhibit = false;
    std::int64_t created = 0;
  };

  [[nodiscard]] std::uint64_t used_extents(std::uint32_t pool) const;
  model::Response make_pool(const nlohmann::json& arguments);
  model::Response make_volumes(const nlohmann::json& arguments);
  Errc make_volume(VolumeId id, const nlohmann::json& arguments, const std::string& name);
  model::Response make_flash(const nlohmann::json& arguments);
  Errc establish(VolumeId source, VolumeId target, const nlohmann::json& arguments);
  model::Response remove_flash(const nlohmann::json& arguments);
  void copy_a_step();
  [[nodiscard]] bool in_relationship(VolumeId id) const;

  [[nodiscard]] nlohmann::json image_row() const;
  [[nodiscard]] nlohmann::json pool_row(std::uint32_t number, const Pool& pool) const;
  [[nodiscard]] nlohmann::json volume_row(VolumeId id, const Volume& volume) const;
  [[nodiscard]] nlohmann::json lss_row(unsigned lss, unsigned volumes) const;
  [[nodiscard]] static nlohmann::json flash_row(VolumeId target, const Flash& flash);
  [[nodiscard]] std::vector<nlohmann::json> rows_of(std::string_view object_class) const;
  Errc remove_one(std::string_view operation, const std::string& id, const std::string& mode);
  Errc change_rank(const std::string& id, const nlohmann::json& arguments);

  std::string image_id_;
  std::int64_t now_ = 1'700'000'000;
  std::map<std::uint32_t, Pool> pools_;
  std::map<std::uint32_t, std::int64_t> ranks_;  ///< To the pool, or -1.
  std::map<VolumeId, Volume> volumes_;
  std::map<VolumeId, Flash> flashes_;  ///< By target.
};

}  // namespace tt::testing
