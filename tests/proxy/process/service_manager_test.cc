#include "proxy/process/service_manager.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace stead::proxy {
namespace {

TEST(ServiceManager, ItsSocketsAreForTheProcessThatItNames) {
  EXPECT_TRUE(sockets_of_service_manager().empty());
  ::setenv("LISTEN_FDS", "1", 1);
  EXPECT_TRUE(sockets_of_service_manager().empty()) << "without LISTEN_PID";
  ::setenv("LISTEN_PID", "1", 1);
  EXPECT_TRUE(sockets_of_service_manager().empty()) << "of another process";
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  for (const char* count : {"", "-1", "many", "100000"}) {
    ::setenv("LISTEN_FDS", count, 1);
    EXPECT_TRUE(sockets_of_service_manager().empty()) << count;
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  }
}

TEST(ServiceManager, SaysHowOftenItWantsToHearOfUs) {
  EXPECT_FALSE(watchdog_interval());
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(watchdog_interval(), std::chrono::seconds(3));
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(watchdog_interval()) << "another process";
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_TRUE(watchdog_interval());
  for (const char* value : {"", "0", "-5", "soon"}) {
    ::setenv("WATCHDOG_USEC", value, 1);
    EXPECT_FALSE(watchdog_interval()) << value;
  }
}

}  // namespace
}  // namespace stead::proxy
