#pragma once
// Which account a name means, and in which realm it is to be looked for: names of clients, names of services, and the
// way from realm to realm along the trusts. Pure over the snapshot.
#include "kdc/exchange/exchange.h"

namespace stead::kdc {

// A client's name: an account here, or the realm to ask instead (empty: nobody knows it).
struct ClientLookup {
  const AccountEntry* account = nullptr;
  std::string other_realm;
  bool several = false;   // a certificate that more than one account claims
  bool mismatch = false;  // a certificate with the SID of another account than the one it is mapped to
};
// sAMAccountName (a computer's also without `$`), UPN, SPN. A UPN of another domain of the forest, or with a suffix
// that a trust names, gives the realm to ask.
[[nodiscard]] ClientLookup find_client(const Context& ctx, const PrincipalName& name);
// The account a certificate is mapped to: altSecurityIdentities, else the SID that Active Directory's CA puts into it,
// else the UPN in its SAN. As KB5014754 has it, a SID in the certificate must be the account's, however that was found;
// only a strong mapping of altSecurityIdentities goes before it. A certificate without a SID is taken by its UPN (the
// update's compatibility mode).
[[nodiscard]] ClientLookup find_client_by_certificate(const Context& ctx, Bytes der);
// Whether it is this account's certificate: by its UPN, its SID or altSecurityIdentities, whoever else it is mapped to
// (MS-PKCA §3.1.5.2.1). A SID in it binds as above.
[[nodiscard]] bool is_certificate_of(const Context& ctx, const AccountEntry& account, Bytes der);
// The account of this domain a ticket's cname means, however it was named when the ticket was asked for.
[[nodiscard]] const AccountEntry* account_of_cname(const Context& ctx, const PrincipalName& cname);

// A service's name.
struct Target {
  enum class Place { here, own_krbtgt, elsewhere, nowhere } place = Place::nowhere;
  const AccountEntry* account = nullptr;     // here, own_krbtgt
  const DomainEntry* destination = nullptr;  // elsewhere
  bool krbtgt_asked = false;                 // the name was krbtgt/REALM
};
[[nodiscard]] Target find_target(const Context& ctx, const PrincipalName& sname);

// The first trust on the shortest way to `destination`, in the direction "the next trusts this one"; null: there is
// none. A forest trust joins two forests and no third; an external trust joins its two domains only. `client_realm`:
// whose tickets would walk there. `arrived_by`: the trust the header ticket came over, null for own tickets.
[[nodiscard]] const TrustEntry* next_hop(const Context& ctx, const DomainEntry& destination,
                                         std::string_view client_realm, const TrustEntry* arrived_by);

// The realms between two on the shortest way, ends left out; nothing where there is no way.
[[nodiscard]] std::optional<std::vector<std::string>> realms_between(const Snapshot& snapshot, std::string_view from,
                                                                     std::string_view to);
// True where each realm of client, between..., server is trusted by the one after it.
[[nodiscard]] bool is_trust_path(const Snapshot& snapshot, std::string_view client,
                                 const std::vector<std::string>& between, std::string_view server);

// MS-PAC §4.1.2.3: may the realm at the other end of this trust speak for clients of `crealm`?
[[nodiscard]] bool may_speak_for(const Snapshot& snapshot, const TrustEntry& trust, std::string_view crealm);
// The same of the user whom an S4U referral TGT speaks for: within a forest he may well be of the own realm.
[[nodiscard]] bool may_speak_for_user(const Snapshot& snapshot, const TrustEntry& trust, std::string_view realm);

// The trust with this realm that lets its clients in here, or null.
[[nodiscard]] const TrustEntry* trust_from(const DomainEntry& domain, std::string_view partner_realm);

// "HTTP/web.example" as the directory compares it: components joined, nothing escaped.
[[nodiscard]] std::string joined(const PrincipalName& name);

}  // namespace stead::kdc
