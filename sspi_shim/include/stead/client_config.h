#pragma once
// ClientOptions from a TOML file (the one of `stead --config FILE`; the proxy's file has the same tables) and from
// krb5.conf.
#include <optional>
#include <string>

#include "stead/s4u.h"

namespace stead {
inline namespace [[gnu::visibility("default")]] v0 {

// What happens to tables other than [locator] and [identity]. `of_proxy`: the tables of the proxy's file are ignored, all
// others are errors, so that a misspelt name is still reported.
enum class OtherTables { refused, allowed, of_proxy };

// Reads the file at `path`; blocks. On failure returns nothing and sets `message` to one line, "FILE:LINE:COLUMN: …".
// Relative paths in the file are relative to its folder.
[[nodiscard]] std::optional<ClientOptions> read_client_config(const std::string& path, OtherTables others,
                                                              std::string& message);

// Sets an empty `keytab` to libkrb5's default (KRB5_KTNAME, krb5.conf), and adds the default realm to a `principal`
// without one. Takes [realms], dns_lookup_kdc, udp_preference_limit and [domain_realm] for what `locator` does not say, as
// kinit does; else the locator uses the system's DNS. Reads krb5.conf and looks up the names of KDCs in it: blocks.
void fill_from_krb5_conf(ClientOptions& options);
// default_realm of krb5.conf, or the one that libkrb5 derives from the host name; empty: none. Blocks.
[[nodiscard]] std::string default_realm();

}  // namespace v0
}  // namespace stead
