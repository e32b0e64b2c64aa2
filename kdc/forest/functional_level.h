#pragma once
// What a DC of each operating system does (MS-SFU notes 4, 19-27; MS-KILE notes 45, 55-65; MS-PAC notes 2-9; MS-ADTS
// §6.3.1.2). Handlers ask for a trait by its name and never compare levels.
#include <cstdint>
#include <optional>
#include <string_view>

#include "kdc/forest/forest.h"

namespace stead::kdc {

struct LevelTraits {
  bool aes;                      // else RC4 alone
  bool s4u_x509_user;            // reads PA-S4U-X509-USER before PA-FOR-USER; else PA-FOR-USER alone
  bool s4u_x509_user_encrypted;  // with RC4 repeats its checksums in the encrypted padata
  bool fast_claims_rbcd;         // FAST, claims, PA-PAC-OPTIONS (echoed), resource-based constrained delegation
  bool asserted_identity;        // writes S-1-18-1 and S-1-18-2, UserFlags 0x20 for them
  bool upn_dns_info;             // PAC buffer 12
  bool ticket_signatures;        // PAC buffers 16, 17, 18, 19, as patched
  bool resource_groups;          // ResourceGroupIds; else domain-local groups go into ExtraSids
  bool protected_users;          // Protected Users may not delegate or be delegated
  std::uint32_t ping_flags;      // ds_flag of a writable DC with every role
};
[[nodiscard]] const LevelTraits& traits(Level level);

// "2008R2", as the forest file and the tables spell it.
[[nodiscard]] std::string_view to_string(Level level);
[[nodiscard]] std::optional<Level> level_by_name(std::string_view text);

}  // namespace stead::kdc
