#pragma once
// A forest's KDCs in memory, without sockets: the client's own state machines ask the KDC's own request handlers. So a
// plan has no policy of its own.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kdc/directory/snapshot.h"
#include "sspi_shim/krb5/credential.h"
#include "sspi_shim/s4u/action.h"
#include "sspi_shim/s4u/tgs_exchange.h"

namespace stead::plan {

// Why a request was not granted: who refused, and in which words.
struct Obstacle {
  std::string controller, level;  // empty: no DC refused, there was none to ask
  std::string reason;
};

class Rehearsal {
 public:
  // `snapshot` must outlive it.
  explicit Rehearsal(const kdc::Snapshot& snapshot);

  // From now on the domain has this DC only.
  void pin(const kdc::DomainEntry& domain, const kdc::Controller& controller);
  // From now on requests go to this directory, which has the same keys.
  void serve(const kdc::Snapshot& snapshot) { snapshot_ = &snapshot; }

  // Runs a machine to its end. Nothing: it has its result.
  [[nodiscard]] std::optional<Obstacle> run(Machine& machine);
  // One TGS-REQ to a DC of the header ticket's realm.
  [[nodiscard]] Result<TgsAnswer> ask(const TgsQuestion& question, Obstacle& obstacle);

  // A TGT by the account's own key.
  [[nodiscard]] CredentialPtr sign_in(const kdc::AccountEntry& account, Obstacle& obstacle);
  // The ticket for a name, over referrals; null with an obstacle.
  [[nodiscard]] CredentialPtr walk(const CredentialPtr& tgt, const PrincipalName& sname, Obstacle& obstacle);

  [[nodiscard]] ExchangeContext& context() { return context_; }

 private:
  [[nodiscard]] std::vector<const kdc::Controller*> controllers(const std::string& realm) const;
  [[nodiscard]] Reply carry(const SendToKdc& send);
  [[nodiscard]] Reply answer(const std::string& realm, const kdc::Controller& controller, Bytes request);
  [[nodiscard]] Located locate(const LocateDc& wanted) const;
  [[nodiscard]] Obstacle obstacle_of(const Refusal& refusal) const;

  const kdc::Snapshot* snapshot_;
  ExchangeContext context_;
  std::vector<std::pair<std::string, std::string>> pins_;  // realm, DC
  std::vector<Obstacle> refused_;                          // what DCs refused so far
};

}  // namespace stead::plan
