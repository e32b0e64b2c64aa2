#pragma once
// What the LDAP connections to one DC on one core share.
#include <memory>
#include <utility>

#include "kdc/ldap/entries/tree.h"
#include "kdc/ldap/gss_keys.h"
#include "kdc/server/ldap_channel.h"

namespace stead::kdc {

class LdapEndpoint {
 public:
  LdapEndpoint(Core& core, const ServedController& served, TlsContext tls)
      : core_(core), served_(served), tls_(std::move(tls)) {}

  [[nodiscard]] Core& core() { return core_; }
  [[nodiscard]] const ServedController& served() const { return served_; }
  [[nodiscard]] const TlsContext& tls() const { return tls_; }

  // Of the directory as of now; null: it does not have the DC's domain.
  [[nodiscard]] std::shared_ptr<const Tree> tree();
  // For clients with a ticket to the DC. Null: the DC's account cannot be used, and the log says why.
  [[nodiscard]] asio::awaitable<std::shared_ptr<const GssKeys>> keys();

 private:
  Core& core_;
  const ServedController& served_;
  TlsContext tls_;
  std::shared_ptr<const Tree> tree_;
  std::shared_ptr<const GssKeys> keys_;
};

}  // namespace stead::kdc
