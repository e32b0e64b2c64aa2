#pragma once
// S4U2Self (MS-SFU §3.1.5.1): a ticket to ourselves in a user's name, from the user's realm back to ours by referral. A
// refusal is final: S4U2Self never looks for a DC of another level.
#include "sspi_shim/s4u/tgs_request.h"

namespace stead {

// A name's components as people write them and an enterprise name has them: "HTTP/web.example", nothing escaped.
[[nodiscard]] std::string unescaped_text(const PrincipalName& name);

class S4u2SelfExchange final : public Machine {
 public:
  struct Wanted {
    CredentialPtr tgt;                  // ours, for the user's realm
    Principal service;                  // ourselves
    std::optional<PrincipalName> user;  // absent: by certificate alone
    std::string user_realm;
    Buffer
        certificate;  // DER; for the user's realm only, whose KDC must find that it is the user's where he is named too
    bool pa_for_user =
        false;  // PA-FOR-USER where a reply lacks PA-S4U-X509-USER, by name alone: never where there is a certificate
    std::string detail;
    std::uint32_t options = 0;  // s4u_option: check_logon_hours
  };
  S4u2SelfExchange(ExchangeContext& context, Wanted wanted);

  Action start() override;
  Action on_reply(const Reply& reply) override;
  Action on_located(const Located& located) override { return request_->on_located(located); }

  // After Finished.
  [[nodiscard]] const CredentialPtr& evidence() const { return evidence_; }
  [[nodiscard]] const Principal& user() const { return user_; }  // canonical

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
  bool canonical_ = false;  // user_ is what a KDC called him
  Principal user_;
  CredentialPtr header_;
  std::unique_ptr<TgsRequest> request_;
  CredentialPtr evidence_;
};

}  // namespace stead
