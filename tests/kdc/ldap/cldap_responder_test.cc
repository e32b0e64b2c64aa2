#include "kdc/ldap/cldap_responder.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "kdc/directory/domain_guid.h"
#include "kdc/forest/forest_file.h"
#include "kdc/forest/functional_level.h"
#include "sspi_shim/base/unicode.h"
#include "sspi_shim/protocol/messages/netlogon.h"

namespace stead::kdc {
namespace {

class CldapResponder : public testing::Test {
 protected:
  Buffer netlogon(const NetlogonPing& ping, const Controller* controller = nullptr) {
    const auto& domain = *snapshot.domain("ROOT");
    const auto reply =
        cldap_reply(snapshot, domain, controller != nullptr ? *controller : domain.domain->controllers[0],
                    encode(to_search(ping, 7)));
    const auto decoded = decode_ping_reply(reply);
    EXPECT_TRUE(decoded);
    EXPECT_EQ(decoded->message_id, 7);
    EXPECT_EQ(decoded->result_code, 0);
    return decoded->netlogon;
  }
  NetlogonResponse answer(const NetlogonPing& ping, const Controller* controller = nullptr) {
    const auto decoded = decode_netlogon_response(netlogon(ping, controller), ping.nt_version);
    EXPECT_TRUE(decoded);
    return decoded ? *decoded : NetlogonResponse{};
  }
  static NetlogonPing ping(std::string domain = "Root.Fabrikam.com") {
    NetlogonPing out;
    out.dns_domain = std::move(domain);
    return out;
  }

  Snapshot snapshot{read_forest_file(STEAD_SAMPLES "/forest.toml").forest};
};

TEST_F(CldapResponder, SaysWhoItIs) {
  const auto reply = answer(ping());
  EXPECT_EQ(reply.opcode, NetlogonOpcode::response_ex);
  EXPECT_EQ(reply.flags, 0x33FDu);
  EXPECT_EQ(reply.dns_forest_name, "root.fabrikam.com");
  EXPECT_EQ(reply.dns_domain_name, "root.fabrikam.com");
  EXPECT_EQ(reply.dns_host_name, "dc08.root.fabrikam.com");
  EXPECT_EQ(reply.netbios_domain_name, "ROOT");
  EXPECT_EQ(reply.netbios_computer_name, "DC08");
  EXPECT_EQ(reply.dc_site_name, "Default-First-Site-Name");
  EXPECT_EQ(reply.client_site_name, "Default-First-Site-Name");
  EXPECT_EQ(reply.nt_version, 5u);
  EXPECT_FALSE(reply.ipv4);
}

TEST_F(CldapResponder, TellsItsLevelByItsFlags) {
  constexpr std::uint32_t kFlags[] = {0x3FD, 0x13FD, 0x33FD, 0x73FD, 0xF3FD, 0x1F3FD, 0x1F3FD, 0x1F3FD};
  constexpr const char* kSeen[] = {"2003", "2008", "2008", "2012", "2012R2", "2016", "2016", "2016"};
  for (int level = 0; level < 8; ++level) {
    Controller controller = snapshot.domain("ROOT")->domain->controllers[0];
    controller.level = static_cast<Level>(level);
    const auto reply = answer(ping(), &controller);
    EXPECT_EQ(reply.flags, kFlags[level]);
    EXPECT_EQ(to_string(level_of(reply.flags)), kSeen[level]);
    EXPECT_EQ(level_by_name(to_string(controller.level)), controller.level);
  }
}

TEST_F(CldapResponder, DoesNotCallADcOfAnotherSiteClosest) {
  Controller controller = snapshot.domain("ROOT")->domain->controllers[0];
  controller.site = "Branch";
  const auto reply = answer(ping(), &controller);
  EXPECT_EQ(reply.flags & ds_flag::closest, 0u);
  EXPECT_EQ(reply.dc_site_name, "Branch");
  EXPECT_EQ(reply.client_site_name, "");
}

TEST_F(CldapResponder, GivesNoAttributeForADomainItDoesNotHost) {
  EXPECT_TRUE(netlogon(ping("corp.contoso.com")).empty());
  auto by_guid = ping("");
  by_guid.domain_guid.emplace();
  EXPECT_TRUE(netlogon(by_guid).empty());
  by_guid.domain_guid = answer(ping()).domain_guid;
  EXPECT_FALSE(netlogon(by_guid).empty());
  EXPECT_FALSE(netlogon(ping("root.fabrikam.com.")).empty());
}

TEST_F(CldapResponder, TellsUsersItKnowsFromThoseItDoesNot) {
  auto asked = ping();
  asked.user = "ALICE";
  asked.account_control = 0x10;
  EXPECT_EQ(answer(asked).opcode, NetlogonOpcode::response_ex);
  EXPECT_EQ(answer(asked).user_name, "ALICE");
  asked.account_control = 0x80;
  EXPECT_EQ(answer(asked).opcode, NetlogonOpcode::user_unknown_ex);
  asked.account_control.reset();
  asked.user = "nobody";
  EXPECT_EQ(answer(asked).opcode, NetlogonOpcode::user_unknown_ex);
  asked.user = "dave";  // disabled
  EXPECT_EQ(answer(asked).opcode, NetlogonOpcode::user_unknown_ex);
}

TEST_F(CldapResponder, AddsItsAddressWhereAsked) {
  auto asked = ping();
  asked.nt_version |= nt_version::v5ex_with_ip;
  EXPECT_EQ(answer(asked).ipv4, 0x7f000801u);
}

TEST_F(CldapResponder, SpeaksTheOldFormsToOldClients) {
  auto asked = ping();
  asked.nt_version = nt_version::v1 | nt_version::v5;
  const auto v5 = netlogon(asked);
  ASSERT_GT(v5.size(), 60u);
  EXPECT_EQ(load_le16(v5.data()), 19);
  EXPECT_EQ(from_utf16le({v5.data() + 2, 12}), "\\\\DC08");
  EXPECT_EQ(load_le32(v5.data() + v5.size() - 8), 3u);
  EXPECT_EQ(load_le32(v5.data() + v5.size() - 12), 0x33FDu);
  EXPECT_EQ(load_le32(v5.data() + v5.size() - 16), 0x7f000801u);
  asked.nt_version = nt_version::v1;
  asked.user = "nobody";
  const auto nt4 = netlogon(asked);
  EXPECT_EQ(load_le16(nt4.data()), 21);
  EXPECT_EQ(load_le32(nt4.data() + nt4.size() - 8), 1u);
}

TEST_F(CldapResponder, SaysThatItIsPausedWhereTheDirectoryHasItSo) {
  Forest forest = snapshot.forest();
  const Controller started_with = forest.domains[0].controllers[0];
  forest.domains[0].controllers[0].paused = true;
  const Snapshot later(std::move(forest));
  const auto& domain = *later.domain("ROOT");
  const auto opcode = [&](const NetlogonPing& asked, const Controller& controller) {
    return load_le16(
        decode_ping_reply(cldap_reply(later, domain, controller, encode(to_search(asked, 7))))->netlogon.data());
  };
  EXPECT_EQ(opcode(ping(), started_with), 24);
  EXPECT_EQ(opcode(ping(), domain.domain->controllers[1]), 23);
  auto asked = ping();
  asked.user = "nobody";
  EXPECT_EQ(opcode(asked, started_with), 24);
  asked.nt_version = nt_version::v1 | nt_version::v5;
  EXPECT_EQ(opcode(asked, started_with), 20);
}

TEST_F(CldapResponder, IsSilentOnWhatIsNoSearch) {
  const auto& domain = *snapshot.domain("ROOT");
  const auto reply = [&](Bytes datagram) {
    return cldap_reply(snapshot, domain, domain.domain->controllers[0], datagram);
  };
  EXPECT_TRUE(reply({}).empty());
  auto search = encode(to_search(ping(), 1));
  for (std::size_t size = 0; size < search.size(); ++size) EXPECT_TRUE(reply(Bytes(search).first(size)).empty());
  PingSearch other{3, {{"objectClass", to_buffer(as_bytes("top"))}}, {"Netlogon"}};
  const auto answered = decode_ping_reply(reply(encode(other)));
  ASSERT_TRUE(answered);
  EXPECT_TRUE(answered->netlogon.empty());
}

}  // namespace
}  // namespace stead::kdc
