#pragma once
// Names of AD accounts, as far as a Kerberos client can know them.
#include <string>
#include <string_view>

namespace stead {

// The computer account that has an SPN by default: "backend$" for HTTP/backend.corp.contoso.com. A text without '/' is
// an account's name already.
[[nodiscard]] std::string account_guess(std::string_view spn);
// The account's name in an AD salt: "frontend$" of "REALMhostfrontend.realm", "alice" of "REALMalice". Empty: the salt
// has another form.
[[nodiscard]] std::string account_of_salt(std::string_view salt, std::string_view realm);

}  // namespace stead
