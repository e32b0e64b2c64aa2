#pragma once
// Signs a user in with their password, and checks that the KDC is ours. Belongs to the context's executor.
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sspi_shim/client/failures.h"
#include "sspi_shim/client/user_finder.h"

namespace stead {

class PasswordLogon {
 public:
  PasswordLogon(ClientContextPtr context, std::shared_ptr<UserFinder> finder);

  // The identity holds the user's TGT. With a keytab, the KDC must also give a ticket to this service that the keytab
  // opens: a KDC that accepts any password cannot make one. `caller`: whose turn the password's key takes
  // (s4u/password/derivation_queue.h).
  Awaitable<Fetched<Identity>> sign_in(std::string name, SecretBuffer password, std::string caller = std::string());
  // How many passwords a KDC refused so far. Thread-safe.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  Awaitable<OrRefusal<CredentialPtr>> user_tgt(CallPtr call, std::string name);
  Awaitable<std::optional<Refusal>> verify_kdc(CallPtr call, CredentialPtr user_tgt);

  ClientContextPtr context_;
  std::shared_ptr<UserFinder> finder_;
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace stead
