#pragma once
// The parts of a client's Negotiate token, which a test may change before they are put together.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/spnego.h"

namespace stead::test {

struct TokenDraft {
  using Change = std::function<Buffer(Bytes)>;  // of the DER, before it is enclosed

  Principal service;
  Key service_key, session_key;
  std::optional<std::uint32_t> kvno;
  EncTicketPart part;
  Authenticator authenticator;
  std::optional<GssChecksum> checksum;
  Buffer after_checksum;  // extensions
  std::uint32_t options = ap_option::mutual_required;
  KrbTokenId id = KrbTokenId::ap_req;
  std::vector<Buffer> mech_types{mech_oid::kerberos};  // none: no SPNEGO
  Buffer mech_list_mic, req_flags;
  Change change_part, change_authenticator, change_request, change_init;

  // A token of alice of HOME.TEST that is valid at this time.
  TokenDraft(Principal to, Key key, std::uint32_t version, Key session, Time now)
      : service(std::move(to)),
        service_key(std::move(key)),
        session_key(std::move(session)),
        kvno(version),
        checksum(GssChecksum{}) {
    part.flags = ticket_flag::forwardable | ticket_flag::pre_authent;
    part.key = session_key.to_encryption_key();
    part.crealm = authenticator.crealm = "HOME.TEST";
    part.cname = authenticator.cname = {NameType::principal, {"alice"}};
    part.authtime = now - std::chrono::minutes(5);
    part.endtime = now + std::chrono::hours(1);
    authenticator.ctime = now;
    checksum->flags = gss_flag::mutual | gss_flag::integrity;
  }

  [[nodiscard]] Buffer token() const {
    Authenticator sent = authenticator;
    if (checksum) {
      sent.checksum = Checksum{kGssChecksumType, encode(*checksum)};
      append(sent.checksum->value, after_checksum);
    }
    const Buffer ticket = changed(change_part, encode(part)), proof = changed(change_authenticator, encode(sent));
    const ApReq request{options,
                        {service.realm, service.name, encrypt_data(service_key, KeyUsage::ticket, ticket, kvno)},
                        encrypt_data(session_key, KeyUsage::ap_req_authenticator, proof)};
    const Buffer framed = encode(KrbToken{id, changed(change_request, encode(request))});
    if (mech_types.empty()) return framed;
    return changed(change_init, encode(NegTokenInit{mech_types, framed, mech_list_mic, req_flags}));
  }

 private:
  static Buffer changed(const Change& change, Bytes der) { return change ? change(der) : to_buffer(der); }
};

}  // namespace stead::test
