#pragma once
// An access rule in SDDL, checked against a caller's SIDs. Reading (GET, HEAD, OPTIONS) needs GR; other methods need GR
// and GW. A rule may depend on how the user signed in: "D:(A;;GA;;;S-1-18-1)" admits users whom a domain controller
// authenticated, and no user whom only a service asserts.
#include <span>
#include <string>
#include <string_view>

#include "sspi_shim/base/problem.h"
#include "sspi_shim/protocol/security/access_check.h"

namespace stead::sample {

struct Verdict {
  bool granted = false;
  std::string reason;  // "(D;;GA;;;S-1-18-2) denies S-1-18-2 (Service asserted identity)"; empty where granted
};

enum class Access { read, read_and_write };

class AccessRule {
 public:
  // A Problem says where in the text.
  [[nodiscard]] static Checked<AccessRule> parse(std::string_view sddl);

  [[nodiscard]] Verdict judge(std::span<const Sid> sids, Access access) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  SecurityDescriptor descriptor_;
  std::string text_;
};

}  // namespace stead::sample
