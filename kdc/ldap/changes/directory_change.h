#pragma once
// Modify, add and delete (RFC 4511 §4.6-4.8) as edits of the forest, with the rule of who may change what.
//
// Administrators may change everything that can be changed. An account may change its own account restrictions (AD's
// property set: resource-based delegation to itself, userAccountControl without the bits that let it delegate,
// pwdLastSet) and what describes it; a computer also its own SPNs, dNSHostName and encryption types. Whoever made a
// computer has the same rights for it, and may set its password. Everybody may make ten computers. Who knows the old
// password may change it.
#include <cstdint>
#include <string>

#include "kdc/directory/directory.h"
#include "kdc/ldap/ldap_caller.h"
#include "kdc/ldap/wire/ldap_reply.h"

namespace stead::kdc {

struct ChangeRequest {
  LdapCaller caller;
  std::string realm;          // of the DC that was asked
  bool confidential = false;  // nobody else can read the request: passwords are taken
  bool permissive = false;    // adding what is there, and removing what is not, is no error
  std::int64_t now = 0;       // seconds since 1970
  LdapOperation operation;    // a ModifyRequest, AddRequest, DeleteRequest or ModifyDnRequest
};

// The change is durable when this returns success. Blocking.
[[nodiscard]] LdapResult apply_change(Directory& directory, const ChangeRequest& request);

// The same on a forest, for one transaction. It may leave the forest half changed if the result is no success.
[[nodiscard]] LdapResult change_forest(Forest& forest, const ChangeRequest& request);

}  // namespace stead::kdc
