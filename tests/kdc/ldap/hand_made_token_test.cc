#include "kdc/ldap/hand_made_token.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "sspi_shim/protocol/messages/ticket.h"

namespace stead::kdc {
namespace {

class HandMadeToken : public testing::Test {
 protected:
  // A request of a client that writes its realm so.
  Buffer request(const std::string& realm) {
    EncTicketPart part;
    part.key = session.to_encryption_key();
    part.crealm = "LDAP.EXAMPLE";
    part.cname = {NameType::principal, {"alice"}};
    ApReq out;
    out.ticket.realm = "LDAP.EXAMPLE";
    out.ticket.sname = {NameType::srv_inst, {"ldap", "dc1"}};
    out.ticket.enc_part = encrypt_data(service, KeyUsage::ticket, encode(part));
    Authenticator authenticator;
    authenticator.crealm = realm;
    authenticator.cname = part.cname;
    authenticator.ctime = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    out.authenticator = encrypt_data(session, KeyUsage::ap_req_authenticator, encode(authenticator));
    return encode(out);
  }
  static Buffer spnego(Bytes mech_token) {
    return encode(NegTokenInit{{mech_oid::ms_kerberos}, to_buffer(mech_token)});
  }
  std::string realm_in(const Buffer& token) {
    const auto init = decode_neg_token_init(token);
    const auto framed = decode_krb_token(init->mech_token);
    if (!framed) return "not framed";
    const auto ap_req = decode_ap_req(framed->message);
    const auto plain = decrypt_data(session, KeyUsage::ap_req_authenticator, ap_req->authenticator);
    return decode_authenticator(*plain)->crealm;
  }

  const Key service = Key::random(EncType::aes256_cts_hmac_sha1_96),
            session = Key::random(EncType::aes256_cts_hmac_sha1_96);
  const Keys keys{Secret{1, "", {service.to_encryption_key()}}, ""};
};

TEST_F(HandMadeToken, GetsItsFrameAndTheRealmOfTheTicket) {
  EXPECT_EQ(realm_in(framed_token(spnego(request("LDAP.EXAMPLE")), keys)), "LDAP.EXAMPLE");
  EXPECT_EQ(realm_in(framed_token(spnego(request("ldap.example")), keys)), "LDAP.EXAMPLE");
  EXPECT_EQ(realm_in(framed_token(spnego(request("other.example")), keys)), "other.example");
}

// With a new authenticator libgssapi's replay cache would not know it.
TEST_F(HandMadeToken, IsChangedOnceOnly) {
  const Buffer token = spnego(request("ldap.example"));
  EXPECT_EQ(realm_in(framed_token(token, keys)), "LDAP.EXAMPLE");
  EXPECT_EQ(realm_in(framed_token(token, keys)), "ldap.example");
}

TEST_F(HandMadeToken, LeavesOthersAsTheyAre) {
  const Buffer framed = spnego(encode(KrbToken{KrbTokenId::ap_req, request("ldap.example")}));
  for (const Buffer& token : {framed, Buffer{}, Buffer{0x60, 0x00}, request("ldap.example"), spnego({})})
    EXPECT_EQ(framed_token(token, keys), token);
}

}  // namespace
}  // namespace stead::kdc
