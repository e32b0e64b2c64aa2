#pragma once
// Values as text in the directory's database. The table `value` has a row for each value of a multi-valued attribute, of
// an attribute that few accounts have, and of a domain's policy.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kdc/forest/forest.h"

namespace stead::kdc {

constexpr std::string_view kMemberOf = "memberOf", kSpn = "servicePrincipalName",
                           kDelegateTo = "msDS-AllowedToDelegateTo", kCertificate = "userCertificate",
                           kMapping = "altSecurityIdentities", kMayAuthenticate = "Allowed-To-Authenticate";

using AttributeValues = std::vector<std::pair<std::string_view, std::string>>;  // attribute and value

// "ENCTYPE:HEX" with blanks between them. parse_keys: false if the text is none.
[[nodiscard]] std::string join_keys(const std::vector<EncryptionKey>& keys);
[[nodiscard]] bool parse_keys(std::string_view text, std::vector<EncryptionKey>& out);
[[nodiscard]] std::vector<std::string> split_words(std::string_view text);

[[nodiscard]] AttributeValues rare_values(const RareAttributes& rare);
[[nodiscard]] AttributeValues policy_values(const AccountPolicy& policy);
// Takes one value of a row. take_account_value: false if it cannot be read. Unknown attributes are passed over.
void take_policy_value(AccountPolicy& policy, std::string_view attribute, const std::string& value);
[[nodiscard]] bool take_account_value(Account& account, std::string_view attribute, std::string value);

}  // namespace stead::kdc
