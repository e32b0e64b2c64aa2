// Which tickets a KDC takes as a TGT, and what it makes of them.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "sspi_shim/base/hex.h"
#include "sspi_shim/protocol/messages/preauth.h"
#include "tests/kdc/support/scripted_client.h"
#include "tests/kdc/support/test_forests.h"

namespace stead::kdc::test {
namespace {

class TgtRules : public testing::Test {
 protected:
  TestForest forest{kTwoForests};
  const char* n22 = "n22.north.example";
  const std::string web = "HTTP/web.north.example";

  using Change = std::function<void(EncTicketPart&, Pac&)>;
  Credential changed(Credential tgt, const Change& change) {
    tgt.ticket = forest.rewrite(tgt.ticket, change);
    return tgt;
  }
  std::string with(const Credential& tgt, const Change& change) {
    return forest.tgs(n22, changed(tgt, change), {.sname = principal(web)}).text();
  }
  Credential for_changepw(const char* name) {
    AsAsk ask_for{.name = {NameType::principal, {name}}};
    ask_for.sname = principal("kadmin/changepw");
    return forest.as(n22, ask_for).credential;
  }
};

TEST_F(TgtRules, ATicketToChangepwIsNoTgt) {
  Credential changepw = for_changepw("stale");
  const auto seen = forest.open(changepw.ticket);
  EXPECT_EQ(seen.part.endtime - seen.part.authtime, std::chrono::seconds(120));
  EXPECT_FALSE(seen.has_buffer(PacType::requestor_sid));
  EXPECT_FALSE(seen.has_buffer(PacType::attributes_info));
  EXPECT_EQ(forest.tgs(n22, changepw, {.sname = principal(web)}).text(), "KDC_ERR_POLICY");
  changepw.ticket.sname = krbtgt_name("NORTH.EXAMPLE");
  EXPECT_EQ(forest.tgs(n22, changepw, {.sname = principal(web)}).text(), "KRB_AP_ERR_TKT_EXPIRED");
  changepw.ticket.sname = {NameType::srv_inst, {"krbtgt"}};
  EXPECT_EQ(forest.tgs(n22, changepw, {.sname = principal(web)}).text(), "KRB_AP_ERR_TKT_EXPIRED");
  changepw.ticket.sname = krbtgt_name("NORTH.EXAMPLE");
  EXPECT_EQ(with(changepw, [](EncTicketPart& part, Pac&) { part.endtime += std::chrono::hours(1); }),
            "KDC_ERR_TGT_REVOKED");
  TgsAsk renew{.sname = krbtgt_name("NORTH.EXAMPLE")};
  renew.options = kdc_option::renew;
  EXPECT_EQ(forest.tgs(n22, changepw, renew).text(), "KRB_AP_ERR_TKT_EXPIRED");
}

TEST_F(TgtRules, ATicketToChangepwByTgsLivesTwoMinutesToo) {
  const Got got = forest.tgs(n22, forest.sign_in(n22, "olav"), {.sname = principal("kadmin/changepw")});
  ASSERT_TRUE(got.ok()) << got.text();
  EXPECT_EQ(got.part.endtime - *got.part.starttime, std::chrono::seconds(120));
}

TEST_F(TgtRules, ATgtWithoutRequestorIsRevokedWhereEveryDcWritesIt) {
  const Credential tgt = forest.sign_in(n22, "olav");
  EXPECT_EQ(with(tgt, [](EncTicketPart&, Pac& pac) { pac.remove(PacType::requestor_sid); }), "KDC_ERR_TGT_REVOKED");
  Credential without_pac = tgt;
  without_pac.ticket =
      forest.rewrite(tgt.ticket, [](EncTicketPart& part, Pac&) { part.authorization_data = {}; }, false);
  EXPECT_EQ(forest.tgs(n22, without_pac, {.sname = principal(web)}).text(), "KDC_ERR_TGT_REVOKED");
  TestForest old{kOldDomain};
  const Credential by_2003 = old.sign_in("o03.old.test", "ada", rc4_only());
  TgsAsk ask_for{.sname = principal("HTTP/web.old.test")};
  ask_for.etypes = rc4_only();
  EXPECT_EQ(old.tgs("o12.old.test", by_2003, ask_for).text(), "ticket");
}

TEST_F(TgtRules, AnUnwantedPacStaysInTheTgtAlone) {
  AsAsk ask_for{.name = {NameType::principal, {"olav"}}};
  ask_for.padata = {{PaType::pac_request, encode_pa_pac_request(false)}};
  const Credential tgt = forest.as(n22, ask_for).credential;
  EXPECT_TRUE(forest.open(forest.tgs(n22, tgt, {.sname = principal(web)}).reply.ticket).pac_bytes.empty());
  TgsAsk renew{.sname = krbtgt_name("NORTH.EXAMPLE")};
  renew.options = kdc_option::renew;
  EXPECT_TRUE(forest.open(forest.tgs(n22, tgt, renew).reply.ticket).has_buffer(PacType::requestor_sid));
  ask_for.name = {NameType::principal, {"nopac$"}};
  const Credential service = forest.as(n22, ask_for).credential;
  EXPECT_FALSE(
      forest.open(forest.self(n22, service, "HTTP/nopac.north.example", "olav").reply.ticket).pac_bytes.empty());
}

TEST_F(TgtRules, LastTwoMinutesAreTooShort) {
  const Credential tgt = forest.sign_in(n22, "olav");
  const auto left = [&](int seconds) {
    return with(tgt, [=](EncTicketPart& part, Pac&) { part.endtime = part.authtime + std::chrono::seconds(seconds); });
  };
  EXPECT_EQ(left(120), "KRB_AP_ERR_TKT_EXPIRED");
  EXPECT_EQ(left(121), "ticket");
  TgsAsk u2u{.sname = principal("sensitive")};
  u2u.options |= kdc_option::enc_tkt_in_skey;
  const Credential other = forest.sign_in(n22, "sensitive");
  u2u.additional = {changed(other, [](EncTicketPart& part, Pac&) {
                      part.endtime = part.authtime + std::chrono::seconds(110);
                    }).ticket};
  EXPECT_EQ(forest.tgs(n22, tgt, u2u).text(), "KRB_AP_ERR_TKT_EXPIRED");
  u2u.additional = {changed(other, [](EncTicketPart&, Pac& pac) { pac.remove(PacType::requestor_sid); }).ticket};
  EXPECT_EQ(forest.tgs(n22, tgt, u2u).text(), "KDC_ERR_TGT_REVOKED");
  u2u.additional = {forest.tgs(n22, tgt, {.sname = principal(web)}).reply.ticket};
  EXPECT_EQ(forest.tgs(n22, tgt, u2u).text(), "KDC_ERR_POLICY");
  u2u.sname = krbtgt_name("NORTH.EXAMPLE");
  u2u.additional = {tgt.ticket};
  EXPECT_EQ(forest.tgs(n22, tgt, u2u).text(), "KRB_AP_ERR_BADMATCH");
}

TEST_F(TgtRules, SignaturesAreAskedForAsADcDoes) {
  const Credential tgt = forest.sign_in(n22, "olav");
  std::uint32_t options = 0;
  std::optional<std::uint32_t> pac_options;
  const auto signature = [&](PacType type, const Buffer& value) {
    Credential out = tgt;
    out.ticket = forest.rewrite(
        tgt.ticket,
        [&](EncTicketPart& part, Pac& pac) {
          if (value.empty())
            pac.remove(type);
          else
            pac.set(type, value);
          part.authorization_data = {
              {AdType::if_relevant, encode(AuthorizationData{{AdType::win2k_pac, encode(pac)}})}};
        },
        false);
    TgsAsk ask_for{.sname = principal(web), .options = options};
    ask_for.pac_options = pac_options;
    return forest.tgs(n22, out, ask_for).text();
  };
  EXPECT_EQ(signature(PacType::server_checksum, {}), "KRB_ERR_GENERIC");
  EXPECT_EQ(signature(PacType::kdc_checksum, {}), "KRB_ERR_GENERIC");
  EXPECT_EQ(signature(PacType::server_checksum, Buffer(20)), "KRB_AP_ERR_INAPP_CKSUM");  // of type 0
  Buffer zeroed = {16, 0, 0, 0};
  zeroed.resize(16);
  EXPECT_EQ(signature(PacType::server_checksum, zeroed), "KRB_AP_ERR_MODIFIED");
  // That of the KDC is made with the same key, and is not verified.
  EXPECT_EQ(signature(PacType::kdc_checksum, zeroed), "ticket");
  // In S4U2Proxy an NTSTATUS says what is wrong.
  options = kdc_option::cname_in_addl_tkt;
  Buffer sha1 = {14, 0, 0, 0};
  sha1.resize(24);
  EXPECT_EQ(signature(PacType::server_checksum, {}), "KRB_ERR_GENERIC STATUS_INSUFFICIENT_RESOURCES");
  EXPECT_EQ(signature(PacType::server_checksum, sha1), "KRB_AP_ERR_INAPP_CKSUM STATUS_LOGON_FAILURE");
  EXPECT_EQ(signature(PacType::server_checksum, zeroed), "KRB_AP_ERR_MODIFIED STATUS_WRONG_PASSWORD");
  // Who asks for RBCD learns of a signature without a key in other words.
  pac_options = pac_option::resource_based_constrained_delegation;
  EXPECT_EQ(signature(PacType::server_checksum, sha1), "KDC_ERR_SUMTYPE_NOSUPP STATUS_LOGON_FAILURE");
  EXPECT_EQ(signature(PacType::server_checksum, Buffer(20)), "KRB_ERR_GENERIC STATUS_INSUFFICIENT_RESOURCES");
}

TEST_F(TgtRules, ServesKrbtgtByItsNameAlone) {
  const PrincipalName alone{NameType::principal, {"krbtgt"}};
  AsAsk ask_for{.name = {NameType::principal, {"olav"}}};
  ask_for.sname = alone;
  const Got got = forest.as(n22, ask_for);
  ASSERT_TRUE(got.ok()) << got.text();
  EXPECT_EQ(forest.tgs(n22, got.credential, {.sname = principal(web)}).text(), "ticket");
  TgsAsk by_tgs{.sname = alone};
  by_tgs.options = 0;
  const Got second = forest.tgs(n22, got.credential, by_tgs);
  ASSERT_TRUE(second.ok()) << second.text();
  Ticket named = second.reply.ticket;
  EXPECT_EQ(named.sname, alone);
  named.sname = krbtgt_name("NORTH.EXAMPLE");
  const auto seen = forest.open(named);
  EXPECT_TRUE(seen.has_buffer(PacType::requestor_sid));
  EXPECT_FALSE(seen.has_buffer(PacType::ticket_checksum));
}

TEST_F(TgtRules, ValidatesAnInvalidTgt) {
  const Credential tgt = forest.sign_in(n22, "olav");
  const Credential invalid = changed(tgt, [](EncTicketPart& part, Pac&) { part.flags |= ticket_flag::invalid; });
  TgsAsk validate{.sname = krbtgt_name("NORTH.EXAMPLE")};
  EXPECT_EQ(forest.tgs(n22, invalid, validate).text(), "KRB_AP_ERR_TKT_NYV");
  validate.options = kdc_option::validate;
  const Got got = forest.tgs(n22, invalid, validate);
  ASSERT_TRUE(got.ok()) << got.text();
  EXPECT_FALSE(got.part.flags & ticket_flag::invalid);
  EXPECT_EQ(forest.tgs(n22, got.credential, {.sname = principal(web)}).text(), "ticket");
  EXPECT_EQ(forest.tgs(n22, tgt, validate).text(), "KDC_ERR_BADOPTION");
  validate.sname = principal(web);
  EXPECT_EQ(forest.tgs(n22, invalid, validate).text(), "KDC_ERR_BADOPTION");
}

constexpr char kSelective[] = R"toml(
[[domain]]
realm = "HOME.TEST"
netbios = "HOME"
sid = "S-1-5-21-1-1-1"
forest = "home.test"
controller = [ { name = "dc.home.test", address = "127.0.4.1" } ]
account = [
  { name = "open$", password = "secret", spns = ["HTTP/open.home.test"], allowed_to_authenticate = ['AWAY\guests'] },
  { name = "shut$", password = "secret", spns = ["HTTP/shut.home.test"] },
]
[[domain]]
realm = "CHILD.HOME.TEST"
netbios = "CHILD"
sid = "S-1-5-21-2-2-2"
forest = "home.test"
controller = [ { name = "dc.child.home.test", address = "127.0.4.2" } ]
account = [
  { name = "open$", password = "secret", spns = ["HTTP/open.child.home.test"], allowed_to_authenticate = ['AWAY\vera'] },
  { name = "shut$", password = "secret", spns = ["HTTP/shut.child.home.test"] },
  { name = "own", password = "secret" },
]
[[domain]]
realm = "AWAY.TEST"
netbios = "AWAY"
sid = "S-1-5-21-3-3-3"
forest = "away.test"
controller = [ { name = "dc.away.test", address = "127.0.4.3" } ]
account = [
  { name = "vera", password = "secret", groups = ["guests"] },
  { name = "otto", password = "secret" },
]
[[trust]]
domains = ["HOME.TEST", "CHILD.HOME.TEST"]
password = "secret"
[[trust]]
domains = ["HOME.TEST", "AWAY.TEST"]
selective_authentication = true
password = "secret"
)toml";

TEST(SelectiveAuthentication, HoldsAtEveryAccountOfTheForest) {
  TestForest forest{kSelective};
  const auto at = [&](const Credential& tgt, const char* dc, const char* spn) {
    return forest.tgs(dc, tgt, {.sname = principal(spn)});
  };
  const char* refused = "KDC_ERR_POLICY STATUS_AUTHENTICATION_FIREWALL_FAILED";
  for (const auto& [user, home_open, child_open] :
       {std::tuple{"vera", "ticket", "ticket"}, std::tuple{"otto", refused, refused}}) {
    const Credential tgt = forest.sign_in("dc.away.test", user);
    const Credential in = at(tgt, "dc.away.test", "krbtgt/HOME.TEST").credential;
    EXPECT_EQ(at(in, "dc.home.test", "HTTP/open.home.test").text(), home_open) << user;
    EXPECT_EQ(at(in, "dc.home.test", "HTTP/shut.home.test").text(), refused) << user;
    const Credential on = at(in, "dc.home.test", "krbtgt/CHILD.HOME.TEST").credential;
    EXPECT_EQ(at(on, "dc.child.home.test", "HTTP/open.child.home.test").text(), child_open) << user;
    EXPECT_EQ(at(on, "dc.child.home.test", "HTTP/shut.child.home.test").text(), refused) << user;
    const Credential own_tgt = at(in, "dc.home.test", "krbtgt/HOME.TEST").credential;
    EXPECT_EQ(at(own_tgt, "dc.home.test", "HTTP/shut.home.test").text(), refused) << user;
  }
  const Credential own = forest.sign_in("dc.child.home.test", "own");
  EXPECT_EQ(at(own, "dc.child.home.test", "HTTP/shut.child.home.test").text(), "ticket");
  const Credential vera = forest.sign_in("dc.away.test", "vera");
  const Got open = at(at(vera, "dc.away.test", "krbtgt/HOME.TEST").credential, "dc.home.test", "HTTP/open.home.test");
  EXPECT_TRUE(forest.open(open.reply.ticket).logon.has_sid(*parse_sid("S-1-5-1000")));
}

TEST(SelectiveAuthentication, IsNotAvoidedWithoutAPac) {
  TestForest forest{kSelective};
  AsAsk ask_for{.name = {NameType::principal, {"otto"}}};
  ask_for.padata = {{PaType::pac_request, encode_pa_pac_request(false)}};
  Credential in =
      forest.tgs("dc.away.test", forest.as("dc.away.test", ask_for).credential, {.sname = krbtgt_name("HOME.TEST")})
          .credential;
  EXPECT_EQ(forest.tgs("dc.home.test", in, {.sname = principal("HTTP/shut.home.test")}).code(),
            KrbErrc::KDC_ERR_POLICY);
  in.ticket = forest.rewrite(in.ticket, [](EncTicketPart& part, Pac&) { part.authorization_data = {}; }, false);
  EXPECT_EQ(forest.tgs("dc.home.test", in, {.sname = principal("HTTP/open.home.test")}).code(),
            KrbErrc::KDC_ERR_POLICY);
}

TEST(EncryptionTypes, OfATicketAreThoseOfTheAccountsKeys) {
  TestForest forest{R"toml(
[[domain]]
realm = "A.TEST"
sid = "S-1-5-21-1-1-1"
allow_rc4 = true
controller = [ { name = "dc.a.test", address = "127.0.4.1" } ]
account = [
  { name = "ann", password = "secret" },
  { name = "rc4$", key = "rc4-hmac:8846F7EAEE8FB117AD06BDD830B7586C", supported_encryption_types = 0x18, spns = ["HTTP/rc4.a.test"] },
  { name = "none$", password = "secret", supported_encryption_types = 0x10000, spns = ["HTTP/none.a.test"] },
  { name = "dc$", password = "secret", supported_encryption_types = 0x10000, spns = ["HTTP/dc.a.test"] },
  { name = "zero$", password = "secret", supported_encryption_types = 0, spns = ["HTTP/zero.a.test"] },
  { name = "web$", password = "secret", spns = ["ldap/web/a.test", "ldap/web/else.test"] },
]
)toml"};
  const Credential tgt = forest.sign_in("dc.a.test", "ann");
  const auto ask = [&](const char* spn) { return forest.tgs("dc.a.test", tgt, {.sname = principal(spn)}); };
  EXPECT_EQ(ask("HTTP/rc4.a.test").reply.ticket.enc_part.etype, EncType::rc4_hmac);
  EXPECT_EQ(ask("HTTP/none.a.test").text(), "KDC_ERR_ETYPE_NOSUPP");
  // A DC has every key, whatever its account says.
  EXPECT_EQ(ask("HTTP/dc.a.test").reply.ticket.enc_part.etype, EncType::aes256_cts_hmac_sha1_96);
  EXPECT_EQ(ask("HTTP/zero.a.test").reply.ticket.enc_part.etype, EncType::aes256_cts_hmac_sha1_96);
  // Three parts with the own domain as the third name its DCs.
  EXPECT_EQ(forest.tgs("dc.a.test", tgt, {.sname = {NameType::principal, {"ldap", "web", "a.test"}}}).text(),
            "KDC_ERR_S_PRINCIPAL_UNKNOWN");
  EXPECT_EQ(forest.tgs("dc.a.test", tgt, {.sname = {NameType::principal, {"ldap", "web", "else.test"}}}).text(),
            "ticket");
  AsAsk rc4{.name = {NameType::principal, {"ann"}}};
  rc4.etypes = rc4_only();
  rc4.password.clear();
  const auto methods = method_data_of(*forest.as("dc.a.test", rc4).error);
  ASSERT_GE(methods.size(), 2u);
  EXPECT_EQ(methods[0].type, PaType::etype_info);
  EXPECT_EQ(to_hex(methods[0].value), "300b3009a003020117a1020400");
}

}  // namespace
}  // namespace stead::kdc::test
