#pragma once
// What the back end answers its callers about themselves, as JSON or as text.
#include <string>

#include "samples/backend/acceptor.h"
#include "samples/backend/access_rule.h"

namespace stead::sample {

// What S-1-18-1 or S-1-18-2 in the PAC says (Windows Server 2012 and later): the user proved their identity, or a
// service asserted it.
struct SignedIn {
  std::string sid;      // empty: the PAC has neither
  std::string meaning;  // one sentence
};
[[nodiscard]] SignedIn how_signed_in(const Caller& caller);

// `rule` and `verdict` are null where no rule was set.
[[nodiscard]] std::string to_json(const Caller& caller, const AccessRule* rule, const Verdict* verdict);
[[nodiscard]] std::string to_text(const Caller& caller, const AccessRule* rule, const Verdict* verdict);
[[nodiscard]] std::string error_json(const std::string& error, const std::string& reason);

}  // namespace stead::sample
