#include "proxy/doctor/checks/check_id.h"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace stead::doctor {
namespace {

using enum CheckId;

constexpr auto kChecks = std::to_array<CheckInfo>({
    {C1, "C1", "the proxy's file", ""},
    {C2, "C2", "the files that it names", ""},
    {N1, "N1", "DNS service records", ""},
    {N2, "N2", "ports of the domain controllers", ""},
    {N3, "N3", "clocks", ""},
    {N4, "N4", "Kerberos over TCP, for messages too large for UDP", ""},
    {N5, "N5", "the back end's name is no alias", ""},
    {N6, "N6", "reverse name of the back end", ""},
    {N7, "N7", "the realm and its controllers", ""},
    {N8, "N8", "no connection is reset on the way", ""},
    {N9, "N9", "the domains' directories", ""},
    {A1, "A1", "the front end's account", ""},
    {A2, "A2", "the keytab's key", ""},
    {A3, "A3", "the front end's encryption types", ""},
    {A4, "A4", "SPNs of the public names", ""},
    {A5, "A5", "the SPNs belong to the keytab's account", ""},
    {A6, "A6", "files that hold secrets", ""},
    {S1, "S1", "the target's SPN", ""},
    {S2, "S2", "the target's SPN is unique", ""},
    {S3, "S3", "the SPN is on a computer and on another account", "shows as S1, S2 or S4; `setspn -X` finds it"},
    {S5, "S5", "the target's encryption types", ""},
    {U1, "U1", "the user's name", ""},
    {U2, "U2", "the user's account", ""},
    {A7, "A7", "permission to read the user's groups", ""},
    {A8, "A8", "armor that the domain demands", ""},
    {U3, "U3", "the user may be delegated", ""},
    {U4, "U4", "size of the user's tickets", ""},
    {U5, "U5", "guests and users of a cloud directory only", "such a user shows as U1: no domain knows the name"},
    {D5, "D5", "levels of the domain controllers on the way", ""},
    {D6, "D6", "trusts between user, front end and back end", ""},
    {D7, "D7", "trusts on the way", ""},
    {D8, "D8", "the evidence is forwardable", ""},
    {D1, "D1", "trusted for protocol transition", ""},
    {D2, "D2", "msDS-AllowedToDelegateTo of the front end", ""},
    {D3, "D3", "msDS-AllowedToActOnBehalfOfOtherIdentity of the back end", ""},
    {D4, "D4", "which delegation was used", ""},
    {B1, "B1", "the back end offers Negotiate", ""},
    {B2, "B2", "the back end accepts SPNEGO", ""},
    {B3, "B3", "the back end accepts a token with the first request", ""},
    {S4, "S4", "the back end runs as the account that has the SPN", ""},
    {B4, "B4", "channel bindings (Extended Protection)", ""},
    {B5, "B5", "the back end speaks HTTP/1.1", ""},
    {B6, "B6", "identity bound to the connection", ""},
    {B7, "B7", "the back end accepts the Host it is sent", ""},
    {B8, "B8", "the back end proves its identity", ""},
    {B9, "B9", "the back end lets the user in", ""},
    {F1, "F1", "browsers send Kerberos, not NTLM",
     "A4 checks the SPN; each browser has its own list of intranet sites, and the access log shows who sends NTLM"},
    {F2, "F2", "the public name is no alias", ""},
    {F3, "F3", "the proxy's header limit", ""},
    {F4, "F4", "the browser returns the session cookie",
     "depends on the browser; the proxy sets Secure and __Host- over TLS, SameSite=Lax and no Domain"},
    {F5, "F5", "the certificate that browsers see", ""},
    {R1, "R1", "the proxy that runs", ""},
    {R2, "R2", "its own ticket-granting ticket", ""},
    {R3, "R3", "refusals that it remembers", ""},
    {R4, "R4", "back ends that it leaves out", ""},
});

}  // namespace

std::span<const CheckInfo> all_checks() {
  return kChecks;
}

const CheckInfo& info_of(CheckId id) {
  return kChecks[static_cast<std::size_t>(id)];
}

std::string_view family_of(CheckId id) {
  switch (info_of(id).text.front()) {
    case 'C':
      return "the proxy's configuration";
    case 'N':
      return "network and clocks";
    case 'A':
      return "the front end's account";
    case 'S':
      return "the target's SPN";
    case 'U':
      return "the user";
    case 'D':
      return "delegation";
    case 'B':
      return "back ends";
    case 'R':
      return "the proxy that runs";
    default:
      return "what browsers see";
  }
}

std::string not_checked_text() {
  std::string out;
  for (const CheckInfo& check : kChecks) {
    if (check.why_not_checked.empty()) continue;
    out.append("  ").append(check.text).append("  ").append(check.name).append(": ").append(check.why_not_checked);
    out += '\n';
  }
  return out;
}

}  // namespace stead::doctor
