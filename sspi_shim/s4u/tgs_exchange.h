#pragma once
// One TGS-REQ and the reply to it, as bytes and values, with every check that one reply allows (RFC 4120 §3.3, MS-SFU
// §3.1.5.1).
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/protocol/messages/kdc_messages.h"
#include "sspi_shim/protocol/messages/krb_error.h"
#include "sspi_shim/protocol/messages/s4u_messages.h"
#include "sspi_shim/s4u/action.h"

namespace stead {

// The user of an S4U2Self request. `name` is absent if only the certificate is known.
struct S4uSubject {
  // PA-S4U-X509-USER (130), PA-FOR-USER (129), or both: a KDC that does not know the first ignores it.
  enum class Form { x509_user, for_user, both };
  std::optional<PrincipalName> name;
  std::string realm;
  Buffer certificate;  // DER
  Form form = Form::x509_user;
  std::uint32_t options = 0;  // s4u_option besides use_reply_key_usage
};

struct TgsQuestion {
  CredentialPtr header;  // a TGT; a KDC of its realm is asked
  PrincipalName sname;
  std::uint32_t options = kdc_option::canonicalize;
  TicketRef additional_ticket;    // null: none
  std::uint32_t pac_options = 0;  // 0: no PA-PAC-OPTIONS
  std::optional<S4uSubject> subject;
};

struct TgsAnswer {
  CredentialPtr credential;
  std::uint32_t pac_options = 0;                                                  // echoed in the encrypted part
  std::optional<S4uUserId> user_id;                                               // of a valid PA-S4U-X509-USER
  [[nodiscard]] std::string referral() const { return credential->tgt_realm(); }  // empty: a service ticket
};

class TgsExchange {
 public:
  // `question` must outlive the exchange. `realm_now`: the time of the realm's KDCs.
  TgsExchange(const TgsQuestion& question, const std::vector<EncType>& etypes,
              std::chrono::system_clock::time_point realm_now, std::chrono::microseconds clock_offset);
  [[nodiscard]] Buffer take_request() { return std::move(request_); }  // once
  // A TGS-REP or a KRB-ERROR. Fails with a WireErrc for malformed bytes, and with KRB_AP_ERR_MODIFIED if the reply is
  // for another request.
  [[nodiscard]] Result<std::variant<TgsAnswer, KrbError>> read(Bytes reply) const;

 private:
  void add_subject(PaDataList& padata);
  void add_for_user(PaDataList& padata) const;
  [[nodiscard]] bool names_another_client(const KdcRep& reply) const;
  [[nodiscard]] Result<std::optional<S4uUserId>> read_user_id(const KdcRep& reply, const EncKdcRepPart& part) const;

  const TgsQuestion& question_;
  std::chrono::microseconds clock_offset_;
  std::uint32_t nonce_;
  Key subkey_;
  Buffer request_;
  Checksum sent_checksum_;  // of our PA-S4U-X509-USER
};

}  // namespace stead
