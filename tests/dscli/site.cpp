// SPDX-License-Identifier: Apache-2.0
#include "site.h"

#include <algorithm>

#include "console/passwords.h"
#include "interfaces/dscli/https_transport.h"

namespace tt::live {

namespace {

/// HTTP without a network.
class DirectClient final : public dscli::HttpClient {
 public:
  explicit DirectClient(Site& site) : site_(site) {}
  Result<dscli::HttpAnswer> post(const std::string& path, const std::string& token, const std::string& body) override {
    if (!site_.reachable) return Errc::disconnected;
    console::HttpReply reply = site_.post(path, token, body);
    return dscli::HttpAnswer{reply.status, std::move(reply.body)};
  }
  [[nodiscard]] const std::string& explanation() const override { return explanation_; }

 private:
  Site& site_;
  std::string explanation_ = "hmc:8452: Connection refused";
};

console::User administrator() {
  static const std::string hashed = console::hash_password("secret");  // costs tens of milliseconds
  console::User user;
  user.name = "admin";
  user.groups = {"admin"};
  user.password = hashed;
  user.password_changed = kFirstMoment;
  return user;
}

rt::Task<void> run_call(ControlCaller& caller, model::Request request, std::shared_ptr<model::Response> into,
                        std::shared_ptr<bool> done) {
  auto response = co_await caller.call(std::move(request));
  *into = std::move(response);
  *done = true;
}

}  // namespace

Site::Site(std::uint64_t seed)
    : world(seed),
      network_(world),
      reactor_(world.boot(1).reactor(0)),
      scope_(reactor_),
      host_(world, network_, reactor_),
      audit_(folder_ / "audit.csv") {
  world.hold_wall_clock(kFirstMoment);
  auto opened = console::UserStore::open(folder_ / "users.sqlite");
  TT_ASSERT(opened.has_value());
  store_ = std::move(*opened);
  const bool saved = store_->save(administrator()).has_value();
  TT_ASSERT(saved);
  const auto clock = [this] { return now(); };
  users_ = std::make_unique<console::UserOperations>(*store_, sessions_, slow_, clock);
  service_ = std::make_unique<console::DscliService>(
      console::DscliService::Parts{sessions_, *users_, *this, audit_, clock, [](const std::string&) {}, "1.2.3"});
}

/// As after a crash of everything: nobody is waited for.
Site::~Site() {
  world.crash();
  images_.clear();
  scope_.kill();
  host_.kill();
}

LiveImage& Site::add_image(const simulation::LabOptions& options) {
  images_.push_back(std::make_unique<LiveImage>(world, network_, options));
  const auto is_ds6000 = [](const auto& image) {
    return model::personality_of(image->id()) == model::Personality::ds6000;
  };
  users_->serve_only_ds6000(std::all_of(images_.begin(), images_.end(), is_ds6000));
  callers_.push_back(std::make_unique<ControlCaller>(network_, reactor_, images_.back()->address()));
  return *images_.back();
}

void Site::connect_images() {
  auto table = std::make_shared<peers::PartnerTable>();
  for (const auto& image : images_) {
    const std::uint64_t wwnn = image::wwnn_number(image->lab().control().config());
    for (std::uint16_t i = 0; i < 2; ++i) {
      const auto port = static_cast<std::uint16_t>(LiveImage::kMirrorPort + i);
      (*table)[{wwnn, port}] = {image->id(), static_cast<std::uint16_t>(LiveImage::kMirrorTcpPort + i)};
    }
  }
  for (const auto& image : images_) image->connect(table);
}

LiveImage* Site::find_image(const std::string& id) {
  const auto found = std::find_if(images_.begin(), images_.end(), [&](const auto& image) { return image->id() == id; });
  return found == images_.end() ? nullptr : found->get();
}

void Site::advance(std::int64_t seconds) {
  world.hold_wall_clock(now() + seconds);
  world.run_for(seconds * rt::kSecond);
}

std::unique_ptr<dscli::Transport> Site::connect() {
  return dscli::make_console_transport(std::make_unique<DirectClient>(*this), "test");
}

console::HttpReply Site::post(const std::string& path, const std::string& token, const std::string& body) {
  console::HttpReply answer{0, ""};
  service_->handle({"POST", path, token, body, "192.0.2.1"},
                   [&answer](console::HttpReply reply) { answer = std::move(reply); });
  TT_ASSERT(answer.status != 0);
  return answer;
}

std::vector<std::string> Site::ids() const {
  std::vector<std::string> all;
  for (const auto& image : images_) all.push_back(image->id());
  return all;
}

void Site::call(const std::string& image, model::Request request, Answered answered) {
  const auto response = std::make_shared<model::Response>();
  const auto done = std::make_shared<bool>(false);
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (images_[i]->id() == image) scope_.spawn(run_call(*callers_[i], std::move(request), response, done));
  }
  const sim::RunEnd end = world.run_until([&] { return *done; });
  TT_ASSERT(end == sim::RunEnd::reached);
  answered(std::move(*response));
}

}  // namespace tt::live
