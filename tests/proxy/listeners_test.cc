#include "proxy/listeners.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "stead/result.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class ListenersTest : public testing::Test {
 protected:
  void change(const std::vector<Endpoint>& wanted) {
    auto ports = listeners.open(wanted);
    ASSERT_TRUE(ports) << to_string(ports.error().problem);
    listeners.use(std::move(*ports));
    turn();
  }
  void turn() {
    for (auto* const loop : {&first, &second}) {
      loop->restart();
      loop->poll();
    }
  }
  bool accepts(std::uint16_t port) {
    tcp::socket socket(first);
    Error error;
    socket.connect({asio::ip::address_v4::loopback(), port}, error);
    return !error;
  }
  asio::io_context first{1}, second{1};
  std::vector<std::pair<Listeners::Acceptor, std::size_t>> begun;
  Listeners listeners{{&first, &second}, [this](Listeners::Acceptor acceptor, std::size_t core) {
                        begun.emplace_back(std::move(acceptor), core);
                      }};
};

TEST_F(ListenersTest, APortThatStaysIsNeverClosed) {
  change({{"127.0.0.1", 0}});
  const auto port = listeners.ports().at(0).number;
  ASSERT_EQ(begun.size(), 2u);
  EXPECT_TRUE(accepts(port));
  change({{"127.0.0.1", 0}, {"127.0.0.1", 0}});
  EXPECT_EQ(listeners.ports().at(0).number, port);
  EXPECT_NE(listeners.ports().at(1).number, port);
  EXPECT_EQ(begun.size(), 4u);
  EXPECT_FALSE(begun[0].first->ending);
}

TEST_F(ListenersTest, APortThatIsGoneIsToEndOnEachCore) {
  change({{"127.0.0.1", 0}});
  change({});
  for (const auto& [acceptor, core] : begun) EXPECT_TRUE(acceptor->ending) << core;
  EXPECT_TRUE(listeners.ports().empty());
}

TEST_F(ListenersTest, AnAddressMayBecomeAllAddresses) {
  change({{"127.0.0.1", 0}});
  const auto port = listeners.ports().at(0).number;
  change({{"0.0.0.0", port}});
  EXPECT_EQ(listeners.ports().at(0).number, port);
  EXPECT_TRUE(accepts(port));
}

TEST_F(ListenersTest, ASocketThatListensAlreadyIsUsedForItsAddress) {
  tcp::acceptor given(first, {asio::ip::address_v4::loopback(), 0}),
      stranger(first, {asio::ip::address_v4::loopback(), 0});
  const auto port = given.local_endpoint().port();
  listeners.adopt({given.native_handle(), stranger.native_handle()});
  change({{"127.0.0.1", port}});
  EXPECT_TRUE(Listeners::uses(given.native_handle(), listeners.ports()));
  EXPECT_FALSE(Listeners::uses(stranger.native_handle(), listeners.ports()));
  EXPECT_EQ(name_of(given.native_handle()), "127.0.0.1:" + std::to_string(port));
  EXPECT_TRUE(accepts(port));
  change({});
  turn();
  begun.clear();
  EXPECT_TRUE(accepts(port)) << "the service manager's own socket still listens";
}

TEST_F(ListenersTest, WhereOneCannotBeOpenedNothingChanges) {
  tcp::acceptor taken(first, {asio::ip::address_v4::loopback(), 0});
  change({{"127.0.0.1", 0}});
  const auto port = listeners.ports().at(0).number;
  const auto refused = listeners.open({{"127.0.0.1", 0}, {"127.0.0.1", taken.local_endpoint().port()}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, StartFailure::kSystem);
  EXPECT_EQ(listeners.ports().at(0).number, port);
  EXPECT_FALSE(begun[0].first->ending);
  EXPECT_TRUE(accepts(port));
}

}  // namespace
}  // namespace stead::proxy
