#pragma once
// Names of services as the directory compares them.
#include <string>
#include <string_view>

#include "kdc/lookup/domain_view.h"

namespace stead::kdc {

// "HTTP/web.example": the components with '/' between them, nothing escaped.
[[nodiscard]] std::string joined(const PrincipalName& name);
// kadmin/changepw, the service of password changes. Its account is krbtgt.
[[nodiscard]] bool is_changepw(std::string_view name);
// "web.example" of HTTP/web.example:8080/NAME; empty for a name without a host.
[[nodiscard]] std::string_view host_of(const PrincipalName& spn);
[[nodiscard]] std::string_view host_of(std::string_view spn);

// The account of `domain` with this SPN or, for a name without '/', with this sAMAccountName. Null: none.
[[nodiscard]] const AccountEntry* find_local_service(const Snapshot& snapshot, const DomainEntry& domain,
                                                     std::string_view name);

}  // namespace stead::kdc
