#include <chrono>
#include <cstdint>
#include <exception>
#include <ostream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sspi_shim/protocol/messages/preauth.h"
#include "tests/kdc/support/scripted_client.h"
#include "tests/kdc/support/test_forests.h"

namespace stead::kdc::test {
namespace {

class As : public testing::Test {
 protected:
  TestForest forest{kTwoForests};
  Got ask(PrincipalName name, std::uint32_t options = kdc_option::forwardable, const char* dc = "n22.north.example") {
    AsAsk ask_for{.name = std::move(name)};
    ask_for.options = options;
    return forest.as(dc, ask_for);
  }
  static PrincipalName plain(const std::string& text) { return {NameType::principal, {text}}; }
};

TEST_F(As, GivesATgtThatNamesTheClientAsAsked) {
  for (const PrincipalName& name :
       {plain("olav"), plain("OLAV"), plain("web"), plain("web$"), plain("olav@ships.example"),
        plain("olav@north.example"), enterprise_name("olav@ships.example"), enterprise_name("Olav@North.Example"),
        principal("HTTP/bare.north.example"), plain("john.doe")}) {
    const Got got = ask(name);
    ASSERT_TRUE(got.ok()) << to_string(name) << ": " << got.text();
    EXPECT_EQ(got.reply.cname, name);
    EXPECT_EQ(got.reply.cname.type, name.type);
    EXPECT_EQ(got.reply.crealm, "NORTH.EXAMPLE");
    const auto seen = forest.open(got.reply.ticket);
    EXPECT_EQ(seen.part.cname, name);
    EXPECT_EQ(seen.part.flags & (ticket_flag::initial | ticket_flag::pre_authent | ticket_flag::forwardable),
              ticket_flag::initial | ticket_flag::pre_authent | ticket_flag::forwardable);
  }
}

// In AD an SPN names a client only if it is also the account's UPN.
TEST_F(As, DoesNotKnowAClientByAnSpnThatIsNoUpn) {
  EXPECT_EQ(ask(principal("HTTP/web.north.example")).text(), "KDC_ERR_C_PRINCIPAL_UNKNOWN");
  EXPECT_EQ(ask(enterprise_name("HTTP/web.north.example@NORTH.EXAMPLE")).text(), "KDC_ERR_C_PRINCIPAL_UNKNOWN");
  EXPECT_EQ(ask(enterprise_name("HTTP/bare.north.example@NORTH.EXAMPLE")).text(), "ticket");
}

TEST_F(As, NamesAServiceByItsAccountWithCanonicalize) {
  AsAsk ask_for{.name = plain("web$")};
  ask_for.sname = principal("HTTP/plain.north.example");
  EXPECT_EQ(forest.as("n22.north.example", ask_for).reply.ticket.sname, *ask_for.sname);
  ask_for.options = kdc_option::canonicalize;
  EXPECT_EQ(forest.as("n22.north.example", ask_for).reply.ticket.sname, plain("plain$"));
  ask_for.sname = principal("kadmin/changepw");
  EXPECT_EQ(forest.as("n22.north.example", ask_for).reply.ticket.sname, *ask_for.sname);
}

// The type of the timestamp's key counts, not that of the session key that the client offers.
TEST_F(As, GoesOnWithTheKeyOfThePreauthentication) {
  const Key key = *Key::from_password(EncType::aes128_cts_hmac_sha1_96, "secret", "NORTH.EXAMPLEolav");
  const PaEncTsEnc stamp{.patimestamp = std::chrono::floor<std::chrono::seconds>(forest.now), .pausec = 0};
  KdcReq request;
  request.padata = {{PaType::enc_timestamp, encode(encrypt_data(key, KeyUsage::as_req_timestamp, encode(stamp)))}};
  request.body.cname = plain("olav");
  request.body.realm = "NORTH.EXAMPLE";
  request.body.sname = krbtgt_name("NORTH.EXAMPLE");
  request.body.till = stamp.patimestamp + std::chrono::hours(1);
  request.body.etypes = {EncType::aes256_cts_hmac_sha1_96};
  const auto reply = decode_kdc_rep(forest.ask("n22.north.example", encode(request)));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->enc_part.etype, EncType::aes128_cts_hmac_sha1_96);
}

// A ticket from the AS is no evidence for the TGS, so it lacks the signatures of evidence.
TEST_F(As, SignsATicketToAServiceTwice) {
  AsAsk ask_for{.name = plain("web$")};
  ask_for.sname = principal("HTTP/plain.north.example");
  const auto seen = forest.open(forest.as("n22.north.example", ask_for).reply.ticket);
  EXPECT_TRUE(seen.has_buffer(PacType::server_checksum) && seen.has_buffer(PacType::kdc_checksum));
  EXPECT_FALSE(seen.has_buffer(PacType::ticket_checksum) || seen.has_buffer(PacType::extended_kdc_checksum));
}

TEST_F(As, TellsSupportedEnctypesWithCanonicalizeOnly) {
  const auto told = [&](std::uint32_t options) {
    return find_padata(ask(plain("olav"), options).part.encrypted_padata, PaType::supported_enctypes) != nullptr;
  };
  EXPECT_TRUE(told(kdc_option::canonicalize));
  EXPECT_FALSE(told(kdc_option::forwardable));
}

TEST_F(As, CanonicalizesToTheAccountName) {
  const Got got = ask(enterprise_name("OLAV@SHIPS.EXAMPLE"), kdc_option::canonicalize);
  ASSERT_TRUE(got.ok()) << got.text();
  EXPECT_EQ(got.reply.cname, plain("olav"));
  EXPECT_EQ(forest.open(got.reply.ticket).client.name, "olav");
}

TEST_F(As, WritesThePacOfItsLevel) {
  const auto tgt_of = [&](const char* dc) { return forest.open(forest.sign_in(dc, "olav").ticket); };
  const auto now = tgt_of("n22.north.example");
  EXPECT_EQ(now.logon.effective_name, "olav");
  EXPECT_EQ(to_string(now.logon.user_sid()).rfind("S-1-5-21-1-1-1-", 0), 0u);
  EXPECT_TRUE(now.logon.has_sid(well_known_sid::authentication_authority));
  EXPECT_EQ(now.logon.user_flags, logon_user_flag::extra_sids);
  EXPECT_EQ(now.logon.logon_server, "N22");
  for (const PacType type : {PacType::upn_dns_info, PacType::attributes_info, PacType::requestor_sid})
    EXPECT_TRUE(now.has_buffer(type));
  EXPECT_FALSE(now.has_buffer(PacType::ticket_checksum));
  EXPECT_FALSE(now.has_buffer(PacType::extended_kdc_checksum));
  EXPECT_EQ(*decode_pac_attributes(*now.pac.find(PacType::attributes_info)), 2u);
  EXPECT_EQ(*decode_sid(*now.pac.find(PacType::requestor_sid)), now.logon.user_sid());
  const UpnDnsInfo upn = *decode_upn_dns_info(*now.pac.find(PacType::upn_dns_info));
  EXPECT_EQ(upn.upn, "olav@ships.example");
  EXPECT_EQ(upn.dns_domain_name, "NORTH.EXAMPLE");
  EXPECT_EQ(upn.flags, 2u);

  const auto before = tgt_of("n08.north.example");
  EXPECT_TRUE(before.logon.extra_sids.empty());
  EXPECT_EQ(before.logon.user_flags, 0u);
  EXPECT_TRUE(before.has_buffer(PacType::requestor_sid));
}

TEST_F(As, MarksAPacThatWasAskedFor) {
  AsAsk ask_for{.name = plain("olav")};
  ask_for.padata = {{PaType::pac_request, encode_pa_pac_request(true)}};
  const Got got = forest.as("n22.north.example", ask_for);
  EXPECT_EQ(*decode_pac_attributes(*forest.open(got.reply.ticket).pac.find(PacType::attributes_info)), 1u);
  ask_for.padata = {{PaType::pac_request, encode_pa_pac_request(false)}};
  const auto declined = forest.open(forest.as("n22.north.example", ask_for).reply.ticket);
  EXPECT_EQ(*decode_pac_attributes(*declined.pac.find(PacType::attributes_info)), 0u);
  EXPECT_TRUE(declined.has_buffer(PacType::requestor_sid));
  ask_for.sname = principal("HTTP/web.north.example");
  EXPECT_TRUE(forest.open(forest.as("n22.north.example", ask_for).reply.ticket).pac_bytes.empty());
}

struct Refused {
  const char* name;
  const char* account;
  const char* answer;
};
void PrintTo(const Refused& row, std::ostream* out) {
  *out << row.name;
}
class AsRefuses : public As, public testing::WithParamInterface<Refused> {};
TEST_P(AsRefuses, WithCodeAndStatus) {
  EXPECT_EQ(ask(plain(GetParam().account)).text(), GetParam().answer);
}
INSTANTIATE_TEST_SUITE_P(Accounts, AsRefuses,
                         testing::Values(Refused{"unknown", "nobody", "KDC_ERR_C_PRINCIPAL_UNKNOWN"},
                                         Refused{"disabled", "off", "KDC_ERR_CLIENT_REVOKED STATUS_ACCOUNT_DISABLED"},
                                         Refused{"expired_password", "stale",
                                                 "KDC_ERR_KEY_EXPIRED STATUS_PASSWORD_EXPIRED"},
                                         Refused{"krbtgt", "krbtgt", "KDC_ERR_CLIENT_REVOKED STATUS_ACCOUNT_DISABLED"}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(As, SaysExpiredOnlyToWhoKnowsThePassword) {
  AsAsk ask_for{.name = plain("stale")};
  ask_for.password = "wrong";
  EXPECT_EQ(forest.as("n22.north.example", ask_for).code(), KrbErrc::KDC_ERR_PREAUTH_FAILED);
  ask_for.password = "";
  EXPECT_EQ(forest.as("n22.north.example", ask_for).code(), KrbErrc::KDC_ERR_PREAUTH_REQUIRED);
  ask_for.password = "secret";
  ask_for.sname = principal("kadmin/changepw");
  EXPECT_EQ(forest.as("n22.north.example", ask_for).text(), "ticket");
}

TEST_F(As, TellsTheSaltWithPreauthRequired) {
  AsAsk ask_for{.name = plain("web$")};
  ask_for.password = "";
  const Got got = forest.as("n22.north.example", ask_for);
  ASSERT_EQ(got.code(), KrbErrc::KDC_ERR_PREAUTH_REQUIRED);
  const PaDataList methods = method_data_of(*got.error);
  ASSERT_TRUE(find_padata(methods, PaType::enc_timestamp));
  const auto info = *decode_etype_info2(find_padata(methods, PaType::etype_info2)->value);
  ASSERT_EQ(info.size(), 2u);
  EXPECT_EQ(info[0].salt, "NORTH.EXAMPLEhostweb.north.example");
}

TEST_F(As, RefusesAClockThatIsOff) {
  AsAsk ask_for{.name = plain("olav")};
  ask_for.clock_offset = std::chrono::seconds(400);
  EXPECT_EQ(forest.as("n22.north.example", ask_for).code(), KrbErrc::KRB_AP_ERR_SKEW);
}

TEST_F(As, RefersAnEnterpriseNameToItsRealm) {
  const auto realm_of = [&](PrincipalName name, std::uint32_t options) {
    const Got got = ask(std::move(name), options);
    return got.code() == KrbErrc::KDC_ERR_WRONG_REALM ? got.error->crealm : got.text();
  };
  EXPECT_EQ(realm_of(enterprise_name("kari@fjord.north.example"), kdc_option::canonicalize), "FJORD.NORTH.EXAMPLE");
  EXPECT_EQ(realm_of(enterprise_name("dora@dune.south.test"), kdc_option::canonicalize), "SOUTH.TEST");
  EXPECT_EQ(realm_of(enterprise_name("ines@island.zone"), kdc_option::canonicalize), "ISLAND.ZONE");
  EXPECT_EQ(realm_of(enterprise_name("nobody@fjord.north.example"), kdc_option::canonicalize),
            "KDC_ERR_C_PRINCIPAL_UNKNOWN");
  EXPECT_EQ(realm_of(enterprise_name("x@else.where"), kdc_option::canonicalize), "KDC_ERR_C_PRINCIPAL_UNKNOWN");
  EXPECT_EQ(realm_of(plain("kari@fjord.north.example"), 0), "KDC_ERR_C_PRINCIPAL_UNKNOWN");
}

TEST_F(As, KeepsSensitiveUsersTicketsAtHome) {
  EXPECT_FALSE(forest.open(forest.sign_in("n22.north.example", "sensitive").ticket).has(ticket_flag::forwardable));
  EXPECT_FALSE(forest.open(forest.sign_in("n22.north.example", "guarded").ticket).has(ticket_flag::forwardable));
  EXPECT_TRUE(forest.open(forest.sign_in("n12.north.example", "guarded").ticket).has(ticket_flag::forwardable));
}

TEST_F(As, GivesTenHoursRenewableToAWeek) {
  AsAsk ask_for{.name = plain("olav")};
  ask_for.options = kdc_option::renewable;
  const Got got = forest.as("n22.north.example", ask_for);
  EXPECT_EQ(got.part.endtime - got.part.authtime, std::chrono::hours(10));
  EXPECT_EQ(*got.part.renew_till - got.part.authtime, std::chrono::hours(7 * 24));
  EXPECT_TRUE(got.part.flags & ticket_flag::enc_pa_rep);
  ask_for.name = plain("guarded");
  const Got guarded = forest.as("n22.north.example", ask_for);
  EXPECT_EQ(guarded.part.endtime - guarded.part.authtime, std::chrono::hours(4));
  EXPECT_EQ(guarded.part.renew_till, guarded.part.endtime);
}

TEST_F(As, ProtectsTheRequestWhereAsked) {
  AsAsk ask_for{.name = plain("olav")};
  ask_for.padata = {{PaType::req_enc_pa_rep, {}}};
  const Got got = forest.as("n22.north.example", ask_for);
  EXPECT_TRUE(got.part.flags & ticket_flag::enc_pa_rep);
  EXPECT_TRUE(find_padata(got.part.encrypted_padata, PaType::req_enc_pa_rep));
}

TEST_F(As, ServesWhoNeedsNoPreauthentication) {
  AsAsk ask_for{.name = plain("open")};
  ask_for.password = "";
  EXPECT_THROW(forest.as("n22.north.example", ask_for), std::exception);  // a ticket, which needs the key to be read
}

TEST_F(As, KnowsRc4OnlyWhereTheDomainAllowsIt) {
  AsAsk ask_for{.name = plain("olav")};
  ask_for.etypes = rc4_only();
  EXPECT_EQ(forest.as("n22.north.example", ask_for).code(), KrbErrc::KDC_ERR_ETYPE_NOSUPP);
  TestForest old{kOldDomain};
  EXPECT_EQ(old.as("o03.old.test", {.name = plain("ada")}).code(), KrbErrc::KDC_ERR_ETYPE_NOSUPP);
  const Credential tgt = old.sign_in("o03.old.test", "ada", rc4_only());
  EXPECT_EQ(tgt.ticket.enc_part.etype, EncType::rc4_hmac);
  const auto seen = old.open(tgt.ticket);
  EXPECT_FALSE(seen.has_buffer(PacType::upn_dns_info));
  EXPECT_FALSE(seen.has_buffer(PacType::requestor_sid));
}

}  // namespace
}  // namespace stead::kdc::test
