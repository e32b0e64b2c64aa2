#pragma once
// Facts about the user and the delegation, by the SDK's client: the same exchanges as the proxy's.
#include <memory>
#include <optional>
#include <string>

#include "proxy/doctor/gather/tools.h"

namespace stead::doctor {

// S4U2Self. Nothing: `out` says why.
Awaitable<std::optional<Identity>> ask_user(ToolsPtr tools, std::shared_ptr<Client> client, std::string name,
                                            UserFacts& out);

// S4U2Proxy. Null: `out` says why.
Awaitable<TicketPtr> ask_delegation(std::shared_ptr<Client> client, Identity identity, std::string service,
                                    DelegationFacts& out);

}  // namespace stead::doctor
