#pragma once
// The credentials of the user who runs the program: what kinit left in their default ccache.
#include <chrono>
#include <optional>
#include <string>

#include "sspi_shim/base/problem.h"
#include "sspi_shim/krb5/credential.h"

namespace stead::sspi {

struct UserCcache {
  std::string name;  // "FILE:/tmp/krb5cc_1000"
  Principal user;
  CredentialPtr tgt;                    // of the user's realm; null: the ccache has tickets to services only
  std::chrono::sys_seconds end_time{};  // of the TGT, else of the ticket that lasts longest
};

// KRB5CCNAME, or default_ccache_name of krb5.conf. `principal`: whose ccache of the collection it must be; empty: the
// default one. Fails where there is none or all of its tickets have ended. Blocks.
[[nodiscard]] Checked<UserCcache> find_user_ccache(const std::string& principal);

}  // namespace stead::sspi
