#include "proxy/core/client_connections.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace stead::proxy {
namespace {

class Connections : public testing::Test {
 protected:
  struct Client {
    Client(Connections& test, const std::string& from)
        : stream(open_socket(test.io_), test.watchdog_),
          place(test.connections_, boost::asio::ip::make_address(from), stream) {
      place.set_waiting(true);
    }
    static boost::asio::ip::tcp::socket open_socket(boost::asio::io_context& io) {
      boost::asio::ip::tcp::socket socket(io);
      socket.open(boost::asio::ip::tcp::v4());
      return socket;
    }
    Stream stream;
    ClientConnections::Place place;
  };
  std::unique_ptr<Client> client(const std::string& from) { return std::make_unique<Client>(*this, from); }
  bool room_for(const std::string& from) {
    const auto room = connections_.make_room(boost::asio::ip::make_address(from));
    reached_ = room.reached;
    return static_cast<bool>(room);
  }

  boost::asio::io_context io_;
  Watchdog watchdog_;
  ClientConnections connections_;
  std::optional<Limit> reached_;  // by the last room_for()
};

TEST_F(Connections, LoseTheLongestWaitingOfAnAddressAtItsLimit) {
  connections_.set_limits(100, 2);
  const auto other = client("192.0.2.9"), first = client("192.0.2.1"), second = client("192.0.2.1");
  first->place.set_waiting(false);
  first->place.set_waiting(true);  // `second` waits longer now
  EXPECT_TRUE(room_for("192.0.2.1"));
  EXPECT_TRUE(other->stream.is_open());
  EXPECT_TRUE(first->stream.is_open());
  EXPECT_FALSE(second->stream.is_open());
}

TEST_F(Connections, AreRefusedIfNoneWaits) {
  connections_.set_limits(3, 2);
  const auto one = client("192.0.2.1"), two = client("192.0.2.1");
  one->place.set_waiting(false);
  two->place.set_waiting(false);
  EXPECT_FALSE(room_for("192.0.2.1"));
  EXPECT_FALSE(room_for("::ffff:192.0.2.1"));  // the same address
  EXPECT_TRUE(room_for("192.0.2.2"));
  const auto three = client("192.0.2.2");
  EXPECT_TRUE(room_for("192.0.2.3"));  // `three` waits
  EXPECT_FALSE(three->stream.is_open());
  EXPECT_FALSE(room_for("192.0.2.4"));
}

TEST_F(Connections, OfAnIpv6NetworkAreOneClients) {
  connections_.set_limits(100, 1);
  const auto one = client("2001:db8:0:1::1");
  EXPECT_TRUE(room_for("2001:db8:0:2::1"));
  EXPECT_TRUE(one->stream.is_open());
  EXPECT_TRUE(room_for("2001:db8:0:1:ffff::9"));
  EXPECT_FALSE(one->stream.is_open());
}

TEST_F(Connections, AreForgottenWhenTheyEnd) {
  connections_.set_limits(1, 1);
  for (int i = 0; i < 3; ++i) {
    const auto one = client("192.0.2.1");
    one->place.set_waiting(false);
    EXPECT_EQ(connections_.size(), 1U);
    EXPECT_FALSE(room_for("192.0.2.1"));
  }
  EXPECT_TRUE(room_for("192.0.2.1"));
}

TEST_F(Connections, SayWhichLimitWasReached) {
  connections_.set_limits(2, 1);
  const auto one = client("192.0.2.1");
  EXPECT_TRUE(room_for("192.0.2.2"));
  EXPECT_EQ(reached_, std::nullopt);
  one->place.set_waiting(false);
  EXPECT_FALSE(room_for("192.0.2.1"));
  EXPECT_EQ(reached_, Limit::connections_per_address);
  const auto two = client("192.0.2.2");
  EXPECT_TRUE(room_for("192.0.2.3"));
  EXPECT_EQ(reached_, Limit::connections);
}

TEST(LimitWatch, CountsAndIsNotReadyForTenSecondsAfterARefusal) {
  using Then = LimitWatch::Then;
  LimitWatch watch;
  const auto start = LimitWatch::Clock::now();
  EXPECT_FALSE(watch.refuses(start));
  watch.reached(Limit::connections_per_address, Then::refused, start);
  watch.reached(Limit::connections, Then::made_room, start);
  EXPECT_FALSE(watch.refuses(start)) << "that is one client's matter, or there was room";
  watch.reached(Limit::descriptors, Then::refused, start);
  watch.reached(Limit::connections, Then::refused, start + std::chrono::seconds(1));
  EXPECT_TRUE(watch.refuses(start + std::chrono::seconds(10)));
  EXPECT_FALSE(watch.refuses(start + std::chrono::seconds(11)));
  EXPECT_EQ(watch.count(Limit::connections), 2U);
  EXPECT_EQ(watch.count(Limit::connections_per_address), 1U);
  EXPECT_EQ(watch.count(Limit::descriptors), 1U);
}

}  // namespace
}  // namespace stead::proxy
