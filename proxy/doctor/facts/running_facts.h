#pragma once
// What a proxy that runs says of itself at its admin socket.
#include <cstddef>
#include <string>
#include <vector>

namespace stead::doctor {

struct RunningFacts {
  // One core's last request for the proxy's own TGT.
  struct SignOn {
    std::string asked;  // RFC 3339; empty: it has not asked yet
    std::string answer, controller;
    bool granted = false;
  };
  struct BackEnd {
    std::string url, why;
    bool is_out = false;
  };
  std::string socket;
  std::string fault;  // why the proxy could not be asked; empty: it was
  std::string principal, keytab;
  std::vector<SignOn> sign_ons;
  std::size_t refusals = 0;  // that it gives again without asking a KDC
  std::vector<BackEnd> back_ends;
};

}  // namespace stead::doctor
