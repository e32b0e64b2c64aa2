#pragma once
// NTLM by a Sicily bind (MS-ADTS §5.1.1.1.3), as ldap3 and impacket sign in without Kerberos. NTLMv2 alone, without
// signing and sealing.
#include "kdc/directory/snapshot.h"
#include "kdc/ldap/password_check.h"
#include "kdc/ldap/wire/ntlm_messages.h"

namespace stead::kdc {

// One bind of two steps.
class NtlmBind {
 public:
  NtlmBind(const Domain& domain, const Controller& controller);

  // The challenge for a negotiate message.
  [[nodiscard]] Result<Buffer> challenge(Bytes negotiate) const;
  // Judges an authenticate message; `account` is set where an account of its name was found. Members of Protected Users, and
  // accounts without an NT hash, are refused as if the password were wrong.
  [[nodiscard]] PasswordVerdict verify(const Snapshot& snapshot, const DomainEntry& domain, Bytes authenticate,
                                       Time now, const AccountEntry*& account) const;

 private:
  NtlmNonce nonce_{};
  NtlmTarget target_;
};

}  // namespace stead::kdc
