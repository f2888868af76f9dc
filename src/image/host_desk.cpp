// SPDX-License-Identifier: Apache-2.0
#include "image/host_desk.h"

#include <algorithm>

#include "base/assert.h"

namespace tt::image {

class HostDesk::Login final : public HostLogin {
 public:
  Login(HostDesk& desk, HostFacts facts) : desk_(desk), host_(std::move(facts)) {
    place_ = desk_.logins_.insert(desk_.logins_.end(), this);
  }
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;
  ~Login() override { desk_.logins_.erase(place_); }

  std::vector<ExportInfo> exports() override {
    const AccessTable::Connection* connection = ask();
    if (connection == nullptr) return {};
    std::vector<ExportInfo> visible = desk_.volumes_.exports();
    std::erase_if(visible, [&](const ExportInfo& info) { return !sees(connection, info.handle.id); });
    return visible;
  }

  Result<ExportInfo> find(std::string_view name) override {
    const AccessTable::Connection* connection = ask();
    auto found = desk_.volumes_.find(name);
    // A volume that is not mapped is not there: nobody learns which ids are in use.
    if (found && !sees(connection, found->handle.id)) return Errc::object_not_found;
    return found;
  }

  void attach(const ExportInfo& volume) override {
    volume_ = volume.handle.id;
    volume_name_ = volume.name;
    judge();
  }

  void judge() { open_ = volume_.has_value() && sees(desk_.table_->find(host_), *volume_); }

  [[nodiscard]] bool attached() const { return volume_.has_value(); }

  [[nodiscard]] LoginInfo info() const {
    LoginInfo info{.port = host_.facts.port,
                   .peer = host_.facts.peer,
                   .identity = host_.identity(),
                   .wwpn = 0,
                   .connection = std::nullopt,
                   .name = {},
                   .volume = volume_name_,
                   .open = open_};
    const AccessTable::Connection* connection = desk_.table_->find(host_);
    info.wwpn = connection != nullptr ? connection->wwpn : volume::derived_wwpn(info.identity);
    if (connection != nullptr) {
      info.connection = connection->id;
      info.name = connection->name;
    }
    return info;
  }

 private:
  const AccessTable::Connection* ask() {
    const AccessTable::Connection* connection = desk_.table_->find(host_);
    if (connection == nullptr) desk_.remember_unknown(host_);
    return connection;
  }
  [[nodiscard]] bool sees(const AccessTable::Connection* connection, VolumeId volume) const {
    return desk_.table_->sees(connection, host_.facts.port, volume);
  }

  HostDesk& desk_;
  Host host_;
  std::list<Login*>::iterator place_;
  std::optional<VolumeId> volume_;
  std::string volume_name_;
};

HostDesk::HostDesk(ExportSource& volumes) : volumes_(volumes), table_(std::make_shared<const AccessTable>()) {}

HostDesk::~HostDesk() {
  TT_ASSERT(logins_.empty());
}

std::unique_ptr<HostLogin> HostDesk::login(HostFacts facts) {
  return std::make_unique<Login>(*this, std::move(facts));
}

void HostDesk::install(std::shared_ptr<const AccessTable> table) {
  table_ = std::move(table);
  for (Login* login : logins_) login->judge();
  std::erase_if(unknown_, [this](const Host& host) { return table_->find(host) != nullptr; });
}

std::vector<LoginInfo> HostDesk::logins() const {
  std::vector<LoginInfo> all;
  for (const Login* login : logins_) {
    if (login->attached()) all.push_back(login->info());
  }
  return all;
}

std::vector<LoginInfo> HostDesk::unknown_hosts() const {
  std::vector<LoginInfo> all;
  for (const Host& host : unknown_) {
    LoginInfo info;
    info.port = host.facts.port;
    info.peer = host.facts.peer;
    info.identity = host.identity();
    info.wwpn = volume::derived_wwpn(info.identity);
    all.push_back(std::move(info));
  }
  return all;
}

void HostDesk::remember_unknown(const Host& host) {
  const auto same = [&](const Host& other) {
    return other.facts.port == host.facts.port && other.identity() == host.identity();
  };
  std::erase_if(unknown_, same);
  if (unknown_.size() == kMostUnknownHosts) unknown_.pop_front();
  unknown_.push_back(host);
}

}  // namespace tt::image
