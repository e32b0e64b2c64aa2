#include "sspi_shim/sspi/recent_clients.h"

#include <gtest/gtest.h>

#include <string>

#include "sspi_shim/sspi/configuration.h"

namespace stead::sspi {
namespace {

TEST(RecentClients, AreBounded) {
  RecentClients clients;
  const ClientPtr one = open_keyless_client({}, "ONE.TEST");
  for (int i = 0; i < 1000; ++i) {
    clients.insert("REALM" + std::to_string(i), one);
    EXPECT_LE(clients.size(), RecentClients::kMaxClients);
  }
  EXPECT_EQ(clients.find("REALM0"), nullptr);
  EXPECT_EQ(clients.find("REALM999"), one);
}

TEST(RecentClients, KeepTheOneInUse) {
  RecentClients clients;
  const ClientPtr one = open_keyless_client({}, "ONE.TEST"), other = open_keyless_client({}, "OTHER.TEST");
  clients.insert("ONE.TEST", one);
  for (int i = 0; i < 1000; ++i) {
    clients.insert("REALM" + std::to_string(i), other);
    EXPECT_EQ(clients.find("ONE.TEST"), one);
  }
}

TEST(RecentClients, ARealmHasOneClient) {
  const ClientPtr one = keyless_client_for({}, "ONE.TEST");
  EXPECT_EQ(keyless_client_for({}, "one.test"), one);
  for (int i = 0; i < 100; ++i) EXPECT_NE(keyless_client_for({}, "REALM" + std::to_string(i)), nullptr);
  EXPECT_NE(keyless_client_for({}, "ONE.TEST"), one) << "forgotten, and still usable by who holds it";
  EXPECT_NE(one->client(), nullptr);
}

}  // namespace
}  // namespace stead::sspi
