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
    PaForUserUse pa_for_user = PaForUserUse::automatic;  // with a certificate: never
    std::string detail;
    std::uint32_t options = 0;  // s4u_option: check_logon_hours
  };
  S4u2SelfExchange(ExchangeContext& context, Wanted wanted);

  Action start() override;
  Action on_reply(const Reply& reply) override;
  Action on_located(const Located& located) override { return request_->on_located(located); }

  // After Finished. Nothing here has opened the evidence: what its inside says is for the caller to judge.
  [[nodiscard]] const CredentialPtr& evidence() const { return evidence_; }
  [[nodiscard]] const Principal& user() const { return user_; }  // the canonical name
  // The UPN that the KDC was asked for and did not confirm: PA-FOR-USER has no echo, and one that was recorded from
  // another request of ours can be put in its place. The evidence must say that the user has this UPN. Empty: the user
  // is the one asked for.
  [[nodiscard]] std::string unconfirmed_upn() const;

 private:
  Action ask();
  Action take(const TgsAnswer& answer, const KnownController& from);
  [[nodiscard]] std::optional<Refusal> adopt(const S4uUserId& echoed, const KnownController& from);
  [[nodiscard]] std::optional<Refusal> judge_unnamed(const TgsAnswer& answer, const KnownController& from);
  [[nodiscard]] std::optional<Refusal> judge_name(const Principal& named, const KnownController& from);
  [[nodiscard]] Refusal unsupported(const KnownController& from, std::string what);
  [[nodiscard]] Refusal wrong(const KnownController& from, std::string what) const;
  [[nodiscard]] bool at_home() const { return equal_ignoring_case(path_.last(), wanted_.service.realm); }

  ExchangeContext& context_;
  Wanted wanted_;
  RealmPath path_;
  S4uSubject::Form form_;
  bool canonical_ = false;  // user_ is the name that a KDC returned
  Principal user_;
  CredentialPtr header_;
  std::unique_ptr<TgsRequest> request_;
  CredentialPtr evidence_;
};

}  // namespace stead
