#pragma once
// A refusal to a code, a summary and directory commands, in the administrator's own words. The codes are those of
// stead/s4u.h.
#include "sspi_shim/s4u/action.h"

namespace stead {

// What is known besides the refusal itself.
struct Circumstances {
  Principal front_end;          // as configured
  std::string front_account;    // its account, "frontend$", where the KDC told; empty: guessed from the SPN
  std::string user;             // "alice@REALM", or as it was given
  std::string service;          // SPN without realm; empty: not that far
  std::string target_realm;     // where the service lives; empty: not learned
  bool by_certificate = false;  // S4U2Self with one
  bool by_s4u2self = true;      // the evidence is ours
  bool have_evidence = false;
  bool forwardable = false;  // the evidence
  bool sensitive = false;    // its PAC says so
};

[[nodiscard]] Diagnosis diagnose(const Refusal& refusal, const Circumstances& circumstances);

// One line for a log or a terminal: what failed, where, with which code.
[[nodiscard]] std::string one_line(const Refusal& refusal, const Circumstances& circumstances);

// "backend$" for HTTP/backend.corp.contoso.com: the computer that would have it; an account's name stays.
[[nodiscard]] std::string account_guess(std::string_view spn);
// The account's name in an AD salt: "frontend$" of "REALMhostfrontend.realm", "alice" of "REALMalice"; empty: it is
// none.
[[nodiscard]] std::string account_of_salt(std::string_view salt, std::string_view realm);

}  // namespace stead
