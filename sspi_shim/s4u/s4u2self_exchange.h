#pragma once
// S4U2Self (MS-SFU §3.1.5.1): a ticket to this service in a user's name. Begins at the user's realm and follows
// referrals back to ours. A refusal is final: S4U2Self never searches for a DC of another level.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sspi_shim/base/text.h"
#include "sspi_shim/s4u/tgs_request.h"

namespace stead {

// The components joined by '/', without escapes, as an enterprise name has them: "HTTP/web.example".
[[nodiscard]] std::string unescaped_text(const PrincipalName& name);

class S4u2SelfExchange final : public Machine {
 public:
  struct Wanted {
    CredentialPtr tgt;                  // ours, for the user's realm
    Principal service;                  // this service
    std::optional<PrincipalName> user;  // absent: the certificate alone names the user
    std::string user_realm;
    // DER. Sent to the user's realm only. If `user` is given too, the KDC must check that the certificate is the
    // user's.
    Buffer certificate;
    // Fall back to PA-FOR-USER if a reply lacks PA-S4U-X509-USER. Never with a certificate.
    bool pa_for_user = false;
    std::string detail;
    std::uint32_t options = 0;  // s4u_option: check_logon_hours
  };
  S4u2SelfExchange(ExchangeContext& context, Wanted wanted);

  Action start() override;
  Action on_reply(const Reply& reply) override;
  Action on_located(const Located& located) override { return request_->on_located(located); }

  // After Finished.
  [[nodiscard]] const CredentialPtr& evidence() const { return evidence_; }
  [[nodiscard]] const Principal& user() const { return user_; }  // the canonical name

 private:
  Action ask();
  Action take(const TgsAnswer& answer, const KnownController& from);
  Action without_x509_user(const KnownController& from);
  [[nodiscard]] Refusal wrong(const KnownController& from, std::string what) const;
  [[nodiscard]] bool at_home() const { return equal_ignoring_case(path_.last(), wanted_.service.realm); }

  ExchangeContext& context_;
  Wanted wanted_;
  RealmPath path_;
  S4uSubject::Form form_ = S4uSubject::Form::x509_user;
  bool canonical_ = false;  // user_ is the name that a KDC returned
  Principal user_;
  CredentialPtr header_;
  std::unique_ptr<TgsRequest> request_;
  CredentialPtr evidence_;
};

}  // namespace stead
