#include "proxy/core/request_rates.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

namespace stead::proxy {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;

class RequestRatesTest : public testing::Test {
 protected:
  RequestRates::Verdict take(const char* address, std::chrono::milliseconds at) {
    return rates_->take(address_key(make_address(address)), {.per_second = 2, .burst = 3}, start_ + at);
  }
  const RequestRates::Clock::time_point start_ = RequestRates::Clock::now();
  const std::unique_ptr<RequestRates> rates_ = std::make_unique<RequestRates>();
};

TEST_F(RequestRatesTest, ABurstPassesAndThenTheRateCounts) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(take("192.0.2.1", 0ms).allowed);
  const auto over = take("192.0.2.1", 0ms);
  EXPECT_FALSE(over.allowed);
  EXPECT_EQ(over.wait, 1s);
  EXPECT_TRUE(take("192.0.2.1", 500ms).allowed);
  EXPECT_FALSE(take("192.0.2.1", 600ms).allowed);
  EXPECT_TRUE(take("192.0.2.1", 1000ms).allowed);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(take("192.0.2.1", 60s).allowed) << "no more than a burst was saved up";
  EXPECT_FALSE(take("192.0.2.1", 60s).allowed);
}

TEST_F(RequestRatesTest, IsToldOncePerTransgression) {
  for (int i = 0; i < 3; ++i) (void)take("192.0.2.1", 0ms);
  EXPECT_TRUE(take("192.0.2.1", 1ms).first);
  EXPECT_FALSE(take("192.0.2.1", 2ms).first);
  EXPECT_TRUE(take("192.0.2.1", 600ms).allowed);
  EXPECT_FALSE(take("192.0.2.1", 601ms).first) << "it was never well again";
  for (int i = 0; i < 3; ++i) (void)take("192.0.2.1", 10s);
  EXPECT_TRUE(take("192.0.2.1", 10s).first);
}

TEST_F(RequestRatesTest, AnAddressIsOneClient) {
  for (int i = 0; i < 3; ++i) (void)take("2001:db8::1", 0ms);
  EXPECT_FALSE(take("2001:db8::2", 0ms).allowed) << "of the same /64";
  EXPECT_TRUE(take("2001:db8:0:1::1", 0ms).allowed);
  for (int i = 0; i < 3; ++i) (void)take("192.0.2.1", 0ms);
  EXPECT_FALSE(take("::ffff:192.0.2.1", 0ms).allowed);
  EXPECT_TRUE(take("192.0.2.2", 0ms).allowed);
}

TEST_F(RequestRatesTest, ABusyAddressKeepsItsPlaceAmongAnyNumberOfOthers) {
  for (int i = 0; i < 3; ++i) (void)take("192.0.2.1", 0ms);
  int refused = 0;
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    const boost::asio::ip::address other = boost::asio::ip::address_v4(0x0b000000 + i);
    (void)rates_->take(address_key(other), {.per_second = 2, .burst = 3}, start_ + std::chrono::microseconds(i));
    if (i % 1000 == 999 && !take("192.0.2.1", std::chrono::milliseconds(i / 1000 + 1)).allowed) ++refused;
  }
  EXPECT_EQ(refused, 200);
}

TEST_F(RequestRatesTest, AClockThatStandsStillGivesNothing) {
  for (int i = 0; i < 3; ++i) (void)take("192.0.2.1", 10s);
  EXPECT_FALSE(take("192.0.2.1", 9s).allowed);
  EXPECT_FALSE(take("192.0.2.1", 10s).allowed);
}

}  // namespace
}  // namespace stead::proxy
