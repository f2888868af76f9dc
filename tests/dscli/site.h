// SPDX-License-Identifier: Apache-2.0
// A management console and the storage images it serves, in one simulated world and one thread. The console is the
// real one but for HTTPS: logins, users, rights and the audit log are real, and it speaks to each image in real frames.
// Every call drives the world until it is answered. The wall clock stands still but for advance().
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "console/dscli_service.h"
#include "console/test_folder.h"
#include "control_caller.h"
#include "interfaces/dscli/https_client.h"
#include "interfaces/dscli/transport.h"
#include "live_image.h"
#include "nbd_host.h"

namespace tt::live {

/// Wednesday, November 15, 2023 9:00:00 AM UTC.
inline constexpr std::int64_t kFirstMoment = 1'700'038'800;

/// Hashes at once.
class AtOnce final : public console::SlowWork {
 public:
  bool run(std::function<void()> slow, std::function<void()> then) override {
    slow();
    then();
    return true;
  }
};

class Site final : private console::ImageDirectory {
 public:
  /// With the user "admin", password "secret", and no image.
  explicit Site(std::uint64_t seed = 1);
  ~Site() override;
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  LiveImage& add_image(const simulation::LabOptions& options);
  LiveImage& add_image(const std::string& id) { return add_image(usual_options(id)); }
  /// Every image so far gets ports for the others, and knows where theirs are.
  void connect_images();
  [[nodiscard]] LiveImage& image(std::size_t i = 0) { return *images_.at(i); }
  [[nodiscard]] LiveImage* find_image(const std::string& id);

  /// Every connection of every image.
  void cut_lines() { network_.cut_all(); }

  /// Virtual time and the wall clock go on.
  void advance(std::int64_t seconds);
  [[nodiscard]] std::int64_t now() const { return world.wall_seconds(); }

  /// A host of the first image.
  [[nodiscard]] NbdHost& host() { return host_; }

  /// What a DS CLI session connects with.
  std::unique_ptr<dscli::Transport> connect();
  /// Whether the console listens.
  bool reachable = true;
  console::HttpReply post(const std::string& path, const std::string& token, const std::string& body);

  sim::World world;

 private:
  [[nodiscard]] std::vector<std::string> ids() const override;
  void call(const std::string& image, model::Request request, Answered answered) override;

  sim::SimNetwork network_;
  sim::SimReactor& reactor_;  ///< Of the console.
  rt::Scope scope_;
  std::vector<std::unique_ptr<LiveImage>> images_;
  std::vector<std::unique_ptr<ControlCaller>> callers_;
  NbdHost host_;

  console::TestFolder folder_;
  AtOnce slow_;
  console::Sessions sessions_;
  console::AuditLog audit_;
  std::unique_ptr<console::UserStore> store_;
  std::unique_ptr<console::UserOperations> users_;
  std::unique_ptr<console::DscliService> service_;
};

}  // namespace tt::live
