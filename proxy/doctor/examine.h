#pragma once
// The whole examination: facts gathered side by side as far as they do not depend on each other, then judged in the
// chain's order.
#include "proxy/doctor/proxy_file.h"
#include "proxy/doctor/report.h"

namespace stead::doctor {

// A user and a service; both empty: network, account, services and back ends are examined without a user.
struct Patient {
  std::string user, service;
};

// Blocks until everything has answered or had its time: a few seconds where somebody is silent.
[[nodiscard]] Report examine(proxy::Config config, Patient patient);

}  // namespace stead::doctor
