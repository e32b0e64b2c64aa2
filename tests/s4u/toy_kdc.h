#pragma once
// Reads a machine's requests and makes replies to them, as told: a KDC without a directory, a policy or a socket.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "sspi_shim/protocol/crypto/random.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/preauth.h"
#include "sspi_shim/s4u/tgs_exchange.h"

namespace stead {

inline PrincipalName service_name(const std::string& text) {
  return parse_principal(text)->name;
}
inline KnownController dc(const std::string& name, DcLevel level = DcLevel::unknown) {
  return {{name, "127.0.0.1", 88, 389}, level};
}

class ToyKdc {
 public:
  // A request as the KDC sees it.
  struct Asked {
    KdcReq request;
    Ticket header;
    Key session_key, subkey;
    std::optional<PaS4uX509User> x509_user;
    std::optional<PaForUser> for_user;
    std::uint32_t pac_options = 0;
    [[nodiscard]] std::string sname() const { return to_string(*request.body.sname); }
    [[nodiscard]] bool has(std::uint32_t option) const { return (request.body.options & option) != 0; }
  };
  struct Given {
    std::string sname, srealm, cname, crealm;
    std::uint32_t flags = ticket_flag::forwardable;
    std::uint32_t pac_options = 0;
    std::optional<S4uUserId> user_id = {};  // PA-S4U-X509-USER in the reply
    bool wrong_nonce = false, wrong_checksum = false;
    std::optional<Key> seal = {};                    // the service's key; none: nobody can open the ticket
    std::function<void(EncTicketPart&)> spoil = {};  // changes what is sealed
    std::function<void(Ticket&)> swap = {};          // changes the ticket on the way
  };

  // krbtgt/`realm`@`issuer` for the front end.
  CredentialPtr tgt(const std::string& realm, const std::string& issuer) {
    auto out = std::make_shared<Credential>();
    out->session_key = Key::random(EncType::aes256_cts_hmac_sha1_96);
    out->ticket = new_ticket(krbtgt_name(realm), issuer, out->session_key);
    out->client = {NameType::principal, {"HTTP", "front.a"}};
    out->client_realm = issuer;
    out->service = krbtgt_name(realm);
    out->service_realm = issuer;
    out->endtime = now() + std::chrono::hours(10);
    return out;
  }

  Asked read(const Action& action) {
    Asked out;
    const auto* send = std::get_if<SendToKdc>(&action);
    if (!send) {
      ADD_FAILURE() << "nothing is sent";
      return out;
    }
    out.request = decode_kdc_req(send->request).value();
    EXPECT_TRUE(out.has(kdc_option::canonicalize)) << "no KDC refers without";
    const auto ap_req = decode_ap_req(find_padata(out.request.padata, PaType::tgs_req)->value).value();
    out.header = ap_req.ticket;
    out.session_key = keys_.at(ap_req.ticket.enc_part.cipher);
    const auto plain = decrypt_data(out.session_key, KeyUsage::tgs_req_authenticator, ap_req.authenticator).value();
    const auto authenticator = decode_authenticator(plain).value();
    EXPECT_TRUE(verify_checksum(*authenticator.checksum, out.session_key, KeyUsage::tgs_req_authenticator_checksum,
                                out.request.body_der));
    out.subkey = Key::make(*authenticator.subkey).value();
    if (const auto* padata = find_padata(out.request.padata, PaType::s4u_x509_user)) {
      out.x509_user = decode_pa_s4u_x509_user(padata->value).value();
      EXPECT_TRUE(verify_checksum(out.x509_user->checksum, out.subkey, KeyUsage::pa_s4u_x509_user_request,
                                  out.x509_user->user_id_der));
      EXPECT_EQ(out.x509_user->user_id.nonce, out.request.body.nonce);
    }
    if (const auto* padata = find_padata(out.request.padata, PaType::for_user))
      out.for_user = decode_pa_for_user(padata->value).value();
    if (const auto* padata = find_padata(out.request.padata, PaType::pac_options))
      out.pac_options = decode_pa_pac_options(padata->value).value();
    return out;
  }

  Reply give(const Asked& asked, Given given, KnownController from = dc("dc1")) {
    const auto key = Key::random(EncType::aes256_cts_hmac_sha1_96);
    KdcRep reply;
    reply.type = MessageType::tgs_rep;
    reply.cname = parse_principal(given.cname)->name;
    reply.crealm = given.crealm;
    reply.ticket = new_ticket(service_name(given.sname), given.srealm, key);
    EncKdcRepPart part;
    part.type = MessageType::tgs_rep;
    part.key = key.to_encryption_key();
    part.last_req.push_back({0, Time{}});
    part.nonce = asked.request.body.nonce + (given.wrong_nonce ? 1 : 0);
    part.flags = given.flags;
    part.authtime = now();
    part.endtime = part.authtime + std::chrono::hours(10);
    part.srealm = given.srealm;
    part.sname = reply.ticket.sname;
    if (given.seal) seal(reply, part, given);
    if (given.swap) given.swap(reply.ticket);
    if (given.pac_options != 0)
      part.encrypted_padata.push_back({PaType::pac_options, encode_pa_pac_options(given.pac_options)});
    if (given.user_id) {
      PaS4uX509User user;
      user.user_id = *given.user_id;
      if (user.user_id.nonce == 0) user.user_id.nonce = asked.request.body.nonce;
      user.user_id.options = s4u_option::use_reply_key_usage;
      user.user_id_der = encode(user.user_id);
      user.checksum = make_checksum(
          asked.subkey, given.wrong_checksum ? KeyUsage::pa_s4u_x509_user_request : KeyUsage::pa_s4u_x509_user_reply,
          user.user_id_der);
      reply.padata.push_back({PaType::s4u_x509_user, encode(user)});
    }
    const auto plain = encode(part);
    reply.enc_part = encrypt_data(asked.subkey, KeyUsage::tgs_rep_encrypted_part_subkey, plain);
    return {encode(reply), from};
  }

  // An AS-REP without preauthentication, under the client's own key.
  Reply give_tgt(const KdcReq& request, const Key& client_key, KnownController from = dc("dc1")) {
    const auto key = Key::random(EncType::aes256_cts_hmac_sha1_96);
    KdcRep reply;
    reply.cname = *request.body.cname;
    reply.crealm = request.body.realm;
    reply.ticket = new_ticket(*request.body.sname, request.body.realm, key);
    EncKdcRepPart part;
    part.key = key.to_encryption_key();
    part.last_req.push_back({0, Time{}});
    part.nonce = request.body.nonce;
    part.flags = ticket_flag::forwardable;
    part.authtime = now();
    part.endtime = part.authtime + std::chrono::hours(10);
    part.srealm = request.body.realm;
    part.sname = *request.body.sname;
    reply.enc_part = encrypt_data(client_key, KeyUsage::as_rep_encrypted_part, encode(part));
    return {encode(reply), from};
  }

  Reply refuse(KrbErrc code, std::optional<NtStatus> status = {}, KnownController from = dc("dc1"), Time stime = {}) {
    KrbError error;
    error.code = code;
    error.realm = "A";
    error.sname = krbtgt_name("A");
    error.stime = stime == Time{} ? now() : stime;
    if (status) {
      KerbErrorData data;
      data.status = *status;
      error.e_data = encode(data);
    }
    return {encode(error), from};
  }

  std::chrono::seconds ahead{0};  // its clock's

 private:
  [[nodiscard]] Time now() const {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + ahead;
  }
  void seal(KdcRep& reply, const EncKdcRepPart& part, const Given& given) {
    EncTicketPart inside;
    inside.flags = part.flags;
    inside.key = part.key;
    inside.crealm = reply.crealm;
    inside.cname = reply.cname;
    inside.authtime = part.authtime;
    inside.endtime = part.endtime;
    if (given.spoil) given.spoil(inside);
    reply.ticket.enc_part = encrypt_data(*given.seal, KeyUsage::ticket, encode(inside));
    keys_[reply.ticket.enc_part.cipher] = Key::make(part.key).value();
  }
  Ticket new_ticket(PrincipalName sname, std::string realm, const Key& session_key) {
    Ticket out;
    out.realm = std::move(realm);
    out.sname = std::move(sname);
    out.enc_part = {EncType::aes256_cts_hmac_sha1_96, 1, random_buffer(40)};
    keys_[out.enc_part.cipher] = session_key;
    return out;
  }
  std::map<Buffer, Key> keys_;  // session keys by the tickets that hold them
};

}  // namespace stead
