#pragma once
// The keys of a DC's own account for libgssapi: a keytab in memory, from which it accepts clients.
#include <gssapi/gssapi.h>

#include <memory>
#include <string>

#include "kdc/directory/snapshot.h"
#include "sspi_shim/base/problem.h"

namespace stead::kdc {

// An acceptor's credential. Thread-safe.
class GssKeys {
 public:
  // Derives the account's keys if they are not there yet: blocking.
  [[nodiscard]] static Checked<std::shared_ptr<const GssKeys>> make(const AccountEntry& account);
  ~GssKeys();
  GssKeys(const GssKeys&) = delete;
  GssKeys& operator=(const GssKeys&) = delete;

  [[nodiscard]] gss_cred_id_t credential() const;
  [[nodiscard]] const Keys& keys() const;
  // True while the account has these keys.
  [[nodiscard]] bool are_of(const AccountEntry& account) const;

 private:
  struct State;
  explicit GssKeys(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One line for a failure, to be called on the thread of the failure.
[[nodiscard]] std::string gss_failure_text(OM_uint32 major, OM_uint32 minor);

}  // namespace stead::kdc
