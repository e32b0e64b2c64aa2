#pragma once
// The whole examination: facts are gathered at the same time where they do not depend on each other, then judged.
#include <optional>
#include <string>

#include "proxy/config/config.h"
#include "proxy/doctor/checks/report.h"

namespace stead::doctor {

// A user, and the service that they are to be delegated to. Both empty: network, account, services and back ends are
// examined without a user.
struct DelegationQuery {
  std::string user, service;
};

// `running`: the socket of a proxy that runs and is asked too; empty: the one that `config` names. Nothing: none is asked.
// Blocks until every question is answered or has timed out: a few seconds if a host is silent.
[[nodiscard]] Report examine(proxy::Config config, DelegationQuery query,
                             const std::optional<std::string>& running = std::nullopt);

}  // namespace stead::doctor
