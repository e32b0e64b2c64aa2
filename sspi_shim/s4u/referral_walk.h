#pragma once
// Follows referrals with plain TGS-REQs (RFC 6806 §8) until a KDC gives a ticket for the name. Used for the front end's
// own TGTs, and for the S4U referral TGT. Visits no realm twice, and at most RealmPath::kMaxReferrals realms.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/s4u/tgs_request.h"

namespace stead {

class ReferralWalk final : public Machine {
 public:
  struct Mode {
    Stage stage{};
    std::string detail{};
    bool delegation =
        false;  // the header ticket is an S4U referral TGT: a refusal leads to a search for a 2012-level DC
    std::optional<KnownController> first = {};  // the DC of the first realm that is asked first
    // Called for each referral TGT: true ends the walk with it, without asking that realm.
    std::function<bool(const std::string& realm)> ends_at = {};
  };
  // `sname`: the service, or krbtgt/REALM for a TGT of that realm.
  ReferralWalk(ExchangeContext& context, CredentialPtr header, PrincipalName sname, Mode mode);

  Action start() override;
  Action on_reply(const Reply& reply) override { return follow(request_->on_reply(reply)); }
  Action on_level(DcLevel level) override { return follow(request_->on_level(level)); }
  Action on_located(const Located& located) override { return follow(request_->on_located(located)); }

  // After Finished: the ticket for the name; null where `ends_at` ended the walk.
  [[nodiscard]] const CredentialPtr& ticket() const { return ticket_; }
  // The last TGT: of the realm that issued ticket(), or that `ends_at` chose.
  [[nodiscard]] const CredentialPtr& last_tgt() const { return header_; }
  // All TGTs of the walk, in order.
  [[nodiscard]] const std::vector<CredentialPtr>& tgts() const { return tgts_; }

 private:
  Action ask();
  Action follow(Action action);

  ExchangeContext& context_;
  CredentialPtr header_;
  PrincipalName sname_;
  Mode mode_;
  RealmPath path_;
  std::unique_ptr<TgsRequest> request_;
  CredentialPtr ticket_;
  std::vector<CredentialPtr> tgts_;
};

}  // namespace stead
