#pragma once
// Where krb5.conf says that KDCs are.
#include <string>

#include "sspi_shim/protocol/types/types.h"
#include "stead/locator.h"

namespace stead {

// Adds what `out` does not say itself: [realms] with kdc, primary_kdc and master_kdc (hosts, or an HTTPS relay with its
// http_anchors), dns_lookup_kdc, udp_preference_limit and [domain_realm]. A realm that `out` has, by its controllers or
// by a KDC proxy, stays as it is; with nameservers in `out`, DNS says where KDCs are and not krb5.conf. Looks names up in DNS, once a minute at most: blocks.
void add_krb5_conf(LocatorOptions& out);

// The realm of a service "HTTP/host" by LocatorOptions::realms_of_hosts; empty: unknown.
[[nodiscard]] std::string realm_of_service(const PrincipalName& service, const LocatorOptions& options);

}  // namespace stead
