#pragma once
// Sign-in by client certificate. TLS has checked the chain and the revocation lists; here the directory says whose it
// is, by altSecurityIdentities, the SID extension or the UPN (S4U2Self with the certificate), or by the UPN alone where
// it knows no certificates. A certificate that carries a SID is good for the account of that SID only, whichever name
// found it.
#include <memory>
#include <optional>
#include <variant>

#include "proxy/sign_in/sign_in.h"
#include "proxy/sign_in/sign_in_state.h"
#include "proxy/tickets/backend_tickets.h"
#include "sspi_shim/protocol/messages/ticket.h"
#include "sspi_shim/protocol/security/certificate_names.h"

namespace stead::proxy {

// Why a certificate signs nobody in. Each has its page and its words in the log.
enum class CertificateFault {
  none_sent,
  wrong_ca,
  expired,
  not_yet_valid,
  revoked,
  revocation_unknown,
  unacceptable,  // TLS found
  unreadable,
  unmapped,
  mapped_twice,
  other_account,
  account_refused,
  directory_silent,  // found here
};
// What TLS said: X509_verify_cert_error_string's words. Empty: none_sent.
[[nodiscard]] CertificateFault fault_of(std::string_view verify_error);

[[nodiscard]] Buffer certificate_digest(Bytes der);  // SHA-256
// The user's SID in the PAC of S4U2Self evidence, which one of our keys must open and have signed; else nothing.
[[nodiscard]] std::optional<Sid> sid_in_evidence(const Ticket& evidence, const std::vector<Key>& own_keys);

struct CertificateRefused {
  CertificateFault fault{};
  std::string detail;  // for the log
};

class CertificateSignIn {
 public:
  CertificateSignIn(std::shared_ptr<SignInState> state, std::shared_ptr<BackendTickets> tickets)
      : state_(std::move(state)), tickets_(std::move(tickets)) {}
  // The user of this connection's certificate, "alice@REALM".
  [[nodiscard]] boost::asio::awaitable<std::variant<std::string, CertificateRefused>> user_of(
      std::vector<std::uint8_t> der);

 private:
  std::shared_ptr<SignInState> state_;
  std::shared_ptr<BackendTickets> tickets_;
};

// 403, or 503 where the directory was silent.
[[nodiscard]] OwnResponse certificate_page(CertificateFault fault, std::string_view request_id);

}  // namespace stead::proxy
