// SPDX-License-Identifier: Apache-2.0
// What goes into an image (validation) and what of its rows comes out (selection).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/selection.h"
#include "model/validation.h"

namespace tt::model {
namespace {

using nlohmann::json;

std::string check(std::string_view operation, const char* arguments) {
  return check_arguments(*find_operation(operation), json::parse(arguments));
}

TEST(Validation, AcceptsWhatTheCatalogueDeclares) {
  EXPECT_EQ(check("lssi", "{}"), "");
  EXPECT_EQ(check("rmfbvol", R"({"ids":["0100"],"mode":"normal","wait":false})"), "");
  EXPECT_EQ(check("rmfbvol", R"({"ids":["0100"],"mode":"force"})"), "");
  EXPECT_EQ(check("pausepprc", R"({"pairs":[{"source":"0100"},{"target":"0100"}],"at":"src","unconditional":false})"),
            "");
  EXPECT_EQ(check("mkflash", R"({"pairs":[{"source":"0100","target":"0200"}],"background_copy":false,
                                 "persistent":true,"target_write_inhibit":false,"sequence_number":4294967295})"),
            "");
  EXPECT_EQ(check("mkfbvol", R"({"extent_pool":"P0","capacity_blocks":2048,"capacity_type":"ds","sam":"ese",
                                 "eam":"rotateexts","wait":true,"volumes":[{"id":"1000","name":""}]})"),
            "");
  EXPECT_EQ(check("chrank", R"({"ids":["R0"],"action":"assign","extent_pool":"P0"})"), "");
  EXPECT_EQ(check("lsflash", R"({"select":["0000-FFFF"],"target_se":"present"})"), "");
}

TEST(Validation, RefusesEverythingElse) {
  const std::pair<const char*, const char*> wrong[] = {
      {"lssi", "[]"},
      {"lssi", R"({"surprise":1})"},
      {"rmfbvol", "{}"},
      {"rmfbvol", R"({"ids":"0100"})"},
      {"rmfbvol", R"({"ids":["100"]})"},
      {"rmfbvol", R"({"ids":[1]})"},
      {"rmfbvol", R"({"ids":["0100"],"mode":"gently"})"},
      {"mkflash", R"({"pairs":[{"source":"0100"}]})"},
      {"pausepprc", R"({"pairs":[{"other":"0100"}],"at":"src"})"},
      {"pausepprc", R"({"pairs":[{"source":"01000"}],"at":"src"})"},
      {"mkflash", R"({"pairs":[{"source":"0100","target":"0200","extra":1}]})"},
      {"mkflash", R"({"pairs":[{"source":"0100","target":7}]})"},
      {"mkflash", R"({"pairs":[{"source":"0100","target":"0200"}],"persistent":"yes"})"},
      {"mkflash", R"({"pairs":[{"source":"0100","target":"0200"}],"sequence_number":4294967296})"},
      {"mkflash", R"({"pairs":[{"source":"0100","target":"0200"}],"sequence_number":-1})"},
      {"mkflash", R"({"pairs":[{"source":"0100","target":"0200"}],"freeze":"now"})"},
      {"mkflash", R"({"pairs":[{"source":"0100","target":"0200"}],"wait":true})"},
      {"mkfbvol", R"({"extent_pool":"P0","capacity_type":"ds","volumes":[{"id":"1000","name":""}]})"},
      {"mkfbvol", R"({"extent_pool":"P0","capacity_blocks":0,"capacity_type":"ds","volumes":[]})"},
      {"mkfbvol", R"({"extent_pool":"P0","capacity_blocks":1,"capacity_type":"ds","volumes":["1000"]})"},
      {"mkfbvol", R"({"extent_pool":"p0","capacity_blocks":1,"capacity_type":"ds","volumes":[]})"},
      {"showfbvol", R"({"id":["1000"]})"},
      {"chrank", R"({"ids":["R0"]})"},
      {"chrank", R"({"ids":["R0"],"action":"depopulate"})"},
      {"mkextpool", R"({"rank_group":2,"storage_type":"fb","name":"x"})"},
      {"mkextpool", R"({"rank_group":0,"storage_type":"fb","name":"a name that is much too long"})"},
  };
  for (const auto& [operation, arguments] : wrong) {
    EXPECT_NE(check(operation, arguments), "") << operation << " " << arguments;
  }
}

std::vector<std::string> selected(std::string_view operation, const char* arguments, const char* rows_text) {
  std::vector<json> rows = json::parse(rows_text).get<std::vector<json>>();
  select_rows(*find_operation(operation), json::parse(arguments), rows);
  std::vector<std::string> ids;
  for (const json& row : rows) ids.push_back(row.value("id", "?"));
  return ids;
}

using Ids = std::vector<std::string>;

constexpr const char* kVolumes = R"([
  {"id":"1101","extent_pool":"P1","access_state":"Online","configuration_state":"Normal","volume_groups":[]},
  {"id":"1000","extent_pool":"P0","access_state":"Online","configuration_state":"Configuring","volume_groups":["V2"]},
  {"id":"10FF","extent_pool":"P0","access_state":"Fenced","configuration_state":"Normal","volume_groups":["V2","V3"]}])";

TEST(Selection, SortsAndKeepsAllWithoutFilters) {
  EXPECT_EQ(selected("lsfbvol", "{}", kVolumes), (Ids{"1000", "10FF", "1101"}));
}

TEST(Selection, FiltersCombine) {
  EXPECT_EQ(selected("lsfbvol", R"({"lss":"10"})", kVolumes), (Ids{"1000", "10FF"}));
  EXPECT_EQ(selected("lsfbvol", R"({"extent_pool":"P1"})", kVolumes), (Ids{"1101"}));
  EXPECT_EQ(selected("lsfbvol", R"({"volume_group":"v3"})", kVolumes), (Ids{"10FF"}));
  EXPECT_EQ(selected("lsfbvol", R"({"state":"Normal"})", kVolumes), (Ids{"10FF", "1101"}));
  EXPECT_EQ(selected("lsfbvol", R"({"state":"Fenced","lss":"10"})", kVolumes), (Ids{"10FF"}));
  EXPECT_EQ(selected("lsfbvol", R"({"state":"Fenced","lss":"11"})", kVolumes), Ids{});
}

TEST(Selection, TakesIdsAndRanges) {
  EXPECT_EQ(selected("lsfbvol", R"({"select":["1000","1100-11FF"]})", kVolumes), (Ids{"1000", "1101"}));
  EXPECT_EQ(selected("lsfbvol", R"({"select":["0000-FFFF"]})", kVolumes), (Ids{"1000", "10FF", "1101"}));
  EXPECT_EQ(selected("lsfbvol", R"({"select":["0FFF"]})", kVolumes), Ids{});
  EXPECT_EQ(selected("lsextpool", R"({"select":["P2-P10"]})", R"([{"id":"P10"},{"id":"P2"},{"id":"P1"}])"),
            (Ids{"P2", "P10"}));
  EXPECT_EQ(selected("lssi", R"({"select":["IBM.2107-75ABCD1"]})", R"([{"id":"IBM.2107-75ABCD1"},{"id":"x"}])"),
            (Ids{"IBM.2107-75ABCD1"}));
}

constexpr const char* kFlashes = R"([
  {"id":"0101:0201","source":"0101","target":"0201","persistent":false,"sequence_number":16,"target_se":"ESE"},
  {"id":"0100:0300","source":"0100","target":"0300","persistent":true,"sequence_number":0,"target_se":null},
  {"id":"0100:0200","source":"0100","target":"0200","persistent":true,"sequence_number":16,"target_se":null}])";

TEST(Selection, RelationshipsByEitherVolumeOrByPair) {
  EXPECT_EQ(selected("lsflash", R"({"select":["0100"]})", kFlashes), (Ids{"0100:0200", "0100:0300"}));
  EXPECT_EQ(selected("lsflash", R"({"select":["0201"]})", kFlashes), (Ids{"0101:0201"}));
  EXPECT_EQ(selected("lsflash", R"({"select":["0100:0300"]})", kFlashes), (Ids{"0100:0300"}));
  EXPECT_EQ(selected("lsflash", R"({"select":["0200-02FF"]})", kFlashes), (Ids{"0100:0200", "0101:0201"}));
  EXPECT_EQ(selected("lsflash", R"({"select":["0000-FFFF"],"persistent":true,"sequence_number":16})", kFlashes),
            (Ids{"0100:0200"}));
  EXPECT_EQ(selected("lsflash", R"({"select":["0000-FFFF"],"target_se":"present"})", kFlashes), (Ids{"0101:0201"}));
}

TEST(Selection, RowsOfAnyFormDoNotHurt) {
  EXPECT_EQ(selected("lsfbvol", R"({"select":["1000"],"lss":"10"})", R"([1,{"id":7},{},{"id":"1000"}])"),
            (Ids{"1000"}));
}

}  // namespace
}  // namespace tt::model
