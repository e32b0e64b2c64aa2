#pragma once
// The Kerberos client of each core, for administrators: its own sign-on, and what it remembers.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "proxy/core/server_state.h"

namespace stead::proxy {

struct CoreTickets {
  OwnSignOn own;
  std::size_t tickets = 0, evidence = 0, refusals = 0;
};
// On the first core. A core without sign-in has none of them.
[[nodiscard]] boost::asio::awaitable<std::vector<CoreTickets>> tickets_of(const Cores& cores);

[[nodiscard]] std::string tickets_text(const std::vector<CoreTickets>& cores);
// {"cores":[{"own_tgt":{"asked","granted","answer","controller"},"tickets","evidence","refusals"}]}
[[nodiscard]] std::string tickets_json(const std::vector<CoreTickets>& cores);

}  // namespace stead::proxy
