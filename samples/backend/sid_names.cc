#include "samples/backend/sid_names.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace stead::sample {
namespace {

const std::pair<Sid, const char*> kEverywhere[] = {
    {well_known_sid::everyone, "Everyone"},
    {well_known_sid::enterprise_domain_controllers, "Enterprise Domain Controllers"},
    {well_known_sid::authenticated_users, "Authenticated Users"},
    {well_known_sid::this_organization, "This Organization"},
    {Sid{5, {21, 0, 0, 0, 497}}, "Claims Valid"},
    {Sid{5, {21, 0, 0, 0, 496}}, "Compounded Authentication"},
    {well_known_sid::authentication_authority, "Authentication authority asserted identity"},
    {well_known_sid::service_asserted, "Service asserted identity"},
    {Sid{18, {3}}, "Fresh public key identity"},
    {Sid{18, {4}}, "Key trust identity"},
    {Sid{18, {5}}, "MFA key property"},
    {well_known_sid::builtin_administrators, "BUILTIN\\Administrators"},
    {Sid{5, {32, 545}}, "BUILTIN\\Users"},
};

constexpr std::pair<std::uint32_t, const char*> kInEachDomain[] = {
    {498, "Enterprise Read-only Domain Controllers"},
    {500, "Administrator"},
    {501, "Guest"},
    {502, "krbtgt"},
    {512, "Domain Admins"},
    {513, "Domain Users"},
    {514, "Domain Guests"},
    {515, "Domain Computers"},
    {516, "Domain Controllers"},
    {517, "Cert Publishers"},
    {518, "Schema Admins"},
    {519, "Enterprise Admins"},
    {520, "Group Policy Creator Owners"},
    {521, "Read-only Domain Controllers"},
    {522, "Cloneable Domain Controllers"},
    {525, "Protected Users"},
    {526, "Key Admins"},
    {527, "Enterprise Key Admins"},
    {553, "RAS and IAS Servers"},
    {571, "Allowed RODC Password Replication Group"},
    {572, "Denied RODC Password Replication Group"},
};

bool is_of_a_domain(const Sid& sid) {
  return sid.authority == 5 && sid.subauthorities.size() == 5 && sid.subauthorities[0] == 21;
}

}  // namespace

std::string name_of(const Sid& sid, const PacLogonInfo* logon) {
  const auto well_known =
      std::find_if(std::begin(kEverywhere), std::end(kEverywhere), [&](const auto& e) { return e.first == sid; });
  if (well_known != std::end(kEverywhere)) return well_known->second;
  if (!is_of_a_domain(sid)) return {};
  const bool is_own = logon != nullptr && sid.is_in(logon->logon_domain_id);
  const std::string domain = is_own ? logon->logon_domain_name + "\\" : std::string();
  if (is_own && sid.rid() == logon->user_id && !logon->effective_name.empty()) return domain + logon->effective_name;
  for (const auto& [rid, name] : kInEachDomain) {
    if (rid == sid.rid()) return domain + name;
  }
  return {};
}

}  // namespace stead::sample
