// SPDX-License-Identifier: Apache-2.0
// Output byte by byte: the listings that real systems are documented to print.
#include <gtest/gtest.h>

#include <cstdlib>

#include "interfaces/dscli/cells.h"
#include "interfaces/dscli/render.h"
#include "interfaces/dscli/text_table.h"

namespace tt::dscli {
namespace {

using nlohmann::json;

class Output : public ::testing::Test {
 protected:
  void zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Output() override { zone("UTC"); }

  /// What `operation` prints for the rows.
  std::string print(const char* operation, const char* rows_text, const OutputChoice& choice = {}) {
    Command command;
    command.operation = model::find_operation(operation);
    command.image = "IBM.2107-75ABCD1";
    command.output = choice;
    const auto rows = json::parse(rows_text).get<std::vector<json>>();
    std::string text;
    for (const std::string& line : render_rows(command, merged_settings(settings, choice), rows)) text += line + "\n";
    return text;
  }
  Settings settings;
};

constexpr const char* kPools = R"([
  {"id":"P0","name":"P0","storage_type":"fb","rank_group":0,"status":"below","extent_bytes":1073741824,
   "total_extents":357125,"available_extents":14285,"allocated_extents":342840,"reserved_extents":0,"volume_count":2948},
  {"id":"P1","name":"P1","storage_type":"fb","rank_group":1,"status":"below","extent_bytes":1073741824,
   "total_extents":391234,"available_extents":11737,"allocated_extents":379497,"reserved_extents":0,"volume_count":2588}])";

TEST_F(Output, ExtentPools) {
  EXPECT_EQ(print("lsextpool", kPools),
            "Name ID stgtype rankgrp status availstor (2^30B) %allocated available reserved numvols\n"
            "======================================================================================\n"
            "P0   P0 fb            0  below             14285         96     14285        0    2948\n"
            "P1   P1 fb            1  below             11737         97     11737        0    2588\n");
}

TEST_F(Output, ExtentPoolsDelimited) {
  OutputChoice choice;
  choice.format = OutputFormat::delim;
  const std::string text = print("lsextpool", kPools, choice);
  EXPECT_EQ(text,
            "Name,ID,stgtype,rankgrp,status,availstor (2^30B),%allocated,available,reserved,numvols\n"
            "======================================================================================\n"
            "P0,P0,fb,0,below,14285,96,14285,0,2948\n"
            "P1,P1,fb,1,below,11737,97,11737,0,2588\n");
  choice.header = false;
  choice.delim = '|';
  EXPECT_EQ(print("lsextpool", kPools, choice),
            "P0|P0|fb|0|below|14285|96|14285|0|2948\nP1|P1|fb|1|below|11737|97|11737|0|2588\n");
}

constexpr const char* kVolumes = R"([
  {"id":"0000","name":"perftest0000","access_state":"Online","data_state":"Normal","configuration_state":"Normal",
   "device_mtm":"2107-900","data_type":"FB 512","extent_pool":"P0","capacity_blocks":209715200,"capacity_type":"ds"},
  {"id":"1000","name":"","access_state":"Online","data_state":"Normal","configuration_state":"Normal",
   "device_mtm":"2107-900","data_type":"FB 512","extent_pool":"P0","capacity_blocks":19531264,"capacity_type":"ess"}])";

TEST_F(Output, Volumes) {
  EXPECT_EQ(print("lsfbvol", kVolumes),
            "Name         ID   accstate datastate configstate deviceMTM datatype extpool cap (2^30B) cap (10^9B) cap "
            "(blocks)\n"
            "=========================================================================================================="
            "======\n"
            "perftest0000 0000 Online   Normal    Normal      2107-900  FB 512   P0            100.0           -    "
            "209715200\n"
            "-            1000 Online   Normal    Normal      2107-900  FB 512   P0              9.3        10.0     "
            "19531264\n");
}

TEST_F(Output, IdsOnlyAndFullyQualified) {
  OutputChoice choice;
  choice.ids_only = true;
  EXPECT_EQ(print("lsfbvol", kVolumes, choice), "ID\n====\n0000\n1000\n");
  choice.fullid = true;
  EXPECT_EQ(print("lsfbvol", kVolumes, choice),
            "ID\n=====================\nIBM.2107-75ABCD1/0000\nIBM.2107-75ABCD1/1000\n");
}

TEST_F(Output, Stanza) {
  OutputChoice choice;
  choice.format = OutputFormat::stanza;
  EXPECT_EQ(print("lsrank", R"([{"id":"R0","rank_group":0,"state":"Normal","data_state":"Normal","array":"A0",
                  "raid_type":"5","extent_pool":"P0","storage_type":"fb"},{"id":"R1","rank_group":null,
                  "state":"Unassigned"}])",
                  choice),
            "ID        R0\nGroup     0\nState     Normal\ndatastate Normal\nArray     A0\nRAIDtype  5\nextpoolID P0\n"
            "stgtype   fb\n\nID        R1\nGroup     -\nState     Unassigned\ndatastate -\nArray     -\nRAIDtype  -\n"
            "extpoolID -\nstgtype   -\n");
}

TEST_F(Output, Ranks) {
  EXPECT_EQ(print("lsrank", R"([{"id":"R0","rank_group":0,"state":"Normal","data_state":"Normal","array":"A0",
                  "raid_type":"5","extent_pool":"P0","storage_type":"fb"}])"),
            "ID Group State  datastate Array RAIDtype extpoolID stgtype\n"
            "==========================================================\n"
            "R0     0 Normal Normal    A0           5 P0        fb\n");
}

TEST_F(Output, Xml) {
  OutputChoice choice;
  choice.format = OutputFormat::xml;
  choice.ids_only = true;
  EXPECT_EQ(print("lsfbvol", R"([{"id":"<&\""}])", choice),
            "<IRETURNVALUE>\n<INSTANCE CLASSNAME=\"FBVOLUME\">\n<PROPERTY NAME=\"ID\" TYPE=\"string\"><VALUE "
            "TYPE=\"string\">&lt;&amp;&quot;</VALUE></PROPERTY>\n</INSTANCE>\n</IRETURNVALUE>\n");
  EXPECT_FALSE(merged_settings(settings, choice).banner) << "a date line is no XML";
}

TEST_F(Output, StorageImageWide) {
  OutputChoice choice;
  choice.all_columns = true;
  EXPECT_EQ(print("lssi", R"([{"id":"IBM.2107-75BXF21","storage_unit":"IBM.2107-75BXF20","model":"961",
                  "wwnn":"5005076304FFD7EA","state":"Online","es_net":true,"volume_group":"V0"}])",
                  choice),
            "Name ID               Storage Unit     Model WWNN             State  ESSNet  Volume Group desc\n"
            "==============================================================================================\n"
            "-    IBM.2107-75BXF21 IBM.2107-75BXF20 961   5005076304FFD7EA Online Enabled V0           -\n");
}

TEST_F(Output, ShowLss) {
  EXPECT_EQ(print("showlss", R"([{"id":"10","group":0,"address_group":"1","storage_type":"fb","volume_count":4,
                  "subsystem_id":65296,"consistency_group":true,"long_busy_seconds":90,"resource_group":"RG0"}])"),
            "ID             10\nGroup          0\naddrgrp        1\nstgtype        fb\nconfgvols      4\n"
            "subsys         0xFF10\npprcconsistgrp Enabled\nxtndlbztimout  90 secs\nresgrp         RG0\n");
}

constexpr const char* kFlashes = R"([
  {"id":"0100:0200","source_lss":"01","sequence_number":0,"timeout_seconds":60,"active_copy":true,"recording":false,
   "persistent":false,"revertible":false,"source_write_enabled":true,"target_write_enabled":true,
   "background_copy":true,"out_of_sync_tracks":8192,"track_count":16384,"copy_bytes_per_second":1048576,"copy_limit":2097152},
  {"id":"0101:0201","source_lss":"01","sequence_number":16,"timeout_seconds":60,"active_copy":false,"recording":true,
   "persistent":true,"revertible":false,"source_write_enabled":true,"target_write_enabled":true,
   "background_copy":true,"out_of_sync_tracks":0,"track_count":16384,"copy_bytes_per_second":0},
  {"id":"0102:0202","source_lss":"01","sequence_number":1118845271,"timeout_seconds":60,"active_copy":false,
   "recording":true,"persistent":true,"revertible":true,"source_write_enabled":false,"target_write_enabled":false,
   "background_copy":false,"out_of_sync_tracks":5,"track_count":16384,"copy_bytes_per_second":0}])";

TEST_F(Output, FlashCopies) {
  EXPECT_EQ(print("lsflash", kFlashes),
            "ID        SrcLSS SequenceNum Timeout ActiveCopy Recording Persistent Revertible SourceWriteEnabled "
            "TargetWriteEnabled BackgroundCopy\n" +
                std::string(132, '=') +
                "\n"
                "0100:0200 01     0           60      Enabled    Disabled  Disabled   Disabled   Enabled            "
                "Enabled            Enabled\n"
                "0101:0201 01     10          60      Disabled   Enabled   Enabled    Disabled   Enabled            "
                "Enabled            Enabled\n"
                "0102:0202 01     42B03957    60      Disabled   Enabled   Enabled    Enabled    Disabled           "
                "Disabled           Disabled\n");
}

TEST_F(Output, FlashCopiesWide) {
  zone("CET-1CEST,M3.5.0,M10.5.0/3");
  OutputChoice choice;
  choice.all_columns = true;
  EXPECT_EQ(
      print("lsflash", R"([{"id":"0101:0201","source_lss":"01","sequence_number":16,"timeout_seconds":60,
            "active_copy":false,"recording":true,"persistent":true,"revertible":false,"source_write_enabled":true,
            "target_write_enabled":true,"background_copy":true,"out_of_sync_tracks":0,"date_created":1121106843,
            "date_synced":1121108567,"state":"Valid","target_se":null}])",
            choice),
      "ID        SrcLSS SequenceNum Timeout ActiveCopy Recording Persistent Revertible SourceWriteEnabled "
      "TargetWriteEnabled BackgroundCopy OutOfSyncTracks DateCreated                   DateSynced                    "
      "State isTgtSE\n" +
          std::string(222, '=') +
          "\n0101:0201 01     10          60      Disabled   Enabled   Enabled    Disabled   Enabled            "
          "Enabled            Enabled        0               Mon Jul 11 20:34:03 CEST 2005 Mon Jul 11 21:02:47 CEST "
          "2005 Valid -\n");
}

TEST_F(Output, FlashCopyProgress) {
  Command command;
  command.operation = model::find_operation("lsflash");
  command.locals["progress"] = true;
  settings.header = false;
  settings.format = OutputFormat::delim;
  const auto lines = render_rows(command, settings, json::parse(kFlashes).get<std::vector<json>>());
  const auto tail = [](const std::string& line) { return line.substr(line.rfind("abled,") + 6); };
  EXPECT_EQ(tail(lines[0]), "50,1.0,0:08:32,2.0");
  EXPECT_EQ(tail(lines[1]), "100,0.0,0:00:00,-");
  EXPECT_EQ(tail(lines[2]), "99,0.0,-,-") << "100 only when nothing is left";
}

TEST_F(Output, BannerInTheLocalZone) {
  zone("BRST+3BRDT,M10.3.0/0,M2.3.0/0");
  ::setenv("TZ", "BRST2", 1);
  ::tzset();
  EXPECT_EQ(banner_line(1453379647, "7.7.5.61", "IBM.2107-82BCN51"),
            "Date/Time: January 21, 2016 10:34:07 AM BRST IBM DSCLI Version: 7.7.5.61 DS: IBM.2107-82BCN51");
  zone("UTC");
  EXPECT_EQ(banner_date_text(1531340069), "July 11, 2018 8:14:29 PM UTC");
  EXPECT_EQ(banner_date_text(1531267200), "July 11, 2018 12:00:00 AM UTC");
  EXPECT_EQ(banner_line(1531267200, "1", ""), "Date/Time: July 11, 2018 12:00:00 AM UTC IBM DSCLI Version: 1 DS: -");
}

TEST_F(Output, OldImagesShowFewerFields) {
  Command command;
  command.operation = model::find_operation("showfbvol");
  command.image = "IBM.1750-68FA120";
  const std::vector<json> rows = {{{"id", "0000"}, {"capacity_blocks", 2097152}, {"capacity_type", "ds"}}};
  const auto lines = render_rows(command, settings, rows);
  ASSERT_EQ(lines.size(), 16U);
  EXPECT_EQ(lines.back(), "ranks        -");
}

TEST_F(Output, NamesInOtherAlphabetsKeepColumnsStraight) {
  const std::vector<std::string> lines =
      table_lines({{{"Name"}, {"ID"}}, {{"dépôt", "0000"}, {"plain", "0001"}}}, true);
  EXPECT_EQ(lines[2], "dépôt 0000");
  EXPECT_EQ(lines[1].size(), 10U);
}

}  // namespace
}  // namespace tt::dscli
