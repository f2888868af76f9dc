// SPDX-License-Identifier: Apache-2.0
// The catalogue agrees with itself: nothing names what is not there, nothing is there twice.
#include "model/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>

namespace tt::model {
namespace {

TEST(Catalogue, EveryErrorHasAMessage) {
  int codes = 0;
  for (unsigned number = 1; number < 2000; ++number) {
    const auto code = static_cast<Errc>(number);
    if (std::string(name_of(code)) == "unknown") continue;
    ++codes;
    const std::string_view id = message_id_of(code, "mkflash");
    ASSERT_NE(find_message(id), nullptr) << name_of(code);
    const bool warns = code == Errc::freeze_expired || code == Errc::path_not_up || code == Errc::target_larger ||
                       code == Errc::target_not_consistent || code == Errc::changes_lost;
    EXPECT_EQ(id.back(), warns ? 'W' : 'E') << name_of(code);
    const bool general = code == Errc::bad_message;
    if (!general) {
      EXPECT_NE(id, "CMUN91011E") << name_of(code) << " has no message of its own";
    }
  }
  EXPECT_GT(codes, 30);
}

TEST(Catalogue, ReasonsKeepTheirNumbers) {
  EXPECT_EQ(message_id_of(Errc::volume_not_found, "mkflash"), "CMUN90101E");
  EXPECT_EQ(message_id_of(Errc::target_too_small, "mkflash"), "CMUN90105E");
  EXPECT_EQ(message_id_of(Errc::not_in_this_release, "mkpprc"), "CMUN90901E");
  EXPECT_EQ(message_id_of(Errc::still_in_use, "rmfbvol"), "CMUN02948E");
  EXPECT_EQ(message_id_of(Errc::still_in_use, "rmextpool"), "CMUN90506E");
  EXPECT_EQ(message_id_of(Errc::authentication_failed, "lssi"), "CMUC00191E");
  EXPECT_EQ(message_id_of(Errc::disconnected, "lssi"), "CMUN00018E");
}

TEST(Catalogue, MessagesAreWellFormedAndUnique) {
  std::set<std::string_view> ids;
  for (const Message& message : messages()) {
    EXPECT_TRUE(ids.insert(message.id).second) << message.id;
    ASSERT_EQ(message.id.size(), 10U) << message.id;
    EXPECT_TRUE(message.id.substr(0, 4) == "CMUC" || message.id.substr(0, 4) == "CMUN") << message.id;
    EXPECT_NE(std::string_view("IWE").find(message.id.back()), std::string_view::npos) << message.id;
    EXPECT_FALSE(message.text.empty()) << message.id;
    // A problem without a way out helps nobody.
    if (message.id.back() == 'E') {
      EXPECT_FALSE(message.cause.empty()) << message.id;
      EXPECT_FALSE(message.action.empty()) << message.id;
    }
  }
}

TEST(Catalogue, TextsThatOtherToolsLookForStay) {
  const std::pair<std::string_view, std::string_view> fixed[] = {
      {"CMUC00137I", "FlashCopy pair {0} successfully created."},
      {"CMUC00140I", "FlashCopy pair {0} successfully removed."},
      {"CMUC00025I", "FB volume {0} successfully created."},
      {"CMUC00028I", "FB volume {0} successfully deleted."},
      {"CMUC00000I", "Extent Pool {0} successfully created."},
      {"CMUC00003I", "Extent pool {0} successfully deleted."},
      {"CMUC00008I", "Rank {0} successfully modified."},
      {"CMUC00234I", "No {0} found."},
      {"CMUC00183I", "Operation done successfully."},
  };
  for (const auto& [id, text] : fixed) {
    ASSERT_NE(find_message(id), nullptr) << id;
    EXPECT_EQ(find_message(id)->text, text);
  }
}

TEST(Catalogue, OperationsNameThingsThatExist) {
  for (const Operation& operation : operations()) {
    EXPECT_FALSE(operation.summary.empty()) << operation.name;
    EXPECT_FALSE(operation.example.empty()) << operation.name;
    EXPECT_EQ(operation.example.substr(0, operation.name.size()), operation.name);
    if (!operation.success.empty()) {
      EXPECT_NE(find_message(operation.success), nullptr) << operation.name;
    }
    if (!operation.prompt.empty()) {
      ASSERT_NE(find_message(operation.prompt), nullptr) << operation.name;
      EXPECT_EQ(operation.prompt.back(), 'W') << operation.name;
      EXPECT_FALSE(operation.loses.empty()) << operation.name << " asks but does not say what is lost";
    }
    if (operation.shape == Shape::tool) continue;
    EXPECT_NE(find_class(operation.object_class), nullptr) << operation.name;
    if (operation.shape == Shape::change) {
      EXPECT_FALSE(operation.success.empty()) << operation.name;
      EXPECT_NE(operation.audit_code, 0) << operation.name << " changes something but leaves no record";
      EXPECT_FALSE(operation.audit_event.empty()) << operation.name;
    }
  }
}

TEST(Catalogue, DestructiveOperationsAsk) {
  for (const Operation& operation : operations()) {
    if (operation.name.substr(0, 2) == "rm") {
      EXPECT_FALSE(operation.prompt.empty()) << operation.name;
    }
  }
}

TEST(Catalogue, OperationNamesAreUniqueAndSorted) {
  std::string_view before;
  for (const Operation& operation : operations()) {
    EXPECT_LT(before, operation.name);
    before = operation.name;
    EXPECT_EQ(find_later_command(operation.name), nullptr) << operation.name << " is here and announced for later";
  }
  std::set<std::string_view> later;
  for (const LaterCommand& command : later_commands()) EXPECT_TRUE(later.insert(command.name).second) << command.name;
}

TEST(Catalogue, ArgumentsAreWellFormed) {
  for (const Operation& operation : operations()) {
    std::set<std::string_view> flags;
    int operands = 0;
    for (const Argument& argument : operation.arguments) {
      const std::string where = std::string(operation.name) + " -" + std::string(argument.flag);
      EXPECT_FALSE(argument.key.empty()) << where;
      EXPECT_FALSE(argument.help.empty()) << where;
      operands += argument.is_operand() ? 1 : 0;
      if (argument.is_flag()) {
        EXPECT_TRUE(flags.insert(argument.flag).second) << where;
      }
      if (argument.kind == ArgumentKind::constant || argument.kind == ArgumentKind::choice) {
        EXPECT_FALSE(argument.value.empty()) << where;
      }
      if (argument.kind == ArgumentKind::number || argument.kind == ArgumentKind::hex_number) {
        EXPECT_LT(argument.low, argument.high) << where;
      }
      if (!argument.matches.empty()) {
        EXPECT_EQ(operation.shape, Shape::list) << where;
      }
    }
    EXPECT_LE(operands, 1) << operation.name;
  }
}

std::set<std::string> keys_of(const ObjectClass& object_class) {
  std::set<std::string> keys;
  for (const Attribute& attribute : object_class.attributes) keys.emplace(attribute.key);
  return keys;
}

TEST(Catalogue, ViewsNameAttributesAndEveryAttributeIsShown) {
  for (const ObjectClass& object_class : object_classes()) {
    std::set<std::string_view> shown;
    for (const auto view : {object_class.list, object_class.wide, object_class.fields, object_class.extra}) {
      for (const std::string_view heading : view) {
        EXPECT_NE(object_class.find(heading), nullptr) << object_class.name << " " << heading;
        shown.insert(heading);
      }
    }
    std::set<std::string_view> headings;
    for (const Attribute& attribute : object_class.attributes) {
      EXPECT_TRUE(headings.insert(attribute.heading).second) << object_class.name << " " << attribute.heading;
      EXPECT_TRUE(shown.contains(attribute.heading)) << object_class.name << " " << attribute.heading;
    }
    EXPECT_TRUE(keys_of(object_class).contains("id")) << object_class.name;
    for (const std::string_view heading : object_class.list) {
      const auto& wide = object_class.wide;
      EXPECT_NE(std::find(wide.begin(), wide.end(), heading), wide.end()) << object_class.name << " " << heading;
    }
  }
}

TEST(Catalogue, FiltersMatchAttributes) {
  for (const Operation& operation : operations()) {
    const ObjectClass* object_class = find_class(operation.object_class);
    for (const Argument& argument : operation.arguments) {
      std::istringstream keys{std::string(argument.matches)};
      for (std::string key; std::getline(keys, key, '|');) {
        if (key == "id.lss" || key == "state_word") continue;  // of rows, and not shown
        EXPECT_TRUE(keys_of(*object_class).contains(key)) << operation.name << " " << key;
      }
    }
  }
}

TEST(Catalogue, FindsCommandsInEitherCaseAndByAlias) {
  ASSERT_NE(find_operation("LSFBVOL"), nullptr);
  EXPECT_EQ(find_operation("LSFBVOL")->name, "lsfbvol");
  EXPECT_EQ(find_operation("q"), find_operation("quit"));
  EXPECT_EQ(find_operation("exit"), find_operation("quit"));
  EXPECT_EQ(find_operation("chflash"), nullptr);
  EXPECT_EQ(find_later_command("chflash"), nullptr) << "no DS CLI has it";
  EXPECT_NE(find_later_command("FREEZEPPRC"), nullptr);
}

TEST(Catalogue, SuggestsWhatWasMeant) {
  EXPECT_EQ(similar_commands("mkflsh").front(), "mkflash");
  EXPECT_EQ(similar_commands("lsfb").front(), "lsfbvol");
  EXPECT_TRUE(similar_commands("frobnicate").empty());
}

TEST(Catalogue, FillsSlots) {
  const std::string_view values[] = {"0100:0200", "7"};
  EXPECT_EQ(fill_slots("pair {0} and {1}{2}.", values), "pair 0100:0200 and 7-.");
  EXPECT_EQ(fill_slots("{x} {", values), "{x} {");
}

TEST(Roles, RightsAddUp) {
  const std::vector<std::string> monitor = {"monitor"};
  const std::vector<std::string> both = {"op_copy_services", "op_volume"};
  const std::vector<std::string> nobody = {"no_access", "such_a_group_does_not_exist"};
  EXPECT_TRUE(allows(monitor, Access::monitor));
  EXPECT_FALSE(allows(monitor, Access::copy));
  EXPECT_TRUE(allows(both, Access::copy));
  EXPECT_TRUE(allows(both, Access::volume));
  EXPECT_FALSE(allows(both, Access::storage));
  EXPECT_FALSE(allows(nobody, Access::monitor));
  EXPECT_TRUE(allows(nobody, Access::anyone));
  const std::vector<std::string> storage = {"op_storage"};
  EXPECT_TRUE(allows(storage, Access::volume));
  EXPECT_TRUE(allows(storage, Access::copy));
  EXPECT_FALSE(allows(storage, Access::admin));
}

}  // namespace
}  // namespace tt::model
