#pragma once
// What stead-proxy --check says of the configuration.
#include <optional>
#include <string>
#include <vector>

#include "sspi_shim/base/problem.h"

namespace stead::doctor {

enum class NamedFile { other, certificate, key, client_ca, revocation_list, session_key };

struct ConfigurationFacts {
  struct Complaint {
    std::string path;     // empty: not about a file
    NamedFile kind{};     // of `path`
    std::string message;  // without the path
    std::string advice;   // the proxy's own; may be empty
  };
  std::string file;                  // the configuration
  std::string certificate;           // that belongs to a key
  std::optional<Complaint> refused;  // the proxy does not start
  std::vector<Complaint> warnings;   // it starts, and something is refused all the same
};

}  // namespace stead::doctor
