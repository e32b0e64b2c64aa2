#pragma once
// Who may sign in at all, and who may use a route.
#include <optional>
#include <string>
#include <string_view>

#include "proxy/config/config.h"
#include "proxy/tickets/session.h"

namespace stead::proxy {

// What kind of principal a name is of. A machine is an account whose name ends with '$'; a service has a name of
// several parts. Nobody signs in as `nobody`: anonymous, or a KDC's own principal.
enum class PrincipalKind { person, machine, service, nobody };
[[nodiscard]] PrincipalKind kind_of(std::string_view principal);

// Why this user may not use the route; nothing: they may. A machine or service needs an entry of its own in `allow`.
[[nodiscard]] std::optional<std::string> refused_by_route(const Route& route, const Session& session);

// Why the proxy asks for no ticket in this user's name; nothing: it may.
[[nodiscard]] std::optional<std::string> refused_delegation(const Config& config, const Route& route,
                                                            const Session& session);

}  // namespace stead::proxy
