#pragma once
// Finds the realm of a user who is named by account, UPN, NetBIOS domain or certificate. Belongs to the context's
// executor.
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sspi_shim/client/cache/ticket_cache.h"
#include "sspi_shim/client/own_tickets.h"
#include "sspi_shim/s4u/user_realm.h"

namespace stead {

// Where S4U2Self asks for a user, and under which name.
struct UserPlace {
  std::optional<PrincipalName> name;  // absent: the certificate alone names the user
  std::string realm;
  bool is_guess = false;  // no KDC knows the UPN: its suffix is taken for the realm
};

// A user as the caller named them: by certificate if there is one, else by name.
struct UserRequest {
  std::string name;  // as parse_user_name takes it
  Buffer certificate{};
  CertificateHints hints{};
};
// Equal for requests that name the same user in the same way. With case: some KDCs tell Alice from alice.
[[nodiscard]] std::string key_of(const UserRequest& user);

class UserFinder {
 public:
  UserFinder(ClientContextPtr context, std::shared_ptr<OwnTickets> tickets);

  // Found UPNs and certificates are remembered for an hour. Refused with KDC_ERR_C_PRINCIPAL_UNKNOWN where no KDC that
  // was asked knows the user.
  Awaitable<OrRefusal<UserPlace>> find(CallPtr call, UserRequest user);
  // True if a visitor may send us to the KDCs of this realm: it is ours, in the configuration, or our own KDC gives a
  // TGT for it. No other realm is looked up in DNS because somebody typed it. Refused where our KDC does not answer.
  Awaitable<OrRefusal<bool>> is_known_realm(CallPtr call, std::string realm);
  // A user named DOMAIN\account.
  Awaitable<OrRefusal<UserPlace>> find_in_domain(CallPtr call, UserName name);

 private:
  Awaitable<OrRefusal<UserPlace>> find_by_name(CallPtr call, UserName name, std::string first_realm);
  Awaitable<OrRefusal<UserPlace>> find_by_upn(CallPtr call, UserName name, std::string first_realm);
  Awaitable<OrRefusal<UserPlace>> find_by_certificate(CallPtr call, Buffer der, std::string first_realm);
  Awaitable<OrRefusal<UserPlace>> find_owner(CallPtr call, Buffer der, CertificateHints hints);
  // Empty: no such domain is known.
  Awaitable<OrRefusal<std::string>> realm_of_netbios(CallPtr call, std::string netbios, std::string account);
  Awaitable<std::string> realm_by_ping(std::string netbios);
  Awaitable<OrRefusal<std::string>> realm_by_referral(CallPtr call, std::string netbios);
  [[nodiscard]] std::string place_key(std::string name, const std::string& first_realm) const;

  ClientContextPtr context_;
  std::shared_ptr<OwnTickets> tickets_;
  std::map<std::string, std::string> realms_;  // by NetBIOS name, upper case
  TicketCache<UserPlace> places_;              // by UPN or certificate
};

// What a KDC answers for a user that it does not know.
[[nodiscard]] Refusal unknown_user(const std::string& realm);

}  // namespace stead
