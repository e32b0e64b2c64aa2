#pragma once
// ClientOptions from a TOML file (the one of `stead --config FILE`; the proxy's file has the same tables) and from
// krb5.conf.
#include <optional>
#include <string>

#include "stead/s4u.h"

namespace stead {
inline namespace [[gnu::visibility("default")]] v0 {

// What happens to tables other than [locator], [identity] and [tickets]: errors; ignored; or (`of_proxy`) those of the
// proxy's file are ignored and all others are errors, so that a misspelt name is still reported.
enum class OtherTables { refused, allowed, of_proxy };

// Reads the file at `path`; blocks. On failure returns nothing and sets `message` to one line, "FILE:LINE:COLUMN: …".
// Relative paths in the file are relative to its folder.
[[nodiscard]] std::optional<ClientOptions> read_client_config(const std::string& path, OtherTables others,
                                                              std::string& message);

// Fills in what `options` leaves open. An empty `keytab` becomes libkrb5's default (KRB5_KTNAME, krb5.conf); a
// `principal` without realm gets the default realm; an empty one stays empty. For realms and hosts that `locator` does
// not name, krb5.conf counts as for kinit: [realms], dns_lookup_kdc, udp_preference_limit, [domain_realm]; if `locator`
// has nameservers, DNS says where KDCs are, and [realms] and dns_lookup_kdc do not count. A krb5.conf that libkrb5
// cannot read changes nothing: Client::open then names its fault. Reads krb5.conf and looks up the names of KDCs in it:
// blocks.
void fill_from_krb5_conf(ClientOptions& options);
// default_realm of krb5.conf, or the one that libkrb5 derives from the host name; empty: none. Blocks.
[[nodiscard]] std::string default_realm();

}  // namespace v0
}  // namespace stead
