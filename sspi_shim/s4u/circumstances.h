#pragma once
// What a client knows about a call besides a refusal: for its diagnosis.
#include <string>

#include "sspi_shim/protocol/types/types.h"

namespace stead {

struct Circumstances {
  Principal front_end;          // this service, as configured
  std::string front_account;    // its account, "frontend$"; empty: unknown, guessed from the SPN
  std::string user;             // "alice@REALM", or as the caller named them
  std::string service;          // SPN without realm; empty: no service is involved yet
  std::string target_realm;     // the service's realm; empty: unknown
  bool by_certificate = false;  // S4U2Self with a certificate
  bool by_s4u2self = true;      // the evidence was obtained by S4U2Self
  bool have_evidence = false;
  bool forwardable = false;  // of the evidence
  bool sensitive = false;    // the evidence's PAC says that the user may not be delegated
};

}  // namespace stead
