#pragma once
// An access rule in SDDL, judged over a caller's SIDs. Reading (GET, HEAD, OPTIONS) wants GR, everything else GR and
// GW. A rule can depend on how the user signed in: "D:(A;;GA;;;S-1-18-1)" admits users whom a domain controller
// authenticated, and no user for whom a service vouches.
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sspi_shim/protocol/security/access_check.h"

namespace stead::sample {

struct Verdict {
  bool granted = false;
  std::string reason;  // "(D;;GA;;;S-1-18-2) denies S-1-18-2 (Service asserted identity)"; empty where granted
};

class AccessRule {
 public:
  // `message`: what is wrong and where in the text.
  [[nodiscard]] static std::optional<AccessRule> parse(std::string_view sddl, std::string& message);

  [[nodiscard]] Verdict judge(std::span<const Sid> sids, bool reads_only) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  SecurityDescriptor descriptor_;
  std::string text_;
};

}  // namespace stead::sample
