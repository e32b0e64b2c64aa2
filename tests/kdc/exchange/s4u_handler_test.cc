#include <chrono>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sspi_shim/protocol/messages/preauth.h"
#include "tests/kdc/support/scripted_client.h"
#include "tests/kdc/support/test_forests.h"

namespace stead::kdc::test {
namespace {

constexpr const char* kN08 = "n08r2.north.example";
constexpr const char* kN12 = "n12.north.example";
constexpr const char* kN22 = "n22.north.example";
constexpr const char* kWeb = "HTTP/web.north.example";
constexpr const char* kPlain = "HTTP/plain.north.example";
constexpr const char* kBare = "HTTP/bare.north.example";

class S4u : public testing::Test {
 protected:
  TestForest forest{kTwoForests};

  // Evidence by S4U2Self at `dc`.
  Ticket evidence(const char* dc, const Credential& service, const char* name, const char* user = "olav") {
    Got got = forest.self(dc, service, name, user);
    EXPECT_TRUE(got.ok()) << got.text();
    return got.reply.ticket;
  }
  // The user's own ticket to the service.
  Ticket own_ticket(const char* dc, const char* name, const char* user = "olav") {
    const Got got = forest.tgs(dc, forest.sign_in(dc, user), {.sname = principal(name)});
    EXPECT_TRUE(got.ok()) << got.text();
    return got.reply.ticket;
  }
  static TgsAsk for_user(const char* service, PrincipalName user, std::string realm) {
    TgsAsk ask{.sname = principal(service)};
    ask.user = Principal{std::move(user), std::move(realm)};
    return ask;
  }
};

TEST_F(S4u, SelfGivesATicketInTheUsersName) {
  const Credential web = forest.sign_in(kN22, "web$");
  for (const S4uForm form : {S4uForm::x509_user, S4uForm::for_user, S4uForm::both}) {
    TgsAsk ask = for_user(kWeb, {NameType::principal, {"OLAV"}}, "north.example");
    ask.form = form;
    const Got got = forest.tgs(kN22, web, ask);
    ASSERT_TRUE(got.ok()) << got.text();
    EXPECT_EQ(got.reply.cname, principal("olav"));
    EXPECT_EQ(got.reply.crealm, "NORTH.EXAMPLE");
    const auto seen = forest.open(got.reply.ticket);
    EXPECT_TRUE(seen.has(ticket_flag::forwardable));
    EXPECT_EQ(seen.client.name, "olav");
    EXPECT_TRUE(seen.logon.has_sid(well_known_sid::service_asserted));
    EXPECT_FALSE(seen.logon.has_sid(well_known_sid::authentication_authority));
    EXPECT_FALSE(seen.has_buffer(PacType::requestor_sid));
    EXPECT_TRUE(seen.has_buffer(PacType::ticket_checksum));
    EXPECT_EQ(find_padata(got.reply.padata, PaType::s4u_x509_user) != nullptr, form != S4uForm::for_user);
  }
}

TEST_F(S4u, SelfTakesAUpnAndSignsItsReply) {
  const Credential web = forest.sign_in(kN22, "web$");
  TgsAsk ask = for_user(kWeb, enterprise_name("olav@ships.example"), "NORTH.EXAMPLE");
  ask.subkey = false;
  const Got got = forest.tgs(kN22, web, ask);
  ASSERT_TRUE(got.ok()) << got.text();
  const PaData* padata = find_padata(got.reply.padata, PaType::s4u_x509_user);
  ASSERT_TRUE(padata);
  const PaS4uX509User reply = *decode_pa_s4u_x509_user(padata->value);
  EXPECT_EQ(*reply.user_id.cname, principal("olav"));
  EXPECT_EQ(reply.user_id.nonce, got.part.nonce);
  EXPECT_TRUE(verify_checksum(reply.checksum, web.session_key, KeyUsage::pa_s4u_x509_user_reply, reply.user_id_der));
}

struct Forwardable {
  const char* name;
  const char* dc;
  const char* service;
  const char* user;
  bool forwardable;
};
void PrintTo(const Forwardable& row, std::ostream* out) {
  *out << row.name;
}
class SelfForwardable : public S4u, public testing::WithParamInterface<Forwardable> {};
TEST_P(SelfForwardable, Holds) {
  const Credential service = forest.sign_in(GetParam().dc, GetParam().service);
  const Got got = forest.self(GetParam().dc, service, GetParam().service, GetParam().user);
  ASSERT_TRUE(got.ok()) << got.text();
  EXPECT_EQ(forest.open(got.reply.ticket).has(ticket_flag::forwardable), GetParam().forwardable);
}
INSTANTIATE_TEST_SUITE_P(Table, SelfForwardable,
                         testing::Values(Forwardable{"trusted_2022", kN22, "web$", "olav", true},
                                         Forwardable{"trusted_2008", kN08, "web$", "olav", true},
                                         Forwardable{"list_2022", kN22, "plain$", "olav", false},
                                         Forwardable{"list_2008", kN08, "plain$", "olav", false},
                                         Forwardable{"neither_2012", kN12, "bare$", "olav", true},
                                         Forwardable{"neither_2008", kN08, "bare$", "olav", false},
                                         Forwardable{"sensitive", kN22, "web$", "sensitive", false},
                                         Forwardable{"guarded_2022", kN22, "web$", "guarded", false},
                                         Forwardable{"guarded_2012", kN12, "web$", "guarded", true}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(S4u, SelfWritesNoAssertedIdentityBefore2012) {
  const Credential web = forest.sign_in(kN08, "web$");
  const PacLogonInfo logon = forest.open(evidence(kN08, web, kWeb)).logon;
  EXPECT_FALSE(logon.has_sid(well_known_sid::service_asserted));
  EXPECT_FALSE(logon.has_sid(well_known_sid::authentication_authority));
}

TEST_F(S4u, SelfRefusals) {
  const Credential web = forest.sign_in(kN22, "web$");
  EXPECT_EQ(forest.self(kN22, web, kPlain, "olav").text(), "KRB_AP_ERR_BADMATCH");
  EXPECT_EQ(forest.self(kN22, web, kWeb, "nobody").code(), KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN);
  EXPECT_EQ(forest.self(kN22, web, kWeb, "off").text(), "KDC_ERR_CLIENT_REVOKED STATUS_ACCOUNT_DISABLED");
  EXPECT_EQ(forest.tgs(kN22, web, for_user(kWeb, principal("kari"), "FJORD.NORTH.EXAMPLE")).text(), "KDC_ERR_POLICY");

  Credential without_pac = web;
  without_pac.ticket =
      forest.rewrite(web.ticket, [](EncTicketPart& part, Pac&) { part.authorization_data.clear(); }, false);
  EXPECT_EQ(forest.self(kN22, without_pac, kWeb, "olav").text(), "KDC_ERR_TGT_REVOKED");

  PaForUser unkeyed{.user_name = principal("olav"), .user_realm = "NORTH.EXAMPLE", .checksum = {}};
  unkeyed.checksum = {ChecksumType::rsa_md5, unkeyed_checksum(ChecksumType::rsa_md5, checksum_input(unkeyed))};
  TgsAsk ask{.sname = principal(kWeb)};
  ask.padata = {{PaType::for_user, encode(unkeyed)}};
  EXPECT_EQ(forest.tgs(kN22, web, ask).text(), "KRB_AP_ERR_INAPP_CKSUM");
  unkeyed.checksum =
      *make_checksum(ChecksumType::hmac_md5, web.session_key, KeyUsage::pa_for_user_checksum, checksum_input(unkeyed));
  unkeyed.user_name = principal("sensitive");
  ask.padata = {{PaType::for_user, encode(unkeyed)}};
  EXPECT_EQ(forest.tgs(kN22, web, ask).text(), "KRB_AP_ERR_MODIFIED");
}

TEST_F(S4u, ProxyWritesDelegationInfo) {
  const Credential web = forest.sign_in(kN22, "web$");
  const Ticket ticket = evidence(kN22, web, kWeb);
  const Got got = forest.proxy(kN22, web, ticket, "HTTP/listed.north.example");
  ASSERT_TRUE(got.ok()) << got.text();
  EXPECT_EQ(got.reply.cname, principal("olav"));
  const auto seen = forest.open(got.reply.ticket);
  ASSERT_TRUE(seen.delegation);
  EXPECT_EQ(seen.delegation->s4u2proxy_target, "HTTP/listed.north.example");
  EXPECT_EQ(seen.delegation->s4u_transited_services,
            (std::vector<std::string>{"HTTP/web.north.example@NORTH.EXAMPLE"}));
  EXPECT_EQ(seen.client.name, "olav");
  EXPECT_TRUE(seen.has(ticket_flag::forwardable));
  EXPECT_TRUE(seen.logon.has_sid(well_known_sid::service_asserted));
  EXPECT_TRUE(find_padata(got.part.encrypted_padata, PaType::pac_options));
  EXPECT_EQ(seen.part.authtime, forest.open(ticket).part.authtime);
}

// The table of answers over the wire: who, with what evidence, at which level.
enum class By { s4u2self, ticket };
struct ProxyRow {
  const char* name;
  const char* dc;
  const char* front;
  const char* front_spn;
  By evidence;
  const char* user;
  const char* target;
  bool bit;
  const char* answer;
};
void PrintTo(const ProxyRow& row, std::ostream* out) {
  *out << row.name;
}
class ProxyTable : public S4u, public testing::WithParamInterface<ProxyRow> {};
TEST_P(ProxyTable, Answers) {
  const ProxyRow& row = GetParam();
  const Credential front = forest.sign_in(row.dc, row.front);
  const Ticket proof = row.evidence == By::s4u2self ? evidence(row.dc, front, row.front_spn, row.user)
                                                    : own_ticket(row.dc, row.front_spn, row.user);
  EXPECT_EQ(forest.proxy(row.dc, front, proof, row.target, row.bit).text(), row.answer);
}
constexpr const char* kListed = "HTTP/listed.north.example";
constexpr const char* kRbcd = "HTTP/rbcd.north.example";
constexpr const char* kClosed = "HTTP/closed.north.example";
constexpr const char* kAbroad = "HTTP/back.south.test";
constexpr const char* kNotFound = "KDC_ERR_BADOPTION STATUS_NOT_FOUND";
constexpr const char* kRestricted = "KDC_ERR_BADOPTION STATUS_ACCOUNT_RESTRICTION";
INSTANTIATE_TEST_SUITE_P(
    Rows, ProxyTable,
    testing::Values(
        ProxyRow{"old_listed", kN08, "web$", kWeb, By::s4u2self, "olav", kListed, true, "ticket"},
        ProxyRow{"old_not_listed", kN08, "web$", kWeb, By::s4u2self, "olav", kRbcd, true, kNotFound},
        ProxyRow{"old_no_list", kN08, "bare$", kBare, By::ticket, "olav", kRbcd, true, kNotFound},
        ProxyRow{"old_abroad_no_list", kN08, "bare$", kBare, By::ticket, "olav", kAbroad, true, kNotFound},
        ProxyRow{"old_abroad_list", kN08, "web$", kWeb, By::s4u2self, "olav", kAbroad, true,
                 "KDC_ERR_POLICY STATUS_CROSSREALM_DELEGATION_FAILURE"},
        ProxyRow{"old_nowhere", kN08, "web$", kWeb, By::s4u2self, "olav", "HTTP/none.north.example", true,
                 "KDC_ERR_S_PRINCIPAL_UNKNOWN"},
        ProxyRow{"old_not_forwardable", kN08, "plain$", kPlain, By::s4u2self, "olav", kListed, true, kRestricted},
        ProxyRow{"old_sensitive", kN08, "web$", kWeb, By::ticket, "sensitive", kListed, true, kRestricted},
        ProxyRow{"new_rbcd", kN12, "web$", kWeb, By::s4u2self, "olav", kRbcd, true, "ticket"},
        ProxyRow{"new_rbcd_without_list", kN22, "bare$", kBare, By::s4u2self, "olav", kRbcd, true, "ticket"},
        ProxyRow{"new_list", kN12, "web$", kWeb, By::s4u2self, "olav", kListed, true, "ticket"},
        ProxyRow{"new_list_beside_denying_rbcd", kN12, "web$", kWeb, By::s4u2self, "olav", "HTTP/both.north.example",
                 true, "ticket"},
        ProxyRow{"new_neither", kN12, "web$", kWeb, By::s4u2self, "olav", kClosed, true, kNotFound},
        ProxyRow{"new_neither_no_list", kN12, "bare$", kBare, By::s4u2self, "olav", kClosed, true, kNotFound},
        ProxyRow{"new_abroad", kN12, "web$", kWeb, By::s4u2self, "olav", kAbroad, true, "referral to SOUTH.TEST"},
        ProxyRow{"new_nowhere", kN12, "web$", kWeb, By::s4u2self, "olav", "HTTP/none.north.example", true,
                 "KDC_ERR_S_PRINCIPAL_UNKNOWN"},
        ProxyRow{"no_bit_unset", kN12, "bare$", kBare, By::s4u2self, "olav", kRbcd, false,
                 "KDC_ERR_BADOPTION STATUS_NOT_SUPPORTED"},
        ProxyRow{"no_bit_unset_abroad", kN12, "bare$", kBare, By::s4u2self, "olav", kAbroad, false,
                 "KDC_ERR_BADOPTION STATUS_NOT_SUPPORTED"},
        ProxyRow{"no_bit_others", kN12, "web$", kWeb, By::s4u2self, "olav", kRbcd, false,
                 "KDC_ERR_BADOPTION STATUS_NO_MATCH"},
        ProxyRow{"no_bit_listed", kN12, "web$", kWeb, By::s4u2self, "olav", kListed, false, "ticket"},
        ProxyRow{"transition_rbcd", kN12, "plain$", kPlain, By::s4u2self, "olav", kRbcd, true, "ticket"},
        ProxyRow{"transition_list", kN12, "plain$", kPlain, By::s4u2self, "olav", kListed, true, kRestricted},
        ProxyRow{"transition_abroad", kN12, "plain$", kPlain, By::s4u2self, "olav", kAbroad, true,
                 "referral to SOUTH.TEST"},
        ProxyRow{"transition_no_bit", kN12, "plain$", kPlain, By::s4u2self, "olav", kListed, false, kRestricted},
        ProxyRow{"own_ticket_list", kN12, "plain$", kPlain, By::ticket, "olav", kListed, true, "ticket"},
        ProxyRow{"sensitive_own_ticket", kN22, "plain$", kPlain, By::ticket, "sensitive", kRbcd, true, kRestricted},
        ProxyRow{"sensitive_self", kN22, "web$", kWeb, By::s4u2self, "sensitive", kRbcd, true, kRestricted},
        ProxyRow{"guarded_self", kN22, "web$", kWeb, By::s4u2self, "guarded", kRbcd, true, kRestricted},
        ProxyRow{"guarded_abroad", kN22, "web$", kWeb, By::s4u2self, "guarded", kAbroad, true, kRestricted}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(S4u, ProxyRefusesEvidenceThatDoesNotHold) {
  const Credential web = forest.sign_in(kN22, "web$");
  const Credential plain = forest.sign_in(kN22, "plain$");
  const Ticket ticket = evidence(kN22, plain, kPlain);
  EXPECT_EQ(forest.proxy(kN22, web, ticket, kListed).text(), "KDC_ERR_SERVER_NOMATCH");
  // The bronze bit: the front end, who has the key, sets the flag himself.
  const Ticket bronze =
      forest.rewrite(ticket, [](EncTicketPart& part, Pac&) { part.flags |= ticket_flag::forwardable; }, false);
  EXPECT_EQ(forest.proxy(kN22, plain, bronze, kListed).text(), "KRB_AP_ERR_MODIFIED STATUS_NOT_SUPPORTED");
  EXPECT_EQ(forest.proxy(kN22, plain, bronze, kListed, false).text(), "KRB_AP_ERR_MODIFIED");
  const Ticket renamed =
      forest.rewrite(ticket, [](EncTicketPart& part, Pac&) { part.cname = principal("sensitive"); }, false);
  EXPECT_EQ(forest.proxy(kN22, plain, renamed, kListed).text(), "KRB_AP_ERR_MODIFIED STATUS_NOT_SUPPORTED");
  const Ticket bare = forest.rewrite(ticket, [](EncTicketPart& part, Pac&) { part.authorization_data.clear(); }, false);
  EXPECT_EQ(forest.proxy(kN22, plain, bare, kListed).text(), "KRB_AP_ERR_MODIFIED");
  TgsAsk nothing{.sname = principal(kListed)};
  nothing.options |= kdc_option::cname_in_addl_tkt;
  EXPECT_EQ(forest.tgs(kN22, web, nothing).text(), "KDC_ERR_BADOPTION");
  forest.now += std::chrono::hours(11);
  EXPECT_EQ(forest.proxy(kN22, forest.sign_in(kN22, "plain$"), ticket, kListed).text(), "KRB_AP_ERR_TKT_EXPIRED");
}

TEST_F(S4u, SecondDelegationAppends) {
  const Credential web = forest.sign_in(kN22, "web$");
  const Got first = forest.proxy(kN22, web, evidence(kN22, web, kWeb), kRbcd);
  ASSERT_TRUE(first.ok()) << first.text();
  const Credential rbcd = forest.sign_in(kN22, "rbcd$");
  EXPECT_EQ(forest.proxy(kN22, rbcd, first.reply.ticket, kClosed).text(), kNotFound);
  const Got abroad = forest.proxy(kN22, rbcd, first.reply.ticket, kAbroad);
  ASSERT_EQ(abroad.text(), "referral to SOUTH.TEST");
  const auto seen = forest.open(abroad.reply.ticket);
  EXPECT_EQ(seen.delegation->s4u2proxy_target, kAbroad);
  EXPECT_EQ(
      seen.delegation->s4u_transited_services,
      (std::vector<std::string>{"HTTP/web.north.example@NORTH.EXAMPLE", "HTTP/rbcd.north.example@NORTH.EXAMPLE"}));
}

// The ten steps without the first rejection, over any number of hops.
class Across : public S4u {
 protected:
  // Walks `start` to the realm of the last DC: each is asked for krbtgt of `realm`.
  Got walk(Credential at, const std::string& realm, const std::vector<const char*>& dcs) {
    Got got;
    got.credential = at;
    for (const char* dc : dcs) {
      got = forest.tgs(dc, got.credential, {.sname = krbtgt_name(realm)});
      if (!got.ok()) return got;
    }
    return got;
  }
};

TEST_F(Across, RbcdInAnotherForest) {
  const Credential web = forest.sign_in(kN12, "web$");
  const Got p1 = forest.proxy(kN12, web, evidence(kN12, web, kWeb), kAbroad);
  ASSERT_EQ(p1.text(), "referral to SOUTH.TEST");
  EXPECT_EQ(p1.reply.cname, principal("web$"));
  const auto referral = forest.open(p1.reply.ticket);
  EXPECT_EQ(referral.part.cname, principal("web$"));
  EXPECT_EQ(referral.client.name, "olav@NORTH.EXAMPLE");
  EXPECT_EQ(referral.logon.effective_name, "olav");
  EXPECT_EQ(*decode_pac_attributes(*referral.pac.find(PacType::attributes_info)), 2u);
  EXPECT_EQ(*decode_sid(*referral.pac.find(PacType::requestor_sid)), forest.open(web.ticket).logon.user_sid());
  EXPECT_TRUE(referral.has(ticket_flag::forwardable));
  EXPECT_TRUE(find_padata(p1.part.encrypted_padata, PaType::pac_options));

  const Got own = forest.tgs(kN12, web, {.sname = principal(kAbroad)});
  ASSERT_EQ(own.text(), "referral to SOUTH.TEST");
  EXPECT_EQ(forest.tgs("s08.south.test", own.credential, {.sname = principal(kAbroad)}).text(), "ticket");

  const Got granted = forest.proxy("s12.south.test", own.credential, p1.reply.ticket, kAbroad);
  ASSERT_TRUE(granted.ok()) << granted.text();
  EXPECT_EQ(granted.reply.cname, principal("olav"));
  EXPECT_EQ(granted.reply.crealm, "NORTH.EXAMPLE");
  const auto seen = forest.open(granted.reply.ticket);
  EXPECT_EQ(seen.client.name, "olav");
  EXPECT_EQ(seen.delegation->s4u2proxy_target, kAbroad);
  EXPECT_EQ(seen.delegation->s4u_transited_services.size(), 1u);
  EXPECT_TRUE(seen.has(ticket_flag::transited_policy_checked));
  EXPECT_FALSE(seen.has_buffer(PacType::requestor_sid));
  EXPECT_TRUE(find_padata(granted.part.encrypted_padata, PaType::pac_options));

  EXPECT_EQ(forest.proxy("s08.south.test", own.credential, p1.reply.ticket, kAbroad).text(), kNotFound);
  EXPECT_EQ(forest.proxy("s12.south.test", own.credential, p1.reply.ticket, "HTTP/shut.south.test").text(),
            "KDC_ERR_BADOPTION");
  EXPECT_EQ(forest.proxy("s12.south.test", p1.credential, p1.reply.ticket, kAbroad).text(), "KDC_ERR_BADOPTION");
}

TEST_F(Across, DeniedByTheTarget) {
  const char* shut = "HTTP/shut.south.test";
  const Credential web = forest.sign_in(kN12, "web$");
  const Got p1 = forest.proxy(kN12, web, evidence(kN12, web, kWeb), shut);
  const Got own = forest.tgs(kN12, web, {.sname = principal(shut)});
  EXPECT_EQ(forest.proxy("s12.south.test", own.credential, p1.reply.ticket, shut).text(), kNotFound);
}

TEST_F(Across, TransitionEvidenceStaysNotForwardable) {
  const char* coral = "HTTP/coral.reef.dune.south.test";
  const char* fjord = "f16.fjord.north.example";
  const Credential front = forest.sign_in(fjord, "untrusted$");
  const Got self = forest.self(fjord, front, "HTTP/untrusted.fjord.north.example", "kari");
  ASSERT_FALSE(forest.open(self.reply.ticket).has(ticket_flag::forwardable));
  const Got p1 = forest.proxy(fjord, front, self.reply.ticket, coral);
  ASSERT_EQ(p1.text(), "referral to NORTH.EXAMPLE");
  const std::vector<const char*> between{kN12, "s12.south.test", "d19.dune.south.test"};
  const Got proxy_tgt = walk(p1.credential, "REEF.DUNE.SOUTH.TEST", between);
  ASSERT_EQ(proxy_tgt.text(), "referral to REEF.DUNE.SOUTH.TEST");
  EXPECT_FALSE(forest.open(proxy_tgt.reply.ticket).has(ticket_flag::forwardable));
  const Got own = walk(front, "REEF.DUNE.SOUTH.TEST", {fjord, kN12, "s12.south.test", "d19.dune.south.test"});
  const Got granted = forest.proxy("r22.reef.dune.south.test", own.credential, proxy_tgt.reply.ticket, coral);
  ASSERT_TRUE(granted.ok()) << granted.text();
  EXPECT_FALSE(forest.open(granted.reply.ticket).has(ticket_flag::forwardable));
}

TEST_F(Across, FourHops) {
  const char* coral = "HTTP/coral.reef.dune.south.test";
  const char* fjord = "f16.fjord.north.example";
  const Credential front = forest.sign_in(fjord, "front$");
  const Got p1 = forest.proxy(fjord, front, evidence(fjord, front, "HTTP/front.fjord.north.example", "kari"), coral);
  ASSERT_EQ(p1.text(), "referral to NORTH.EXAMPLE");
  const std::vector<const char*> between{kN12, "s12.south.test", "d19.dune.south.test"};
  const Got proxy_tgt = walk(p1.credential, "REEF.DUNE.SOUTH.TEST", between);
  ASSERT_TRUE(proxy_tgt.ok()) << proxy_tgt.text();
  EXPECT_EQ(forest.open(proxy_tgt.reply.ticket).client.name, "kari@FJORD.NORTH.EXAMPLE");
  std::vector<const char*> all{fjord};
  all.insert(all.end(), between.begin(), between.end());
  const Got own = walk(front, "REEF.DUNE.SOUTH.TEST", all);
  ASSERT_TRUE(own.ok()) << own.text();
  const Got granted = forest.proxy("r22.reef.dune.south.test", own.credential, proxy_tgt.reply.ticket, coral);
  ASSERT_TRUE(granted.ok()) << granted.text();
  const auto seen = forest.open(granted.reply.ticket);
  EXPECT_EQ(seen.client.name, "kari");
  EXPECT_EQ(seen.part.crealm, "FJORD.NORTH.EXAMPLE");
  EXPECT_EQ(*expand_transited(seen.part.transited, seen.part.crealm, "REEF.DUNE.SOUTH.TEST"),
            (std::vector<std::string>{"NORTH.EXAMPLE", "SOUTH.TEST", "DUNE.SOUTH.TEST"}));

  // A DC on the path answers an S4U2Proxy request with the next referral, and one before 2012 refuses the referral TGT.
  const Got own_at_north = forest.tgs(fjord, front, {.sname = krbtgt_name("REEF.DUNE.SOUTH.TEST")});
  const Got on_path = forest.proxy(kN12, own_at_north.credential, p1.reply.ticket, coral);
  ASSERT_EQ(on_path.text(), "referral to SOUTH.TEST");
  EXPECT_EQ(forest.open(on_path.reply.ticket).client.name, "kari@FJORD.NORTH.EXAMPLE");
  EXPECT_EQ(walk(p1.credential, "REEF.DUNE.SOUTH.TEST", {kN08}).text(), "KDC_ERR_POLICY");
  EXPECT_EQ(forest.tgs(kN08, p1.credential, {.sname = principal(kWeb)}).text(), "KDC_ERR_POLICY");
  EXPECT_EQ(forest.tgs(kN12, p1.credential, {.sname = principal(kWeb)}).text(), "KDC_ERR_BADOPTION");
}

TEST_F(Across, SelfForAUserOfAnotherForest) {
  const Credential web = forest.sign_in(kN22, "web$");
  const Got tgt = walk(web, "DUNE.SOUTH.TEST", {kN22, "s12.south.test"});
  ASSERT_TRUE(tgt.ok()) << tgt.text();
  TgsAsk ask{.sname = enterprise_name("HTTP/web.north.example@NORTH.EXAMPLE")};
  ask.user = Principal{principal("dora"), "DUNE.SOUTH.TEST"};
  const Got first = forest.tgs("d19.dune.south.test", tgt.credential, ask);
  ASSERT_EQ(first.text(), "referral to SOUTH.TEST");
  EXPECT_EQ(first.reply.cname, principal("web$"));
  const auto referral = forest.open(first.reply.ticket);
  EXPECT_EQ(referral.client.name, "dora@DUNE.SOUTH.TEST");
  EXPECT_TRUE(referral.logon.has_sid(well_known_sid::service_asserted));
  const Got second = forest.tgs("s08.south.test", first.credential, ask);
  ASSERT_EQ(second.text(), "referral to NORTH.EXAMPLE");
  ask.sname = principal(kWeb);
  const Got home = forest.tgs(kN22, second.credential, ask);
  ASSERT_TRUE(home.ok()) << home.text();
  EXPECT_EQ(home.reply.cname, principal("dora"));
  EXPECT_EQ(home.reply.crealm, "DUNE.SOUTH.TEST");
  const auto seen = forest.open(home.reply.ticket);
  EXPECT_EQ(seen.client.name, "dora");
  EXPECT_TRUE(seen.has(ticket_flag::forwardable));
  ask.user->name = principal("sol");
  EXPECT_EQ(forest.tgs(kN22, second.credential, ask).text(), "KDC_ERR_POLICY");
  ask.user->name = principal("dora");
  ask.sname = principal(kPlain);
  EXPECT_EQ(forest.tgs(kN22, second.credential, ask).text(), "KRB_AP_ERR_BADMATCH");
  // As evidence it goes on within the forest of the front end.
  EXPECT_EQ(forest.proxy(kN22, web, home.reply.ticket, kListed).text(), "ticket");
}

TEST_F(Across, SelfForAUserOfAnotherForestPassesTheFrontEndsOwnForest) {
  // The walk home enters NORTH over a trust with SOUTH under the name of a service of FJORD, which is NORTH's child.
  const char* fjord = "f16.fjord.north.example";
  const Credential front = forest.sign_in(fjord, "front$");
  const Got tgt = walk(front, "DUNE.SOUTH.TEST", {fjord, kN12, "s12.south.test"});
  ASSERT_TRUE(tgt.ok()) << tgt.text();
  TgsAsk ask{.sname = enterprise_name("front$@FJORD.NORTH.EXAMPLE")};
  ask.user = Principal{principal("dora"), "DUNE.SOUTH.TEST"};
  Got got;
  got.credential = tgt.credential;
  for (const char* dc : {"d19.dune.south.test", "s12.south.test", kN12}) {
    got = forest.tgs(dc, got.credential, ask);
    ASSERT_TRUE(got.ok()) << dc << ": " << got.text();
  }
  EXPECT_EQ(got.text(), "referral to FJORD.NORTH.EXAMPLE");
  // It opens nothing else on its way.
  const Got at_north =
      forest.tgs("s12.south.test", forest.tgs("d19.dune.south.test", tgt.credential, ask).credential, ask);
  EXPECT_EQ(forest.tgs(kN12, at_north.credential, {.sname = principal(kWeb)}).text(), "KDC_ERR_BADOPTION");
  EXPECT_EQ(forest.tgs(kN12, at_north.credential, {.sname = krbtgt_name("FJORD.NORTH.EXAMPLE")}).text(),
            "KDC_ERR_BADOPTION");
  ask.sname = principal("HTTP/front.fjord.north.example");
  const Got home = forest.tgs(fjord, got.credential, ask);
  ASSERT_TRUE(home.ok()) << home.text();
  EXPECT_EQ(home.reply.cname, principal("dora"));
}

TEST_F(Across, AUserOfTheTargetsDomainWithinOneForest) {
  // kari of FJORD signs in at NORTH's web$, the back end is FJORD's dock$.
  const char* fjord = "f16.fjord.north.example";
  const Credential web = forest.sign_in(kN22, "web$");
  const Got to_fjord = walk(web, "FJORD.NORTH.EXAMPLE", {kN22});
  TgsAsk ask{.sname = enterprise_name("HTTP/web.north.example@NORTH.EXAMPLE")};
  ask.user = Principal{principal("kari"), "FJORD.NORTH.EXAMPLE"};
  const Got referral = forest.tgs(fjord, to_fjord.credential, ask);
  ASSERT_TRUE(referral.ok()) << referral.text();
  ask.sname = principal(kWeb);
  const Got self = forest.tgs(kN22, referral.credential, ask);
  ASSERT_TRUE(self.ok()) << self.text();
  const char* dock = "HTTP/dock.fjord.north.example";
  const Got p1 = forest.proxy(kN22, web, self.reply.ticket, dock);
  ASSERT_EQ(p1.text(), "referral to FJORD.NORTH.EXAMPLE");
  const Got own = forest.tgs(kN22, web, {.sname = principal(dock)});
  const Got granted = forest.proxy(fjord, own.credential, p1.reply.ticket, dock);
  ASSERT_TRUE(granted.ok()) << granted.text();
  EXPECT_EQ(granted.reply.crealm, "FJORD.NORTH.EXAMPLE");
}

TEST_F(Across, OverAnExternalTrust) {
  const char* palm = "HTTP/palm.island.zone";
  const Credential web = forest.sign_in(kN22, "web$");
  const Got p1 = forest.proxy(kN22, web, evidence(kN22, web, kWeb), palm);
  ASSERT_EQ(p1.text(), "referral to ISLAND.ZONE");
  const Got own = forest.tgs(kN22, web, {.sname = principal(palm)});
  EXPECT_EQ(forest.proxy("i16.island.zone", own.credential, p1.reply.ticket, palm).text(), "ticket");
}

TEST(OldDomain, KnowsRc4AndPaForUserOnly) {
  TestForest forest{kOldDomain};
  const Credential web = forest.sign_in("o03.old.test", "web$", rc4_only());
  TgsAsk ask{.sname = principal("HTTP/web.old.test")};
  ask.etypes = rc4_only();
  ask.user = Principal{principal("ada"), "OLD.TEST"};
  const Got ignored = forest.tgs("o03.old.test", web, ask);
  EXPECT_EQ(ignored.reply.cname, principal("web$")) << "PA-S4U-X509-USER means nothing to it";
  ask.form = S4uForm::for_user;
  const Got self = forest.tgs("o03.old.test", web, ask);
  ASSERT_TRUE(self.ok()) << self.text();
  EXPECT_EQ(self.reply.cname, principal("ada"));
  ask.user.reset();
  ask.options |= kdc_option::cname_in_addl_tkt;
  ask.additional = {self.reply.ticket};
  ask.pac_options = pac_option::resource_based_constrained_delegation;
  ask.sname = principal("HTTP/listed.old.test");
  EXPECT_EQ(forest.tgs("o03.old.test", web, ask).text(), "ticket");
  ask.sname = principal("HTTP/rbcd.old.test");
  EXPECT_EQ(forest.tgs("o03.old.test", web, ask).text(), "KDC_ERR_BADOPTION STATUS_NOT_FOUND");
  EXPECT_EQ(forest.tgs("o12.old.test", web, ask).text(), "ticket") << "the 2012 DC takes the old one's evidence";
}

TEST(OldDomain, RepeatsRc4ChecksumsEncrypted) {
  TestForest forest{kOldDomain};
  const Credential web = forest.sign_in("o12.old.test", "web$", rc4_only());
  TgsAsk ask{.sname = principal("HTTP/web.old.test")};
  ask.etypes = rc4_only();
  ask.user = Principal{principal("ada"), "OLD.TEST"};
  const Got got = forest.tgs("o12.old.test", web, ask);
  ASSERT_TRUE(got.ok()) << got.text();
  const PaData* both = find_padata(got.part.encrypted_padata, PaType::s4u_x509_user);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->value.size(), 32u);
}

}  // namespace
}  // namespace stead::kdc::test
