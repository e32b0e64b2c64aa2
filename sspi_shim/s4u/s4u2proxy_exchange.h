#pragma once
// S4U2Proxy (MS-SFU §3.1.5.2), steps 1 to 8 of s4u/README.md. The evidence goes to a DC of the front end's realm. If
// the target is in another realm, the client follows the referrals twice, with its own TGT and with the S4U referral
// TGT, and sends both to a 2012-level DC of the target's realm.
#include <memory>
#include <optional>
#include <string>

#include "sspi_shim/s4u/referral_walk.h"

namespace stead {

// The result of steps 3 to 6: the target's realm and our TGT for it. The same for all users.
struct KnownTarget {
  std::string realm;
  CredentialPtr tgt;       // ours, for that realm
  bool confirmed = false;  // a KDC of that realm said that it has the service
};

class S4u2ProxyExchange final : public Machine {
 public:
  struct Wanted {
    CredentialPtr tgt;                  // ours, of our own realm
    TicketRef evidence;                 // the user's ticket to this service
    Principal user;                     // the client that the resulting ticket must have
    Principal service;                  // with an empty realm: the KDCs find the realm
    std::optional<KnownTarget> target;  // from an earlier walk
    bool own_service_ticket = false;    // run steps 5 and 6 although they can be skipped
  };
  S4u2ProxyExchange(ExchangeContext& context, Wanted wanted);

  Action start() override;
  Action on_reply(const Reply& reply) override;
  Action on_level(DcLevel level) override { return follow(part_->on_level(level)); }
  Action on_located(const Located& located) override;

  // After Finished.
  [[nodiscard]] const CredentialPtr& ticket() const { return ticket_; }
  // Set as soon as it is known, also if the exchange ends with a refusal. Nothing: the target is in our own realm.
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
  [[nodiscard]] TgsQuestion delegation_question(CredentialPtr header, TicketRef additional) const;
  [[nodiscard]] std::string what() const;

  ExchangeContext& context_;
  Wanted wanted_;
  std::string home_;
  Part part_of_way_ = Part::first;
  std::unique_ptr<Machine> part_;
  CredentialPtr proxy_tgt_;  // the S4U referral TGT
  RealmPath proxy_path_;
  std::optional<KnownTarget> target_;
  std::optional<Refusal> refusal_;  // the first one, while the target's realm is searched for
  Located located_;
  KnownController from_;
  CredentialPtr ticket_;
};

}  // namespace stead
