#pragma once
// A search connection to a domain controller's directory, by libldap: SASL GSSAPI with a ticket that the caller has, signed
// and sealed as the controller demands. Reads only.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "proxy/doctor/directory/entry.h"
#include "sspi_shim/base/problem.h"
#include "stead/locator.h"
#include "stead/s4u.h"

namespace stead::doctor {

class Ldap {
 public:
  // `ticket`: to ldap/NAME of `where`. Blocking, at most a few seconds; call it on a thread of its own.
  [[nodiscard]] static Checked<std::unique_ptr<Ldap>> open(const ControllerAddress& where, const ServiceTicket& ticket);
  ~Ldap();
  Ldap(const Ldap&) = delete;
  Ldap& operator=(const Ldap&) = delete;

  // Of the domain; from the root entry.
  [[nodiscard]] const std::string& naming_context() const { return naming_context_; }
  // At most 100 entries of the domain. Blocking; all searches together take a few seconds at most.
  [[nodiscard]] Checked<std::vector<DirectoryEntry>> search(const std::string& filter,
                                                            const std::vector<std::string>& attributes) const;

 private:
  struct Handle;
  explicit Ldap(std::unique_ptr<Handle> handle);
  [[nodiscard]] Checked<std::vector<DirectoryEntry>> search_at(const std::string& base, int scope,
                                                               const std::string& filter,
                                                               const std::vector<std::string>& attributes) const;
  std::unique_ptr<Handle> handle_;
  std::string naming_context_;
  std::chrono::steady_clock::time_point until_;  // for all searches
};

}  // namespace stead::doctor
