// SPDX-License-Identifier: Apache-2.0
// The DS CLI service as a client sees it: logins, rights, users, images and the records left behind. Without network,
// with password hashing done at once.
#include <gtest/gtest.h>

#include "console/audit_chain.h"
#include "console/dscli_service.h"
#include "console/test_folder.h"
#include "interfaces/control/messages.h"
#include "interfaces/files/files.h"

namespace tt::console {
namespace {

using nlohmann::json;

class AtOnce final : public SlowWork {
 public:
  bool run(std::function<void()> slow, std::function<void()> then) override {
    if (full) return false;
    slow();
    then();
    return true;
  }
  bool full = false;
};

class TwoImages final : public ImageDirectory {
 public:
  [[nodiscard]] std::vector<std::string> ids() const override { return {"IBM.2107-75ABCD1", "IBM.2107-75ABCE1"}; }
  void call(const std::string& image, model::Request request, Answered answered) override {
    requests.push_back(request);
    model::Response response;
    if (image == away) {
      response.status = Errc::disconnected;
    } else if (request.operation == "lssi") {
      response.rows.push_back({{"id", image}, {"state", "Online"}});
    } else if (request.operation == "rmfbvol") {
      for (const json& id : request.arguments["ids"]) {
        response.results.push_back({id, id == "0101" ? Errc::still_in_use : Errc::ok, 0});
      }
    }
    answered(std::move(response));
  }
  std::string away;
  std::vector<model::Request> requests;
};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    auto opened = UserStore::open(folder / "users.sqlite");
    TT_ASSERT(opened.has_value());
    store = std::move(*opened);
    users = std::make_unique<UserOperations>(*store, sessions, slow, [this] { return now; });
    TT_ASSERT(users->ensure_first_user(folder / "admin.password").has_value());
    first_password = *files::read_file(folder / "admin.password");
    first_password.pop_back();
    service = std::make_unique<DscliService>(DscliService::Parts{
        sessions, *users, images, audit, [this] { return now; }, [](const std::string&) {}, "1.2.3"});
  }

  HttpReply post(const std::string& what, const std::string& body, const std::string& token = {}) {
    HttpReply answer{0, ""};
    service->handle({"POST", "/dscli/v1/" + what, token, body, "192.0.2.1"},
                    [&](HttpReply reply) { answer = std::move(reply); });
    return answer;
  }
  json login(const std::string& user, const std::string& password, int status = 200) {
    const HttpReply reply = post("login", json{{"user", user}, {"password", password}}.dump());
    EXPECT_EQ(reply.status, status) << reply.body;
    return json::parse(reply.body);
  }
  std::string token_of(const std::string& user, const std::string& password) { return login(user, password)["token"]; }
  json execute(const std::string& token, const std::string& operation, const json& arguments = json::object(),
               const std::string& image = "IBM.2107-75ABCD1", int status = 200) {
    const HttpReply reply =
        post("execute", json{{"image", image}, {"operation", operation}, {"arguments", arguments}}.dump(), token);
    EXPECT_EQ(reply.status, status) << reply.body;
    return json::parse(reply.body);
  }
  /// Makes a user and changes its temporary password, so that it can work.
  std::string token_of_new(const std::string& user, const std::string& group) {
    const std::string admin = token_of("admin", first_password);
    EXPECT_EQ(execute(admin, "mkuser", {{"id", user}, {"password", "Temp0rary"}, {"groups", {group}}})["status"], 0);
    const std::string token = token_of(user, "Temp0rary");
    EXPECT_EQ(execute(token, "chuser", {{"id", user}, {"password", "Secret99"}})["status"], 0);
    return token;
  }
  std::string audit_text() { return *files::read_file(folder / "audit.csv"); }

  std::int64_t now = 1'700'000'000;
  TestFolder folder;
  Sessions sessions;
  AtOnce slow;
  TwoImages images;
  AuditLog audit{folder / "audit.csv"};
  std::unique_ptr<UserStore> store;
  std::unique_ptr<UserOperations> users;
  std::unique_ptr<DscliService> service;
  std::string first_password;
};

TEST_F(ServiceTest, FirstLoginWithTheGeneratedPassword) {
  const json answer = login("admin", first_password);
  EXPECT_EQ(answer["groups"], json({"admin"}));
  EXPECT_EQ(answer["images"].size(), 2U);
  EXPECT_EQ(answer["password_expired"], false);
  EXPECT_NE(audit_text().find("1000,User_Login,admin,success"), std::string::npos);
  const std::string before = *files::read_file(folder / "admin.password");
  ASSERT_TRUE(users->ensure_first_user(folder / "admin.password"));
  EXPECT_EQ(*files::read_file(folder / "admin.password"), before) << "only when there is no user";
}

TEST_F(ServiceTest, WrongLoginsCountAndLock) {
  for (int i = 0; i < 5; ++i) login("admin", "wrong-password1", 401);
  login("admin", first_password, 401);
  EXPECT_NE(audit_text().find("1002,User_Login_Fail,admin,CMUC00191E"), std::string::npos);
  now += 5 * 60 + 1;
  login("admin", first_password);
  login("nobody", "wrong-password1", 401);
}

TEST_F(ServiceTest, NothingWithoutALogin) {
  execute("", "lsfbvol", json::object(), "IBM.2107-75ABCD1", 401);
  execute("0123", "lsfbvol", json::object(), "IBM.2107-75ABCD1", 401);
  const std::string token = token_of("admin", first_password);
  EXPECT_EQ(execute(token, "lsfbvol")["status"], 0);
  EXPECT_EQ(post("logout", "", token).status, 200);
  execute(token, "lsfbvol", json::object(), "IBM.2107-75ABCD1", 401);
  EXPECT_EQ(images.requests.size(), 1U);
}

TEST_F(ServiceTest, MalformedRequestsAreRefused) {
  const std::string token = token_of("admin", first_password);
  for (const char* body : {"", "[]", "{", "{\"operation\":\"lssi\"}", "{\"arguments\":5}"}) {
    EXPECT_EQ(post("execute", body, token).status, 400) << body;
  }
  execute(token, "rmfbvol", {{"ids", "0100"}}, "IBM.2107-75ABCD1", 400);
  execute(token, "lsfbvol", {{"surprise", 1}}, "IBM.2107-75ABCD1", 400);
  EXPECT_EQ(execute(token, "freezepprc")["status"], 901);
  EXPECT_EQ(execute(token, "help")["status"], 901);
  EXPECT_EQ(post("nothing", "{}", token).status, 404);
  EXPECT_TRUE(images.requests.empty());
}

TEST_F(ServiceTest, RightsComeFromTheCatalogue) {
  const std::string monitor = token_of_new("watcher", "monitor");
  EXPECT_EQ(execute(monitor, "lsfbvol")["status"], 0);
  EXPECT_EQ(execute(monitor, "rmfbvol", {{"ids", {"0100"}}})["status"], 801);
  EXPECT_EQ(execute(monitor, "mkuser", {{"id", "x"}, {"password", "Secret99"}, {"groups", {"admin"}}})["status"], 801);
  EXPECT_EQ(execute(monitor, "chuser", {{"id", "admin"}, {"password", "Secret99x"}})["status"], 801);
  EXPECT_EQ(execute(monitor, "chuser", {{"id", "watcher"}, {"groups", {"admin"}}})["status"], 801);
  EXPECT_NE(audit_text().find("E,2092,Volume_Delete,-,CMUN90801E"), std::string::npos);
}

TEST_F(ServiceTest, ImagesAreChosenByIdAndRecordsKeptPerObject) {
  const std::string token = token_of("admin", first_password);
  const json answer = execute(token, "rmfbvol", {{"ids", {"0100", "0101"}}});
  EXPECT_EQ(answer["results"][0]["code"], 0);
  EXPECT_EQ(answer["results"][1]["code"], 506);
  EXPECT_EQ(images.requests.back().user, "admin");
  EXPECT_NE(audit_text().find("admin,1,IBM.2107-75ABCD1,N,2092,Volume_Delete,0100,success,"), std::string::npos);
  EXPECT_NE(audit_text().find("admin,1,IBM.2107-75ABCD1,E,2092,Volume_Delete,0101,CMUN02948E,"), std::string::npos);
  EXPECT_EQ(execute(token, "lsfbvol", json::object(), "IBM.2107-75ZZZZ1")["message"], "CMUN90814E");
  images.away = "IBM.2107-75ABCE1";
  EXPECT_EQ(execute(token, "lsfbvol", json::object(), "IBM.2107-75ABCE1")["status"], 1008);
}

TEST_F(ServiceTest, AllImagesAreListedAndAbsentOnesMarked) {
  images.away = "IBM.2107-75ABCD1";
  const json rows = execute(token_of("admin", first_password), "lssi", json::object(), "")["rows"];
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["state"], "Offline");
  EXPECT_EQ(rows[1]["state"], "Online");
}

TEST_F(ServiceTest, TemporaryPasswordsMustBeChangedFirst) {
  const std::string admin = token_of("admin", first_password);
  EXPECT_EQ(execute(admin, "mkuser", {{"id", "batch"}, {"password", "Temp0rary"}, {"groups", {"op_volume"}}})["status"],
            0);
  const json session = login("batch", "Temp0rary");
  EXPECT_EQ(session["password_expired"], true);
  const std::string token = session["token"];
  EXPECT_EQ(execute(token, "lsfbvol")["message"], "CMUN90812E");
  EXPECT_EQ(execute(token, "chuser", {{"id", "batch"}, {"scope", "PUBLIC"}})["message"], "CMUN90812E");
  EXPECT_EQ(execute(token, "chuser", {{"id", "batch"}, {"password", "short1"}})["message"], "CMUN90810E");
  EXPECT_EQ(execute(token, "chuser", {{"id", "batch"}, {"password", "Temp0rary"}})["message"], "CMUN90810E");
  EXPECT_EQ(execute(token, "chuser", {{"id", "batch"}, {"password", "Secret99"}})["status"], 0);
  EXPECT_EQ(execute(token, "lsfbvol")["status"], 0);
  EXPECT_EQ(login("batch", "Secret99")["password_expired"], false);
  EXPECT_EQ(audit_text().find("Secret99"), std::string::npos) << "no password in the log";
  EXPECT_NE(audit_text().find("1103,User_Password_Change,batch,success"), std::string::npos);
}

TEST_F(ServiceTest, FormerPasswordsCannotComeBack) {
  const std::string token = token_of_new("batch", "monitor");
  EXPECT_EQ(execute(token, "chuser", {{"id", "batch"}, {"password", "Second22"}})["status"], 0);
  EXPECT_EQ(execute(token, "chuser", {{"id", "batch"}, {"password", "Secret99"}})["message"], "CMUN90810E");
  const std::string admin = token_of("admin", first_password);
  EXPECT_EQ(execute(admin, "chpass", {{"history", 1}})["status"], 0);
  EXPECT_EQ(execute(token, "chuser", {{"id", "batch"}, {"password", "Second22"}})["message"], "CMUN90810E");
  EXPECT_EQ(execute(token, "chuser", {{"id", "batch"}, {"password", "Secret99"}})["status"], 0)
      << "only the present one";
  EXPECT_EQ(execute(admin, "chpass", {{"history", 0}})["status"], 0);
  EXPECT_EQ(execute(token, "chuser", {{"id", "batch"}, {"password", "Secret99"}})["status"], 0) << "none is remembered";
  EXPECT_EQ(execute(token, "chuser", {{"id", "batch"}, {"password", "Second22"}})["status"], 0);
}

TEST_F(ServiceTest, AnExpiredPasswordIsNeverTooYoungToBeChanged) {
  const std::string token = token_of_new("batch", "monitor");
  const std::string admin = token_of("admin", first_password);
  EXPECT_EQ(execute(admin, "chpass", {{"expire_days", 1}, {"age_days", 30}})["status"], 0);
  EXPECT_EQ(execute(token, "chuser", {{"id", "batch"}, {"password", "Second22"}})["message"], "CMUN90810E");
  now += 24 * 60 * 60;
  const json session = login("batch", "Secret99");
  EXPECT_EQ(session["password_expired"], true);
  EXPECT_EQ(execute(session["token"], "chuser", {{"id", "batch"}, {"password", "Second22"}})["status"], 0);
  EXPECT_EQ(login("batch", "Second22")["password_expired"], false);
}

TEST_F(ServiceTest, AnAdministratorAlwaysRemains) {
  const std::string admin = token_of("admin", first_password);
  EXPECT_EQ(execute(admin, "rmuser", {{"ids", {"admin"}}})["message"], "CMUN90811E");
  EXPECT_EQ(execute(admin, "chuser", {{"id", "admin"}, {"locked", true}})["message"], "CMUN90811E");
  EXPECT_EQ(execute(admin, "chuser", {{"id", "admin"}, {"groups", {"monitor"}}})["message"], "CMUN90811E");
  EXPECT_EQ(execute(admin, "mkuser", {{"id", "second"}, {"password", "Temp0rary"}, {"groups", {"admin"}}})["status"],
            0);
  EXPECT_EQ(execute(admin, "rmuser", {{"ids", {"admin", "nobody"}}})["results"][0]["code"], 0);
  execute(admin, "lsuser", json::object(), "", 401);
}

TEST_F(ServiceTest, LockingEndsSessionsAndLogins) {
  const std::string batch = token_of_new("batch", "monitor");
  const std::string admin = token_of("admin", first_password);
  EXPECT_EQ(execute(admin, "chuser", {{"id", "batch"}, {"locked", true}})["status"], 0);
  execute(batch, "lsfbvol", json::object(), "IBM.2107-75ABCD1", 401);
  login("batch", "Secret99", 401);
  const json rows = execute(admin, "lsuser")["rows"];
  EXPECT_EQ(rows[1]["state"], "locked");
  EXPECT_EQ(execute(admin, "chuser", {{"id", "batch"}, {"locked", false}})["status"], 0);
  login("batch", "Secret99");
}

TEST_F(ServiceTest, TheScopeOfTheUserGoesWithEveryRequest) {
  const std::string batch = token_of_new("batch", "op_volume");
  EXPECT_EQ(execute(batch, "lsfbvol")["status"], 0);
  EXPECT_EQ(images.requests.back().scope, "*") << "of whom nothing else is said";
  const std::string admin = token_of("admin", first_password);
  EXPECT_EQ(execute(admin, "chuser", {{"id", "batch"}, {"scope", "east*"}})["status"], 0);
  execute(batch, "lsfbvol", json::object(), "IBM.2107-75ABCD1", 401);
  const std::string again = token_of("batch", "Secret99");
  EXPECT_EQ(execute(again, "rmfbvol", {{"ids", {"0100"}}})["status"], 0);
  EXPECT_EQ(images.requests.back().scope, "east*");
  EXPECT_EQ(execute(again, "showuser", {{"id", "batch"}})["rows"][0]["scope"], "east*");
  EXPECT_EQ(execute(admin, "lsfbvol")["status"], 0);
  EXPECT_EQ(images.requests.back().scope, "*");
}

TEST_F(ServiceTest, OnlyAnAdministratorSetsScopes) {
  const std::string batch = token_of_new("batch", "op_storage");
  EXPECT_EQ(execute(batch, "chuser", {{"id", "batch"}, {"scope", "*"}})["status"], 801);
  EXPECT_EQ(execute(batch, "chuser", {{"id", "batch"}, {"password", "Second22"}, {"scope", "*"}})["status"], 801);
  login("batch", "Second22", 401);
  const std::string admin = token_of("admin", first_password);
  for (const char* wrong : {"**", "a b", "*east"}) {
    const json refused = execute(admin, "chuser", {{"id", "batch"}, {"scope", wrong}});
    EXPECT_EQ(refused["message"], "CMUN90815E") << wrong;
    EXPECT_EQ(refused["text"], wrong);
  }
  EXPECT_EQ(execute(batch, "showuser", {{"id", "batch"}})["rows"][0]["scope"], "*");
  const json made = execute(
      admin, "mkuser", {{"id", "tenant"}, {"password", "Temp0rary"}, {"groups", {"monitor"}}, {"scope", "PUBLIC"}});
  EXPECT_EQ(made["status"], 0);
  EXPECT_EQ(execute(admin, "showuser", {{"id", "tenant"}})["rows"][0]["scope"], "PUBLIC");
  EXPECT_EQ(execute(admin, "mkuser",
                    {{"id", "x"}, {"password", "Temp0rary"}, {"groups", {"monitor"}}, {"scope", "a b"}})["message"],
            "CMUN90815E");
}

/// The session goes on, with what the user may do from now on.
TEST_F(ServiceTest, AnAdministratorBoundsItselfWithANewPassword) {
  const std::string admin = token_of("admin", first_password);
  EXPECT_EQ(execute(admin, "chuser", {{"id", "admin"}, {"password", "Second22"}, {"scope", "PUBLIC"}})["status"], 0);
  EXPECT_EQ(execute(admin, "lsfbvol")["status"], 0);
  EXPECT_EQ(images.requests.back().scope, "PUBLIC");
}

TEST_F(ServiceTest, UsersMustMakeSense) {
  const std::string admin = token_of("admin", first_password);
  const auto make = [&](const char* id, const char* password, const char* group) {
    return execute(admin, "mkuser", {{"id", id}, {"password", password}, {"groups", {group}}});
  };
  EXPECT_EQ(make("a b", "Secret99", "monitor")["status"], 1012);
  EXPECT_EQ(make("x", "Secret99", "wizards")["message"], "CMUN90813E");
  EXPECT_EQ(make("x", "simple", "monitor")["message"], "CMUN90810E");
  EXPECT_EQ(make("admin", "Secret99", "monitor")["status"], 502);
  EXPECT_EQ(execute(admin, "showuser", {{"id", "nobody"}})["status"], 501);
  EXPECT_EQ(execute(admin, "showuser", {{"id", "admin"}})["rows"][0]["state"], "active");
}

TEST_F(ServiceTest, TooManyLoginsAtATimeAreToldToWait) {
  slow.full = true;
  login("admin", first_password, 503);
}

TEST_F(ServiceTest, EveryCommandAndLoginIsRecordedAndNoSecretIs) {
  login("admin", "Wrong-passw0rd", 401);
  const std::string admin = token_of("admin", first_password);
  execute(admin, "lsfbvol");
  execute(admin, "mkuser", {{"id", "eve"}, {"password", "Temp0rary"}, {"groups", {"monitor"}}});
  execute(admin, "mkuser", {{"id", "eve"}, {"password", "Sec0nd-Try"}, {"groups", {"monitor"}}});
  const std::string eve = token_of("eve", "Temp0rary");
  execute(eve, "lsfbvol");
  execute(eve, "chuser", {{"id", "eve"}, {"password", "Fr3sh-Secret"}});
  execute(eve, "rmfbvol", {{"ids", {"0100"}}});
  execute(admin, "chuser", {{"id", "eve"}, {"pasword", "M1styped-Key"}}, "IBM.2107-75ABCD1", 400);
  execute(admin, "T1p-Top-Secret", {{"password", "Unkn0wn-Command"}});
  post("logout", "", eve);
  const std::string text = audit_text();
  for (const char* expected :
       {"W,1002,User_Login_Fail,admin", "N,1000,User_Login,admin,success", "N,1900,Command_Run,-,success,\"lsfbvol",
        "N,1100,User_Create,eve,success", "E,1100,User_Create,eve,", "N,1001,User_Login_Expire,eve",
        "E,1901,Command_Refused,lsfbvol,CMUN90812E", "N,1103,User_Password_Change,eve,success", "E,2092,Volume_Delete",
        "E,1901,Command_Refused,chuser,malformed", "E,1901,Command_Refused,-,not_in_this_release",
        "N,1004,User_Logout,eve"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
  for (const std::string& secret : {first_password, std::string("Wrong-passw0rd"), std::string("Temp0rary"),
                                    std::string("Sec0nd-Try"), std::string("Fr3sh-Secret"), std::string("M1styped-Key"),
                                    std::string("T1p-Top-Secret"), std::string("Unkn0wn-Command"), admin, eve}) {
    EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  }
  EXPECT_NE(text.find("\"\"password\"\":\"\"***\"\""), std::string::npos) << "that there was one is recorded";
  EXPECT_EQ(check_chain(text).first_bad, 0U);
}

}  // namespace
}  // namespace tt::console
