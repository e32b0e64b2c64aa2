#pragma once
// Sign-in by client certificate. TLS has checked the chain and the revocation lists. The directory maps the certificate
// to a user, by S4U2Self with the certificate: by altSecurityIdentities or by the SID in it. A certificate with a SID
// signs in only the account with that SID. With mapping = "upn", a certificate that the directory does not map signs in
// the account of its UPN, in the realms that the configuration names.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/sign_in/certificate_fault.h"
#include "proxy/sign_in/sessions.h"
#include "proxy/sign_in/sign_in.h"
#include "proxy/sign_in/sign_in_state.h"
#include "proxy/tickets/backend_tickets.h"
#include "sspi_shim/protocol/messages/ticket.h"
#include "sspi_shim/protocol/security/certificate_names.h"

namespace stead::proxy {

struct CertificateRefused {
  CertificateFault fault{};
  std::string detail;  // for the log
};
struct CertificateUser {
  std::string principal;                   // "alice@REALM"
  std::shared_ptr<const Ticket> evidence;  // S4U2Self's
};

// required: the route accepts no other method, so that a missing certificate is a refusal.
enum class CertificateUse { optional, required };

class CertificateSignIn {
 public:
  // `sessions`: of the same core; outlives this.
  CertificateSignIn(std::shared_ptr<SignInState> state, std::shared_ptr<BackendTickets> tickets,
                    const Sessions& sessions)
      : state_(std::move(state)), tickets_(std::move(tickets)), sessions_(sessions) {}
  // A session for the certificate of the request's connection; else why there is none.
  [[nodiscard]] boost::asio::awaitable<std::variant<SignedIn, CertificateFault>> sign_in(const RequestView& request,
                                                                                         CertificateUse use);
  // The user of a certificate that TLS has verified. `der`: the certificate.
  [[nodiscard]] boost::asio::awaitable<std::variant<CertificateUser, CertificateRefused>> user_of(
      std::vector<std::uint8_t> der);

 private:
  // Nothing, or why the certificate is not for this user.
  [[nodiscard]] std::optional<CertificateRefused> judge_sid(const CertificateNames& names,
                                                            const CertificateUser& user) const;

  std::shared_ptr<SignInState> state_;
  std::shared_ptr<BackendTickets> tickets_;
  const Sessions& sessions_;
};

}  // namespace stead::proxy
