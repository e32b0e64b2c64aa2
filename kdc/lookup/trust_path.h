#pragma once
// The way from realm to realm along the trusts, and for which clients a trust may speak.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/lookup/domain_view.h"

namespace stead::kdc {

[[nodiscard]] bool is_same_forest(const DomainEntry& a, const DomainEntry& b);

// The first trust on the shortest path to `destination`, in the direction "the next domain trusts this one"; null:
// there is no path. A forest trust joins two forests and no third; an external trust joins its two domains only.
// `client_realm`: the realm of the client whose tickets take the path. `arrived_by`: the trust over which the header
// ticket came, null for a ticket of this domain.
[[nodiscard]] const TrustEntry* next_hop(const DomainView& view, const DomainEntry& destination,
                                         std::string_view client_realm, const TrustEntry* arrived_by);

// The realms between two on the shortest path, without the ends; nothing if there is no path.
[[nodiscard]] std::optional<std::vector<std::string>> realms_between(const Snapshot& snapshot, std::string_view from,
                                                                     std::string_view to);
// True if in the chain client, between..., server each realm is trusted by the one after it.
[[nodiscard]] bool is_trust_path(const Snapshot& snapshot, std::string_view client,
                                 const std::vector<std::string>& between, std::string_view server);

// MS-PAC §4.1.2.3: true if the realm at the other end of this trust may issue tickets for clients of `crealm`.
[[nodiscard]] bool may_speak_for(const Snapshot& snapshot, const TrustEntry& trust, std::string_view crealm);
// The same for the user of an S4U referral TGT, who within a forest may also be of the own realm.
[[nodiscard]] bool may_speak_for_user(const Snapshot& snapshot, const TrustEntry& trust, std::string_view realm);

// The trust with this realm that lets its clients in here, or null.
[[nodiscard]] const TrustEntry* trust_from(const DomainEntry& domain, std::string_view partner_realm);

}  // namespace stead::kdc
