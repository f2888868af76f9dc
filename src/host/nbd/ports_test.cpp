// SPDX-License-Identifier: Apache-2.0
// I/O ports over the life of a server.
#include "host/nbd/access_lab.h"

namespace tt::nbd {
namespace {

using PortsTest = AccessTest;

TEST_F(PortsTest, CloseAndOpenAtTheSameAddress) {
  start();
  map("any", ids({1}));
  Client client = serve("192.0.2.7:4000", "0001");
  auto status = ports_->status();
  ASSERT_EQ(status.size(), 2U);
  EXPECT_EQ(status[0].type, "NBD Unix");
  EXPECT_EQ(status[1].address, "127.0.0.1:4711");
  EXPECT_EQ(status[1].sessions, 1U);
  EXPECT_TRUE(status[1].listening);

  Client elsewhere = serve("unix:uid=5", "0001");
  Client halfway = connect("192.0.2.8:4000");
  Client late = knock("192.0.2.9:4000", 1);
  ports_->close(1);
  reactor_.run_ready();
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(late.closed());
  EXPECT_EQ(late.down->size(), 0U) << "nobody greets it";
  EXPECT_FALSE(elsewhere.closed()) << "it came in at the other port";
  EXPECT_TRUE(halfway.closed()) << "it could go on to attach a volume";
  EXPECT_FALSE(ports_->status()[1].listening);
  EXPECT_EQ(ports_->address(1), "127.0.0.1:4711") << "it is remembered";
  EXPECT_EQ(server_->addresses(), Names{"/nbd.sock"});
  net_.refuse = true;
  EXPECT_EQ(ports_->open(1).error().code, Errc::io_error);
  EXPECT_FALSE(ports_->status()[1].listening);
  net_.refuse = false;
  ASSERT_TRUE(ports_->open(1));
  EXPECT_EQ(net_.asked.back(), "127.0.0.1:4711");
  const std::size_t asked = net_.asked.size();
  ASSERT_TRUE(ports_->open(1));
  EXPECT_EQ(net_.asked.size(), asked) << "it is open";
  listeners_[1] = net_.newest;
  EXPECT_EQ(list("192.0.2.7:4000"), Names{"0001"});
  EXPECT_EQ(ports_->open(7).error().code, Errc::object_not_found);
}

TEST_F(PortsTest, CountWhatHostsDo) {
  start();
  map("any", ids({1}));
  Client client = serve("192.0.2.7:4000", "0001");
  EXPECT_EQ(error_of(client, request(Command::read, 1, 0, 4096)), 0U);
  EXPECT_EQ(error_of(client, request(Command::write, 2, 0, 512, 0, Bytes(512, std::byte{7}))), 0U);
  EXPECT_NE(error_of(client, request(Command::read, 3, 2_MiB, 512)), 0U) << "refused, so not counted";
  service_.hold(true);
  EXPECT_TRUE(say(client, request(Command::read, 4, 0, 512)).empty());
  reactor_.advance(20 * rt::kMillisecond);
  service_.hold(false);
  service_.let_go(0);
  reactor_.run_ready();
  const image::PortTraffic traffic = ports_->status()[1].traffic;
  EXPECT_EQ(traffic.reads, 2U);
  EXPECT_EQ(traffic.read_bytes, 4608U);
  EXPECT_EQ(traffic.read_ns, 20U * rt::kMillisecond);
  EXPECT_EQ(traffic.writes, 1U);
  EXPECT_EQ(traffic.write_bytes, 512U);
  EXPECT_EQ(ports_->status()[0].traffic.reads, 0U) << "the other port";
  ports_->close(1);
  ASSERT_TRUE(ports_->open(1));
  EXPECT_EQ(ports_->status()[1].traffic.reads, 2U) << "since the image started";
}

}  // namespace
}  // namespace tt::nbd
