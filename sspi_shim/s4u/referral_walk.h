#pragma once
// A walk by plain TGS-REQs along the referrals (RFC 6806 §8) until a ticket for the name comes: the front end's own way
// to another realm, or the S4U referral TGT's. A hop limit, no realm twice.
#include "sspi_shim/s4u/tgs_request.h"

namespace stead {

class ReferralWalk final : public Machine {
 public:
  struct Manner {
    Stage stage{};
    std::string detail;
    bool delegation = false;  // the header ticket is an S4U referral TGT: its refusals look for a 2012-level DC
    std::optional<KnownController> first = {};  // asked before the other DCs of the first realm
    // Asked at each referral TGT: true ends the walk there, without asking that realm.
    std::function<bool(const std::string& realm)> ends_at = {};
  };
  // `sname`: the service, or krbtgt/REALM for a TGT of that realm.
  ReferralWalk(ExchangeContext& context, CredentialPtr header, PrincipalName sname, Manner manner);

  Action start() override;
  Action on_reply(const Reply& reply) override { return follow(request_->on_reply(reply)); }
  Action on_level(DcLevel level) override { return follow(request_->on_level(level)); }
  Action on_located(const Located& located) override { return follow(request_->on_located(located)); }

  // After Finished: the ticket for the name; null where `ends_at` ended the walk.
  [[nodiscard]] const CredentialPtr& ticket() const { return ticket_; }
  // The TGT with which the walk ended: of the realm that issued ticket(), or that `ends_at` chose.
  [[nodiscard]] const CredentialPtr& last_tgt() const { return header_; }
  // Every TGT that the way gave, in order.
  [[nodiscard]] const std::vector<CredentialPtr>& tgts() const { return tgts_; }

 private:
  Action ask();
  Action follow(Action action);

  ExchangeContext& context_;
  CredentialPtr header_;
  PrincipalName sname_;
  Manner manner_;
  RealmPath path_;
  std::unique_ptr<TgsRequest> request_;
  CredentialPtr ticket_;
  std::vector<CredentialPtr> tgts_;
};

}  // namespace stead
