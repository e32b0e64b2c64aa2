#pragma once
// S4U2Proxy (MS-SFU §3.1.5.2), the ten steps of what-we-build.md: the evidence goes to the front end's realm; where the
// target lives elsewhere the front end's own TGT and the S4U referral TGT walk there, each alone, and meet at a
// 2012-level DC of the target's realm.
#include "sspi_shim/s4u/referral_walk.h"

namespace stead {

// What the front end's own walk to a target gave (steps 3 to 6). It does not depend on the user.
struct KnownTarget {
  std::string realm;
  CredentialPtr tgt;       // ours, for that realm
  bool confirmed = false;  // that realm was asked and has the service
};

class S4u2ProxyExchange final : public Machine {
 public:
  struct Wanted {
    CredentialPtr tgt;                  // ours, of our own realm
    TicketRef evidence;                 // the user's ticket to us
    Principal user;                     // for whom the result must be
    Principal service;                  // realm empty: wherever it is found
    std::optional<KnownTarget> target;  // from an earlier walk
    bool own_service_ticket = false;    // steps 5 and 6 also where they can be skipped
  };
  S4u2ProxyExchange(ExchangeContext& context, Wanted wanted);

  Action start() override;
  Action on_reply(const Reply& reply) override;
  Action on_level(DcLevel level) override { return follow(part_->on_level(level)); }
  Action on_located(const Located& located) override;

  // After Finished.
  [[nodiscard]] const CredentialPtr& ticket() const { return ticket_; }
  // Set as soon as it is known, also where the end is a refusal; nothing where the target lives in our own realm.
  [[nodiscard]] const std::optional<KnownTarget>& target() const { return target_; }

 private:
  enum class Part { first, where, own_walk, proxy_walk, locate, last };
  Action follow(Action action);
  Action next();
  Action ask_first();
  Action ask_where();
  Action walk_own(CredentialPtr from);
  Action walk_proxy();
  Action locate_target();
  Action ask_last();
  Action take_first(const TgsAnswer& answer);
  Action take_last(const TgsAnswer& answer);
  Action finish(const TgsAnswer& answer, Stage stage);
  [[nodiscard]] bool names_home(const std::string& realm) const;
  TgsQuestion delegation_question(CredentialPtr header, TicketRef additional) const;
  std::string what() const;

  ExchangeContext& context_;
  Wanted wanted_;
  std::string home_;
  Part part_of_way_ = Part::first;
  std::unique_ptr<Machine> part_;
  CredentialPtr proxy_tgt_;  // the S4U referral TGT
  RealmPath proxy_path_;
  std::optional<KnownTarget> target_;
  std::optional<Refusal> refusal_;  // the first, while the target's realm is asked for
  Located located_;
  KnownController from_;
  CredentialPtr ticket_;
};

}  // namespace stead
