#include "sspi_shim/client/forwarded_tgt.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/krb5/identity.h"
#include "sspi_shim/protocol/messages/krb_cred.h"
#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_buffers.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead {
namespace {

// What a client that forwards a TGT sends, part by part, so that each may be spoilt.
struct Sent {
  Key own = Key::random(EncType::aes256_cts_hmac_sha1_96);
  Key session = Key::random(EncType::aes256_cts_hmac_sha1_96);
  Key subkey = Key::random(EncType::aes128_cts_hmac_sha1_96);
  Key tgt_key = Key::random(EncType::aes256_cts_hmac_sha1_96);
  bool under_subkey = false;
  bool in_the_clear = false;
  std::uint32_t uac = samr_uac::normal_account;
  std::uint32_t gss_flags = gss_flag::mutual | gss_flag::delegate;
  EncTicketPart ticket;
  Authenticator authenticator;
  KrbCred cred;
  EncKrbCredPart part;
  std::optional<Buffer> raw_cred;  // in place of cred

  Sent() {
    const Time now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    ticket.key = session.to_encryption_key();
    ticket.crealm = "A.EXAMPLE";
    ticket.cname = {NameType::principal, {"alice"}};
    ticket.authtime = now;
    ticket.endtime = now + std::chrono::hours(10);
    authenticator.crealm = ticket.crealm;
    authenticator.cname = ticket.cname;
    authenticator.ctime = now;
    authenticator.subkey = subkey.to_encryption_key();
    Ticket tgt;
    tgt.realm = "A.EXAMPLE";
    tgt.sname = krbtgt_name("A.EXAMPLE");
    tgt.enc_part = {EncType::aes256_cts_hmac_sha1_96, 1, Buffer(40, 7)};
    cred.tickets = {tgt};
    KrbCredInfo info;
    info.key = tgt_key.to_encryption_key();
    info.prealm = "A.EXAMPLE";
    info.pname = ticket.cname;
    info.flags = ticket_flag::forwardable | ticket_flag::forwarded;
    info.endtime = now + std::chrono::hours(8);
    part.ticket_info = {info};
  }

  [[nodiscard]] ApReq request() {
    PacLogonInfo logon;
    logon.effective_name = "alice";
    logon.logon_domain_id = Sid{5, {21, 1, 2, 3}};
    logon.user_id = 1104;
    logon.user_account_control = uac;
    Pac pac;
    pac.set(PacType::logon_info, encode(logon));
    pac.set(PacType::client_info, encode(PacClientInfo{to_filetime(ticket.authtime), "alice"}));
    const SecretBuffer plain = encode_with_signed_pac(ticket, std::move(pac), own, own, PacSignatures::server_and_kdc);

    cred.enc_part = encrypt_data(under_subkey ? subkey : session, KeyUsage::krb_cred, encode(part));
    if (in_the_clear) {
      const SecretBuffer clear = encode(part);
      cred.enc_part = {EncType::null, {}, Buffer(clear.begin(), clear.end())};
    }
    GssChecksum checksum;
    checksum.flags = gss_flags;
    if (gss_flags & gss_flag::delegate) checksum.delegated_credential = raw_cred ? *raw_cred : encode(cred);
    authenticator.checksum = Checksum{kGssChecksumType, encode(checksum)};
    ApReq out;
    out.ticket.realm = "A.EXAMPLE";
    out.ticket.sname = {NameType::srv_inst, {"HTTP", "front.a.example"}};
    out.ticket.enc_part = encrypt_data(own, KeyUsage::ticket, plain);
    out.authenticator = encrypt_data(session, KeyUsage::ap_req_authenticator, encode(authenticator));
    return out;
  }
};

std::shared_ptr<const Identity::State> read(Sent& sent, const std::vector<Key>& keys, std::string& why) {
  const ApReq request = sent.request();
  const auto tgt = read_forwarded_tgt(request, open_own_ticket(request.ticket, keys));
  if (!tgt) why = tgt.error().message;
  return tgt ? std::make_shared<const Identity::State>(identity_by_forwarded_tgt(*tgt).state()) : nullptr;
}

TEST(ForwardedTgt, IsReadWithItsKeyAndItsEnd) {
  for (const bool under_subkey : {false, true}) {
    Sent sent;
    sent.under_subkey = under_subkey;
    std::string why;
    const auto state = read(sent, {sent.own}, why);
    ASSERT_TRUE(state) << why;
    EXPECT_EQ(to_string(state->user), "alice@A.EXAMPLE");
    EXPECT_FALSE(state->s4u2self);
    EXPECT_TRUE(state->forwardable);
    EXPECT_EQ(state->endtime, *sent.part.ticket_info[0].endtime);
    ASSERT_TRUE(state->forwarded_tgt);
    EXPECT_EQ(state->forwarded_tgt->tgt_realm(), "A.EXAMPLE");
    EXPECT_EQ(state->forwarded_tgt->session_key.to_encryption_key(), sent.tgt_key.to_encryption_key());
  }
}

TEST(ForwardedTgt, MayStandBehindAnotherTicket) {
  Sent sent;
  Ticket other = sent.cred.tickets[0];
  other.sname = {NameType::srv_inst, {"host", "elsewhere.example"}};
  sent.cred.tickets.insert(sent.cred.tickets.begin(), other);
  sent.part.ticket_info.insert(sent.part.ticket_info.begin(), sent.part.ticket_info[0]);
  sent.part.ticket_info[0].key = sent.session.to_encryption_key();
  std::string why;
  const auto state = read(sent, {sent.own}, why);
  ASSERT_TRUE(state) << why;
  EXPECT_EQ(state->forwarded_tgt->session_key.to_encryption_key(), sent.tgt_key.to_encryption_key());
}

TEST(ForwardedTgt, ComesOverATrustOnlyWithOkAsDelegate) {
  for (const bool vouched : {false, true}) {
    Sent sent;
    sent.ticket.crealm = sent.authenticator.crealm = sent.part.ticket_info[0].prealm = "B.EXAMPLE";
    if (vouched) sent.ticket.flags |= ticket_flag::ok_as_delegate;
    std::string why;
    EXPECT_EQ(static_cast<bool>(read(sent, {sent.own}, why)), vouched) << why;
    EXPECT_EQ(why.find("OK-AS-DELEGATE") != std::string::npos, !vouched) << why;
  }
}

struct Refused {
  const char* name;
  std::function<void(Sent&)> spoil;
  const char* said;
};
class ForwardedTgtRefuses : public testing::TestWithParam<Refused> {};
TEST_P(ForwardedTgtRefuses, WithAReason) {
  Sent sent;
  GetParam().spoil(sent);
  std::string why;
  EXPECT_FALSE(read(sent, {sent.own}, why));
  EXPECT_NE(why.find(GetParam().said), std::string::npos) << why;
}
INSTANTIATE_TEST_SUITE_P(
    All, ForwardedTgtRefuses,
    testing::Values(
        Refused{"none", [](Sent& s) { s.gss_flags = gss_flag::mutual; }, "forwarded no TGT"},
        Refused{"a_sensitive_user", [](Sent& s) { s.uac |= samr_uac::not_delegated; }, "sensitive"},
        Refused{"another_users_tgt",
                [](Sent& s) { s.part.ticket_info[0].pname = PrincipalName{NameType::principal, {"bob"}}; },
                "no TGT of alice"},
        Refused{"another_realms_user", [](Sent& s) { s.part.ticket_info[0].prealm = "B.EXAMPLE"; }, "no TGT of alice"},
        Refused{"a_tgt_of_nobody", [](Sent& s) { s.part.ticket_info[0].pname.reset(); }, "no TGT of alice"},
        Refused{"a_service_ticket",
                [](Sent& s) { s.cred.tickets[0].sname = {NameType::srv_inst, {"host", "a.example"}}; },
                "no TGT of alice"},
        Refused{"a_tgt_without_end", [](Sent& s) { s.part.ticket_info[0].endtime.reset(); }, "no TGT of alice"},
        Refused{"more_tickets_than_keys", [](Sent& s) { s.cred.tickets.push_back(s.cred.tickets[0]); },
                "no TGT of alice"},
        Refused{"more_keys_than_tickets", [](Sent& s) { s.part.ticket_info.push_back(s.part.ticket_info[0]); },
                "no TGT of alice"},
        Refused{"no_ticket",
                [](Sent& s) {
                  s.cred.tickets.clear();
                  s.part.ticket_info.clear();
                },
                "no TGT of alice"},
        Refused{"a_key_of_no_type", [](Sent& s) { s.part.ticket_info[0].key = {EncType::null, {}}; },
                "no TGT of alice"},
        Refused{"one_in_the_clear", [](Sent& s) { s.in_the_clear = true; }, "does not open"},
        Refused{"one_that_is_no_krb_cred", [](Sent& s) { s.raw_cred = Buffer{0x76, 0x02, 0x30, 0x00}; }, "malformed"},
        Refused{"another_users_authenticator", [](Sent& s) { s.authenticator.cname = {NameType::principal, {"bob"}}; },
                "not alice@A.EXAMPLE's"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ForwardedTgt, NeedsOurKeyForTheTicket) {
  Sent sent;
  std::string why;
  EXPECT_FALSE(read(sent, {Key::random(EncType::aes256_cts_hmac_sha1_96)}, why));
  EXPECT_NE(why.find("no key of ours"), std::string::npos) << why;
}

}  // namespace
}  // namespace stead
