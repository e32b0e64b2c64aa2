// DsGetDcName (MS-NRPC §3.5.4.3.1).
#include "sspi_shim/sspi/locate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/process/fork_gate.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/types/types.h"
#include "sspi_shim/sspi/base/memory.h"
#include "sspi_shim/sspi/configuration.h"
#include "sspi_shim/sspi/error.h"
#include "sspi_shim/sspi/objects.h"
#include "stead/client_config.h"

namespace stead::sspi {
namespace {

bool more_than_one(ULONG flags, ULONG of) {
  return std::popcount(flags & of) > 1;
}

constexpr ULONG kOperatingSystems = DS_DIRECTORY_SERVICE_6_REQUIRED | DS_DIRECTORY_SERVICE_8_REQUIRED |
                                    DS_DIRECTORY_SERVICE_9_REQUIRED | DS_DIRECTORY_SERVICE_10_REQUIRED;

// False: an unknown flag, or flags that exclude each other.
bool are_valid(ULONG flags, const std::string& site) {
  constexpr ULONG known = DS_FORCE_REDISCOVERY | DS_DIRECTORY_SERVICE_REQUIRED | DS_DIRECTORY_SERVICE_PREFERRED |
                          DS_GC_SERVER_REQUIRED | DS_PDC_REQUIRED | DS_BACKGROUND_ONLY | DS_IP_REQUIRED |
                          DS_KDC_REQUIRED | DS_TIMESERV_REQUIRED | DS_WRITABLE_REQUIRED | DS_GOOD_TIMESERV_PREFERRED |
                          DS_AVOID_SELF | DS_ONLY_LDAP_NEEDED | DS_IS_FLAT_NAME | DS_IS_DNS_NAME |
                          DS_TRY_NEXTCLOSEST_SITE | DS_WEB_SERVICE_REQUIRED | kOperatingSystems | DS_RETURN_DNS_NAME |
                          DS_RETURN_FLAT_NAME;
  if ((flags & ~known) != 0) return false;
  if (more_than_one(flags, DS_GC_SERVER_REQUIRED | DS_PDC_REQUIRED | DS_KDC_REQUIRED)) return false;
  if (more_than_one(flags, DS_IS_FLAT_NAME | DS_IS_DNS_NAME) ||
      more_than_one(flags, DS_RETURN_DNS_NAME | DS_RETURN_FLAT_NAME))
    return false;
  if (more_than_one(flags, DS_DIRECTORY_SERVICE_REQUIRED | kOperatingSystems)) return false;
  constexpr ULONG roles = DS_DIRECTORY_SERVICE_REQUIRED | DS_DIRECTORY_SERVICE_PREFERRED | DS_GC_SERVER_REQUIRED |
                          DS_PDC_REQUIRED | DS_KDC_REQUIRED;
  if ((flags & DS_GOOD_TIMESERV_PREFERRED) != 0 && (flags & roles) != 0) return false;
  return (flags & DS_TRY_NEXTCLOSEST_SITE) == 0 || site.empty();
}

void translate(ULONG flags, ControllerWish& wish) {
  struct Rule {
    ULONG asked;
    std::uint32_t answered;
  };
  constexpr Rule required[] = {{DS_DIRECTORY_SERVICE_REQUIRED, ds_flag::ds},
                               {DS_GC_SERVER_REQUIRED, ds_flag::gc},
                               {DS_PDC_REQUIRED, ds_flag::pdc},
                               {DS_KDC_REQUIRED, ds_flag::kdc},
                               {DS_TIMESERV_REQUIRED, ds_flag::timeserv},
                               {DS_WRITABLE_REQUIRED, ds_flag::writable},
                               {DS_ONLY_LDAP_NEEDED, ds_flag::ldap},
                               {DS_WEB_SERVICE_REQUIRED, ds_flag::ws},
                               {DS_DIRECTORY_SERVICE_8_REQUIRED, ds_flag::ds_8},
                               {DS_DIRECTORY_SERVICE_9_REQUIRED, ds_flag::ds_9},
                               {DS_DIRECTORY_SERVICE_10_REQUIRED, ds_flag::ds_10}};
  for (const Rule& rule : required) {
    if ((flags & rule.asked) != 0) wish.required |= rule.answered;
  }
  if ((flags & DS_DIRECTORY_SERVICE_6_REQUIRED) != 0)
    wish.required_any = ds_flag::select_secret_domain_6 | ds_flag::full_secret_domain_6;
  if ((flags & DS_DIRECTORY_SERVICE_PREFERRED) != 0) wish.preferred |= ds_flag::ds;
  if ((flags & DS_GOOD_TIMESERV_PREFERRED) != 0) wish.preferred |= ds_flag::good_timeserv;
  wish.near = (flags & DS_TRY_NEXTCLOSEST_SITE) != 0;
  wish.fresh = (flags & DS_FORCE_REDISCOVERY) != 0;
  wish.background = (flags & DS_BACKGROUND_ONLY) != 0;
}

// The domains to look for. Unless a flag says which, a name without a dot is a flat name.
void choose_domains(const std::string& name, ULONG flags, const ClientOptions& options, ControllerWish& wish) {
  const auto principal = parse_principal(options.principal);
  const std::string own = principal && !principal->realm.empty() ? principal->realm : default_realm();
  wish.home = own;
  if (name.empty()) {
    if (!own.empty()) wish.realms = {own};
    return;
  }
  const bool flat =
      (flags & DS_IS_FLAT_NAME) != 0 || ((flags & DS_IS_DNS_NAME) == 0 && name.find('.') == std::string::npos);
  if (!flat) {
    wish.realms = {name.back() == '.' ? name.substr(0, name.size() - 1) : name};
    return;
  }
  wish.netbios = name;
  if (!own.empty()) wish.realms.push_back(own);
  for (const auto& [realm, controllers] : options.locator.realms) {
    if (!equal_ignoring_case(realm, own)) wish.realms.push_back(realm);
  }
}

// In the wire's byte order; all zero means none.
std::optional<std::array<std::uint8_t, 16>> given_guid(const GUID* guid) {
  if (guid == nullptr) return std::nullopt;
  std::array<std::uint8_t, 16> out{};
  store_le32(out.data(), guid->Data1);
  store_le16(out.data() + 4, guid->Data2);
  store_le16(out.data() + 6, guid->Data3);
  std::copy(std::begin(guid->Data4), std::end(guid->Data4), out.begin() + 8);
  if (out == std::array<std::uint8_t, 16>{}) return std::nullopt;
  return out;
}

template <class Char, class Info>
Info* give(const FoundController& found, ULONG flags) {
  const NetlogonResponse& response = found.response;
  const bool flat = (flags & DS_RETURN_FLAT_NAME) != 0;
  Info info{};
  info.DomainControllerAddressType = DS_INET_ADDRESS;
  info.DomainGuid.Data1 = load_le32(response.domain_guid.data());
  info.DomainGuid.Data2 = load_le16(response.domain_guid.data() + 4);
  info.DomainGuid.Data3 = load_le16(response.domain_guid.data() + 6);
  std::copy(response.domain_guid.begin() + 8, response.domain_guid.end(), info.DomainGuid.Data4);
  info.Flags = response.flags | (response.dns_forest_name.empty() ? 0 : DS_DNS_FOREST_FLAG) |
               (flat ? 0 : DS_DNS_CONTROLLER_FLAG | DS_DNS_DOMAIN_FLAG);
  Block<Info, Char> block;
  block.text(0, &Info::DomainControllerName, "\\\\" + (flat ? response.netbios_computer_name : response.dns_host_name));
  block.text(0, &Info::DomainControllerAddress, "\\\\" + found.where.address);
  block.text(0, &Info::DomainName, flat ? response.netbios_domain_name : response.dns_domain_name);
  if (!response.dns_forest_name.empty()) block.text(0, &Info::DnsForestName, response.dns_forest_name);
  if (!response.dc_site_name.empty()) block.text(0, &Info::DcSiteName, response.dc_site_name);
  if (!response.client_site_name.empty()) block.text(0, &Info::ClientSiteName, response.client_site_name);
  return block.give({info});
}

// True within the limits of DNS and NetBIOS; other names are not looked for.
bool is_domain_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::size_t label = 0;
  for (const char c : name) {
    label = c == '.' ? 0 : label + 1;
    const bool bad = static_cast<unsigned char>(c) <= ' ' || c == 0x7F ||
                     std::string_view("\"/\\[]:|<>+=;?,*@").find(c) != std::string_view::npos;
    if (bad || label > 63) return false;
  }
  return !name.empty() && name.size() <= 255 && name.front() != '.' && name.back() != '.' &&
         name.find("..") == std::string_view::npos;
}

DWORD note(DWORD code, std::string text) {
  fail(code == ERROR_NO_SUCH_DOMAIN ? SEC_E_NO_AUTHENTICATING_AUTHORITY : SEC_E_INVALID_PARAMETER, std::move(text));
  return code;
}

template <class Char, class Info>
DWORD get_dc_name(const std::string& domain, const GUID* guid, const std::string& site, ULONG flags, Info** out) {
  if (out == nullptr) return note(ERROR_INVALID_PARAMETER, "there is no place for the result");
  *out = nullptr;
  if (!are_valid(flags, site))
    return note(ERROR_INVALID_FLAGS, "there are no such flags, or they contradict one another");
  if ((flags & DS_IS_FLAT_NAME) != 0 && domain.find('.') != std::string::npos)
    return note(ERROR_INVALID_FLAGS, "a name with a dot is no flat name");
  if (!domain.empty() && !is_domain_name(domain))
    return note(ERROR_INVALID_DOMAINNAME, "\"" + domain + "\" is no domain's name");
  const ClientOptions options = configured({}, {});
  ControllerWish wish;
  wish.site = site;
  wish.timeout = options.locator.ping_timeout;
  wish.domain_guid = given_guid(guid);
  translate(flags, wish);
  choose_domains(domain, flags, options, wish);
  if (wish.realms.empty() && !wish.domain_guid)
    return note(ERROR_NO_SUCH_DOMAIN,
                "there is no domain to look for: no principal and no default_realm is configured");
  const auto found = wait_for_controller(options.locator, wish);
  if (!found)
    return note(ERROR_NO_SUCH_DOMAIN, "no such domain controller of " +
                                          (!domain.empty() || wish.realms.empty() ? domain : wish.realms.front()) +
                                          ": " + found.error().message());
  *out = give<Char, Info>(*found, flags);
  return ERROR_SUCCESS;
}

}  // namespace

std::string realm_of_domain(const std::string& domain) {
  const ClientOptions options = configured({}, {});
  ControllerWish wish;
  wish.timeout = options.locator.ping_timeout;
  choose_domains(domain, 0, options, wish);
  if (wish.realms.empty()) return {};
  if (wish.netbios.empty()) return to_upper(wish.realms.front());
  const auto found = wait_for_controller(options.locator, wish);
  return found ? to_upper(found->response.dns_domain_name) : std::string();
}

std::string flat_name_of_realm(const std::string& realm) {
  const ClientOptions options = configured({}, {});
  ControllerWish wish;
  wish.timeout = options.locator.ping_timeout;
  wish.realms = {realm};
  const auto found = wait_for_controller(options.locator, wish);
  return found ? found->response.netbios_domain_name : std::string();
}

namespace {

DWORD caught_here() {
  return caught() == SEC_E_INSUFFICIENT_MEMORY ? ERROR_NOT_ENOUGH_MEMORY : ERROR_INTERNAL_ERROR;
}

}  // namespace
}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" DWORD DsGetDcNameA(const CHAR* computer, const CHAR* domain, GUID* guid, const CHAR* site, ULONG flags,
                              PDOMAIN_CONTROLLER_INFOA* info) noexcept try {
  const stead::ForkGate at_work;
  if (computer != nullptr && *computer != 0) return note(ERROR_INVALID_PARAMETER, "only this computer can look");
  return get_dc_name<char, DOMAIN_CONTROLLER_INFOA>(to_utf8(domain), guid, to_utf8(site), flags, info);
} catch (...) {
  return caught_here();
}

extern "C" DWORD DsGetDcNameW(const WCHAR* computer, const WCHAR* domain, GUID* guid, const WCHAR* site, ULONG flags,
                              PDOMAIN_CONTROLLER_INFOW* info) noexcept try {
  const stead::ForkGate at_work;
  if (computer != nullptr && *computer != 0) return note(ERROR_INVALID_PARAMETER, "only this computer can look");
  return get_dc_name<char16_t, DOMAIN_CONTROLLER_INFOW>(to_utf8(domain), guid, to_utf8(site), flags, info);
} catch (...) {
  return caught_here();
}
