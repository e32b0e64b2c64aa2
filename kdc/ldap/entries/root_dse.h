#pragma once
// The rootDSE (RFC 4512 §5.1, MS-ADTS §3.1.1.3.2): what a DC says about itself to anybody.
#include <chrono>
#include <string>

#include "kdc/ldap/entries/tree.h"

namespace stead::kdc {

namespace ldap_oid {
constexpr std::string_view paged_results = "1.2.840.113556.1.4.319", start_tls = "1.3.6.1.4.1.1466.20037",
                           who_am_i = "1.3.6.1.4.1.4203.1.11.3", show_deleted = "1.2.840.113556.1.4.417",
                           extended_dn = "1.2.840.113556.1.4.529", sd_flags = "1.2.840.113556.1.4.801",
                           domain_scope = "1.2.840.113556.1.4.1339", search_options = "1.2.840.113556.1.4.1340",
                           permissive_modify = "1.2.840.113556.1.4.1413", tree_delete = "1.2.840.113556.1.4.805";
}

// `has_tls`: StartTLS is offered. All values, in AD's order of names.
[[nodiscard]] std::vector<EntryAttribute> root_dse(const Tree& tree, std::chrono::sys_seconds now, bool has_tls);

}  // namespace stead::kdc
