#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sspi_shim/protocol/messages/preauth.h"
#include "tests/kdc/support/scripted_client.h"
#include "tests/kdc/support/test_forests.h"

namespace stead::kdc::test {
namespace {

class Tgs : public testing::Test {
 protected:
  TestForest forest{kTwoForests};
  const char* n22 = "n22.north.example";

  Got ask(const char* dc, const Credential& tgt, PrincipalName sname,
          std::uint32_t options = kdc_option::forwardable | kdc_option::canonicalize) {
    TgsAsk ask_for{.sname = std::move(sname)};
    ask_for.options = options;
    return forest.tgs(dc, tgt, ask_for);
  }
  Got ask(const char* dc, const Credential& tgt, const std::string& sname) { return ask(dc, tgt, principal(sname)); }
};

TEST_F(Tgs, GivesAServiceTicket) {
  const Credential tgt = forest.sign_in(n22, "olav");
  const Got got = ask(n22, tgt, "HTTP/WEB.north.example");
  ASSERT_TRUE(got.ok()) << got.text();
  EXPECT_EQ(got.reply.ticket.sname, principal("HTTP/WEB.north.example"));
  EXPECT_EQ(got.reply.cname, tgt.cname);
  const auto seen = forest.open(got.reply.ticket);
  for (const PacType type : {PacType::ticket_checksum, PacType::extended_kdc_checksum})
    EXPECT_TRUE(seen.has_buffer(type));
  for (const PacType type : {PacType::attributes_info, PacType::requestor_sid}) EXPECT_FALSE(seen.has_buffer(type));
  EXPECT_TRUE(verify_server_signature(seen.pac_bytes, forest.key_of(got.reply.ticket)));
  EXPECT_EQ(seen.client.name, "olav");
  EXPECT_EQ(seen.client.client_id, to_filetime(seen.part.authtime));
  const PaData* enctypes = find_padata(got.part.encrypted_padata, PaType::supported_enctypes);
  ASSERT_TRUE(enctypes);
  EXPECT_EQ(enctypes->value, (Buffer{0x18, 0, 0, 0}));
}

TEST_F(Tgs, TakesRequestsAsStockClientsSendThem) {
  const Credential tgt = forest.sign_in(n22, "olav");
  TgsAsk ask_for{.sname = principal("HTTP/web.north.example")};
  ask_for.checksum = false;
  EXPECT_EQ(forest.tgs(n22, tgt, ask_for).text(), "ticket");
  ask_for.subkey = false;
  EXPECT_EQ(forest.tgs(n22, tgt, ask_for).text(), "ticket");
  // A DC that does not know FAST ignores it.
  ask_for.padata = {{PaType::fx_fast, {0x30, 0x00}}};
  EXPECT_EQ(forest.tgs("n08.north.example", tgt, ask_for).text(), "ticket");
  EXPECT_EQ(forest.tgs(n22, tgt, ask_for).text(), "KRB_ERR_GENERIC");
}

TEST_F(Tgs, NamesWhatItDoesNotServe) {
  const Credential tgt = forest.sign_in(n22, "olav");
  EXPECT_EQ(ask(n22, tgt, "HTTP/nobody.north.example").text(), "KDC_ERR_S_PRINCIPAL_UNKNOWN");
  EXPECT_EQ(ask(n22, tgt, "olav").text(), "KDC_ERR_MUST_USE_USER2USER");
  EXPECT_EQ(ask(n22, tgt, "web").text(), "ticket");
  EXPECT_EQ(ask(n22, tgt, "krbtgt/ELSE.WHERE").text(), "KDC_ERR_S_PRINCIPAL_UNKNOWN");
}

TEST(TgsForAHost, IsServedByWhoHasItsHostSpnUnlessSomebodyHasTheNameItself) {
  TestForest forest(R"(
[[domain]]
realm = "ROOT.TEST"
sid = "S-1-5-21-1-1-1"
forest = "root.test"
controller = [ { name = "dc.root.test", address = "127.0.4.1", level = "2022" } ]
account = [
  { name = "ann", password = "secret" },
  { name = "box$", password = "secret", spns = ["HOST/box.test", "HOST/near.test"] },
]
[[domain]]
realm = "CHILD.ROOT.TEST"
sid = "S-1-5-21-2-2-2"
forest = "root.test"
controller = [ { name = "dc.child.root.test", address = "127.0.4.2", level = "2022" } ]
account = [
  { name = "far$", password = "secret", spns = ["HOST/far.test", "HTTP/near.test"] },
]
[[trust]]
domains = ["ROOT.TEST", "CHILD.ROOT.TEST"]
kind = "parent-child"
password = "between"
)");
  const auto tgt = forest.sign_in("dc.root.test", "ann");
  const auto text = [&](const char* spn) { return forest.tgs("dc.root.test", tgt, {.sname = principal(spn)}).text(); };
  const auto got = forest.tgs("dc.root.test", tgt, {.sname = principal("cifs/box.test")});
  EXPECT_EQ(got.text(), "ticket");
  EXPECT_EQ(got.reply.ticket.sname, principal("cifs/box.test"));
  EXPECT_EQ(text("http/far.test"), "referral to CHILD.ROOT.TEST");
  EXPECT_EQ(text("cifs/near.test"), "ticket");
  EXPECT_EQ(text("HTTP/near.test"), "referral to CHILD.ROOT.TEST");
  EXPECT_EQ(text("MSSQLSvc/box.test"), "KDC_ERR_S_PRINCIPAL_UNKNOWN");
}

TEST_F(Tgs, ServesUserToUser) {
  const Credential tgt = forest.sign_in(n22, "olav");
  const Credential other = forest.sign_in(n22, "sensitive");
  TgsAsk ask_for{.sname = principal("sensitive")};
  ask_for.options |= kdc_option::enc_tkt_in_skey;
  EXPECT_EQ(forest.tgs(n22, tgt, ask_for).code(), KrbErrc::KDC_ERR_BADOPTION);
  ask_for.additional = {tgt.ticket};
  EXPECT_EQ(forest.tgs(n22, tgt, ask_for).code(), KrbErrc::KRB_AP_ERR_BADMATCH);
  ask_for.additional = {other.ticket};
  const Got got = forest.tgs(n22, tgt, ask_for);
  ASSERT_TRUE(got.ok()) << got.text();
  EXPECT_TRUE(decrypt_data(other.session_key, KeyUsage::ticket, got.reply.ticket.enc_part));
}

TEST_F(Tgs, LeavesThePacOutForWhoNeedsNone) {
  const Credential tgt = forest.sign_in(n22, "olav");
  EXPECT_TRUE(forest.open(ask(n22, tgt, "HTTP/nopac.north.example").reply.ticket).pac_bytes.empty());
}

TEST_F(Tgs, MarksTrustedServices) {
  const Credential tgt = forest.sign_in(n22, "olav");
  EXPECT_TRUE(forest.open(ask(n22, tgt, "HTTP/trusted.north.example").reply.ticket).has(ticket_flag::ok_as_delegate));
  EXPECT_FALSE(forest.open(ask(n22, tgt, "HTTP/web.north.example").reply.ticket).has(ticket_flag::ok_as_delegate));
}

TEST_F(Tgs, RefersToOtherRealms) {
  const Credential tgt = forest.sign_in(n22, "olav");
  EXPECT_EQ(ask(n22, tgt, "HTTP/dock.fjord.north.example").text(), "referral to FJORD.NORTH.EXAMPLE");
  EXPECT_EQ(ask(n22, tgt, "HTTP/back.south.test").text(), "referral to SOUTH.TEST");
  EXPECT_EQ(ask(n22, tgt, "HTTP/coral.reef.dune.south.test").text(), "referral to SOUTH.TEST");
  EXPECT_EQ(ask(n22, tgt, "HTTP/palm.island.zone").text(), "referral to ISLAND.ZONE");
  EXPECT_EQ(ask(n22, tgt, "krbtgt/REEF.DUNE.SOUTH.TEST").text(), "referral to SOUTH.TEST");
  EXPECT_EQ(ask(n22, tgt, {NameType::srv_hst, {"HTTP", "back.south.test"}}, 0).text(), "KDC_ERR_S_PRINCIPAL_UNKNOWN");
  EXPECT_EQ(ask(n22, tgt, {NameType::srv_inst, {"HTTP", "back.south.test"}}, 0).text(), "referral to SOUTH.TEST");
  EXPECT_EQ(ask(n22, tgt, enterprise_name("HTTP/front.fjord.north.example@FJORD.NORTH.EXAMPLE")).text(),
            "referral to FJORD.NORTH.EXAMPLE");
  EXPECT_EQ(ask(n22, tgt, enterprise_name("HTTP/web.north.example@NORTH.EXAMPLE")).text(), "ticket");
}

TEST_F(Tgs, WalksFourHops) {
  const char* fjord = "f16.fjord.north.example";
  Credential at = forest.sign_in(fjord, "kari");
  const std::string spn = "HTTP/coral.reef.dune.south.test";
  for (const char* dc : {fjord, "n12.north.example", "s08.south.test", "d19.dune.south.test"}) {
    const Got got = ask(dc, at, spn);
    ASSERT_TRUE(got.ok()) << dc << ": " << got.text();
    at = got.credential;
  }
  const auto referral = forest.open(at.ticket);
  EXPECT_EQ(referral.client.name, "kari");
  EXPECT_TRUE(referral.has_buffer(PacType::requestor_sid));
  const Got got = ask("r22.reef.dune.south.test", at, spn);
  ASSERT_TRUE(got.ok()) << got.text();
  const auto seen = forest.open(got.reply.ticket);
  EXPECT_EQ(seen.part.crealm, "FJORD.NORTH.EXAMPLE");
  EXPECT_TRUE(seen.has(ticket_flag::transited_policy_checked));
  EXPECT_EQ(*expand_transited(seen.part.transited, seen.part.crealm, "REEF.DUNE.SOUTH.TEST"),
            (std::vector<std::string>{"NORTH.EXAMPLE", "SOUTH.TEST", "DUNE.SOUTH.TEST"}));
  EXPECT_TRUE(seen.logon.has_sid(well_known_sid::authentication_authority));
}

TEST_F(Tgs, DoesNotTransitAnExternalTrust) {
  const Credential kari = forest.sign_in("f16.fjord.north.example", "kari");
  const Got to_root = ask("f16.fjord.north.example", kari, "krbtgt/NORTH.EXAMPLE");
  ASSERT_TRUE(to_root.ok());
  EXPECT_EQ(ask(n22, to_root.credential, "HTTP/palm.island.zone").text(), "KDC_ERR_S_PRINCIPAL_UNKNOWN");
  const Credential ines = forest.sign_in("i16.island.zone", "ines");
  const Got in = ask("i16.island.zone", ines, "krbtgt/NORTH.EXAMPLE");
  ASSERT_TRUE(in.ok());
  EXPECT_EQ(ask(n22, in.credential, "HTTP/web.north.example").text(), "ticket");
  EXPECT_EQ(ask(n22, in.credential, "HTTP/back.south.test").text(), "KDC_ERR_S_PRINCIPAL_UNKNOWN");
}

TEST_F(Tgs, RenewsAndForwards) {
  const Credential tgt = forest.sign_in(n22, "olav");
  forest.now += std::chrono::hours(5);
  const Got renewed = ask(n22, tgt, krbtgt_name("NORTH.EXAMPLE"), kdc_option::renew | kdc_option::renewable);
  ASSERT_TRUE(renewed.ok()) << renewed.text();
  EXPECT_EQ(renewed.part.endtime - std::chrono::floor<std::chrono::seconds>(forest.now), std::chrono::hours(10));
  EXPECT_TRUE(forest.open(renewed.reply.ticket).has_buffer(PacType::requestor_sid));
  const Got forwarded = ask(n22, tgt, krbtgt_name("NORTH.EXAMPLE"), kdc_option::forwarded | kdc_option::forwardable);
  ASSERT_TRUE(forwarded.ok()) << forwarded.text();
  EXPECT_TRUE(forest.open(forwarded.reply.ticket).has(ticket_flag::forwarded));
  const Credential fixed = forest.sign_in(n22, "sensitive");
  EXPECT_EQ(ask(n22, fixed, krbtgt_name("NORTH.EXAMPLE"), kdc_option::forwarded).code(), KrbErrc::KDC_ERR_BADOPTION);
}

TEST_F(Tgs, RefusesTicketsThatDoNotHold) {
  const Credential tgt = forest.sign_in(n22, "olav");
  const auto with = [&](const std::function<void(EncTicketPart&, Pac&)>& change, bool sign = true) {
    Credential changed = tgt;
    changed.ticket = forest.rewrite(tgt.ticket, change, sign);
    return ask(n22, changed, "HTTP/web.north.example").text();
  };
  EXPECT_EQ(with([](auto&, auto&) {}), "ticket");
  EXPECT_EQ(with([](EncTicketPart& part, Pac&) { part.endtime -= std::chrono::hours(11); }), "KRB_AP_ERR_TKT_EXPIRED");
  EXPECT_EQ(with([](EncTicketPart& part, Pac&) { part.starttime = part.authtime + std::chrono::hours(1); }),
            "KRB_AP_ERR_TKT_NYV");
  EXPECT_EQ(with([](EncTicketPart& part, Pac&) { part.cname = principal("sensitive"); }), "KRB_AP_ERR_BADMATCH");
  const Sid other = *parse_sid("S-1-5-21-1-1-1-500");
  EXPECT_EQ(with([&](EncTicketPart&, Pac& pac) { pac.set(PacType::requestor_sid, encode(other)); }),
            "KDC_ERR_TGT_REVOKED");
  Credential broken = tgt;
  broken.ticket.enc_part.cipher[40] ^= 1;
  EXPECT_EQ(ask(n22, broken, "HTTP/web.north.example").text(), "KRB_AP_ERR_MODIFIED");
  broken = tgt;
  broken.ticket.sname = krbtgt_name("SOUTH.TEST");
  EXPECT_EQ(ask(n22, broken, "HTTP/web.north.example").text(), "KRB_AP_ERR_NOT_US");
  TgsAsk late{.sname = principal("HTTP/web.north.example")};
  late.clock_offset = std::chrono::seconds(-400);
  EXPECT_EQ(forest.tgs(n22, tgt, late).text(), "KRB_AP_ERR_SKEW");
}

TEST_F(Tgs, RefusesARealmThatSpeaksForOthers) {
  const Credential olav = forest.sign_in(n22, "olav");
  const Got to_south = ask(n22, olav, "krbtgt/SOUTH.TEST");
  ASSERT_TRUE(to_south.ok());
  const auto with = [&](const std::function<void(EncTicketPart&, Pac&)>& change) {
    Credential changed = to_south.credential;
    changed.ticket = forest.rewrite(changed.ticket, change);
    changed.crealm = forest.open(changed.ticket).part.crealm;
    return ask("s12.south.test", changed, "HTTP/back.south.test").text();
  };
  EXPECT_EQ(with([](auto&, auto&) {}), "ticket");
  EXPECT_EQ(with([](EncTicketPart& part, Pac&) { part.crealm = "SOUTH.TEST"; }), "KDC_ERR_POLICY");
  EXPECT_EQ(with([](EncTicketPart& part, Pac&) { part.crealm = "ISLAND.ZONE"; }), "KDC_ERR_POLICY");
  const auto logon_of = [](const std::function<void(PacLogonInfo&)>& change) {
    return [change](EncTicketPart&, Pac& pac) {
      PacLogonInfo logon = *decode_pac_logon_info(*pac.find(PacType::logon_info));
      change(logon);
      pac.set(PacType::logon_info, encode(logon));
    };
  };
  EXPECT_EQ(with(logon_of([](PacLogonInfo& logon) { logon.logon_domain_id = *parse_sid("S-1-5-21-3-3-3"); })),
            "KDC_ERR_POLICY");
}

TEST_F(Tgs, FiltersSidsOverAForestTrust) {
  const Got to_south = ask(n22, forest.sign_in(n22, "olav"), "krbtgt/SOUTH.TEST");
  Credential changed = to_south.credential;
  changed.ticket = forest.rewrite(changed.ticket, [](EncTicketPart&, Pac& pac) {
    PacLogonInfo logon = *decode_pac_logon_info(*pac.find(PacType::logon_info));
    for (const char* sid : {"S-1-5-21-3-3-3-512", "S-1-5-21-2-2-2-1500", "S-1-5-21-2-2-2-512", "S-1-5-21-9-9-9-1500",
                            "S-1-5-9", "S-1-5-32-544", "S-1-1-0"})
      logon.extra_sids.push_back({*parse_sid(sid), 7});
    pac.set(PacType::logon_info, encode(logon));
  });
  const Got got = ask("s12.south.test", changed, "HTTP/back.south.test");
  ASSERT_TRUE(got.ok()) << got.text();
  std::vector<std::string> left;
  for (const SidAndAttributes& extra : forest.open(got.reply.ticket).logon.extra_sids)
    left.push_back(to_string(extra.sid));
  EXPECT_EQ(left, (std::vector<std::string>{"S-1-18-1", "S-1-5-21-2-2-2-1500"}));
}

TEST_F(Tgs, AddsDomainLocalGroupsAsItsLevelDoes) {
  const auto seen_by = [&](const char* dc, const char* spn) {
    return forest.open(ask(dc, forest.sign_in(n22, "olav"), spn).reply.ticket).logon;
  };
  const PacLogonInfo now = seen_by("n12.north.example", "HTTP/web.north.example");
  ASSERT_EQ(now.resource_groups.size(), 1u);
  EXPECT_EQ(now.resource_groups[0].attributes, 0x20000007u);
  EXPECT_EQ(now.resource_group_domain_sid, now.logon_domain_id);
  EXPECT_TRUE(now.user_flags & logon_user_flag::resource_groups);
  const SidAndAttributes as_extra{now.logon_domain_id.with_rid(now.resource_groups[0].rid), 0x20000007};
  for (const PacLogonInfo& other :
       {seen_by("n08.north.example", "HTTP/web.north.example"), seen_by(n22, "HTTP/wide.north.example")}) {
    EXPECT_TRUE(other.resource_groups.empty());
    EXPECT_EQ(other.user_flags, logon_user_flag::extra_sids);
    EXPECT_EQ(other.extra_sids.back(), as_extra);
  }
  EXPECT_TRUE(forest.open(forest.sign_in(n22, "olav").ticket).logon.resource_groups.empty());
}

TEST_F(Tgs, EchoesPacOptionsSince2012) {
  const Credential tgt = forest.sign_in(n22, "olav");
  for (const auto& [dc, echoed] : {std::pair{"n08r2.north.example", false}, {"n12.north.example", true}}) {
    TgsAsk ask_for{.sname = principal("HTTP/web.north.example")};
    // The first four bits come back, whatever they are.
    for (const std::uint32_t bits : {pac_option::resource_based_constrained_delegation, pac_option::claims}) {
      ask_for.pac_options = bits | 0x00800000;
      const Got got = forest.tgs(dc, tgt, ask_for);
      const PaData* echo = find_padata(got.part.encrypted_padata, PaType::pac_options);
      ASSERT_EQ(echo != nullptr, echoed) << dc;
      if (echo) {
        EXPECT_EQ(decode_pa_pac_options(echo->value).value(), bits);
      }
    }
    ask_for.pac_options = 0;
    EXPECT_FALSE(find_padata(forest.tgs(dc, tgt, ask_for).part.encrypted_padata, PaType::pac_options));
  }
}

}  // namespace
}  // namespace stead::kdc::test
