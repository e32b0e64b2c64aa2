#include "proxy/sign_in/permitted_user.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::array<std::string_view, 5> kKdcNames{"krbtgt", "kadmin", "kadmind", "changepw", "k/m"};

const std::vector<std::uint8_t> kNoGroups;

KnownUser known(const Session& session) {
  return {.principal = session.user, .groups = session.groups ? *session.groups : kNoGroups};
}

// A list with groups cannot be judged without the user's.
bool lacks_groups(const AccessList& list, const Session& session) {
  return !list.groups.empty() && !session.groups;
}

constexpr const char* kUnknownGroups = "the user's groups are not known: their ticket has no PAC that the KDC signed";

}  // namespace

PrincipalKind kind_of(std::string_view principal) {
  const std::size_t at = principal.rfind('@');
  const std::string_view realm = at == principal.npos ? std::string_view() : principal.substr(at + 1);
  const std::string name = to_lower(principal.substr(0, at));
  std::size_t parts = 1;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\') {
      ++i;  // an escaped character is part of the name
    } else if (name[i] == '/') {
      ++parts;
    }
  }
  const std::string first = name.substr(0, name.find('/'));
  if (name.empty() || first == "wellknown" || equal_ignoring_case(realm.substr(0, 10), "WELLKNOWN:"))
    return PrincipalKind::nobody;
  for (const std::string_view kdc : kKdcNames)
    if (first == kdc || name == kdc) return PrincipalKind::nobody;
  if (parts > 1) return PrincipalKind::service;
  return name.ends_with('$') ? PrincipalKind::machine : PrincipalKind::person;
}

std::optional<std::string> refused_by_route(const Route& route, const Session& session) {
  const PrincipalKind kind = kind_of(session.user);
  if (kind == PrincipalKind::nobody) return "this principal is anonymous, or a KDC's own";
  if (lacks_groups(route.deny, session) || (lacks_groups(route.allow, session) && !route.allow.has(known(session))))
    return kUnknownGroups;
  if (route.deny.has(known(session))) return "the route's deny names the user or a group of theirs";
  if (kind != PrincipalKind::person && !route.allow.has_by_itself(known(session)))
    return std::string("a ") + (kind == PrincipalKind::machine ? "machine" : "service") +
           " signs in only where the route's allow names it, or a group of it";
  if (!route.allow.empty() && !route.allow.has(known(session)))
    return "the route's allow names neither the user nor a group or realm of theirs";
  return std::nullopt;
}

std::optional<std::string> refused_delegation(const Config& config, const Route& route, const Session& session) {
  if (route.delegation == Delegation::none) return std::nullopt;
  if (lacks_groups(config.deny_delegation_of, session)) return kUnknownGroups;
  if (config.deny_delegation_of.has(known(session)))
    return "[sign_in] deny_delegation_of names the user or a group of theirs";
  return std::nullopt;
}

}  // namespace stead::proxy
