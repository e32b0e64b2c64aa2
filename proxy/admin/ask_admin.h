#pragma once
// The client's side of the admin socket.
#include <string>
#include <string_view>

namespace stead::proxy {

struct AdminAnswer {
  int status = 0;  // of HTTP; 0: there was no answer
  std::string body;
  std::string fault;  // why there was no answer
};

// One request; `target` as "/sessions?user=alice". `accept`: "application/json" or "text/plain". Blocks until the answer,
// at most a minute.
[[nodiscard]] AdminAnswer ask_admin(const std::string& socket, std::string_view method, std::string_view target,
                                    std::string_view accept);

}  // namespace stead::proxy
