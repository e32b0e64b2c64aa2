#include "kdc/tickets/event_ids.h"

#include <string_view>

namespace stead::kdc {
namespace {

constexpr int kTgtRequested = 4768, kServiceTicketRequested = 4769, kTgtRenewed = 4770, kPreauthenticationFailed = 4771;

// The errors of an account or of its proof, once a client has sent one.
bool is_about_the_proof(KrbErrc error) {
  return error == KrbErrc::KDC_ERR_PREAUTH_FAILED || error == KrbErrc::KDC_ERR_CLIENT_REVOKED ||
         error == KrbErrc::KDC_ERR_KEY_EXPIRED || error == KrbErrc::KRB_AP_ERR_SKEW;
}

}  // namespace

int audit_event(const RequestLog& log, KrbErrc error, bool renewed) {
  if (error == KrbErrc::KDC_ERR_PREAUTH_REQUIRED) return 0;
  if (std::string_view(log.kind) != "AS")
    return renewed && error == KrbErrc::KDC_ERR_NONE ? kTgtRenewed : kServiceTicketRequested;
  return log.proved && is_about_the_proof(error) ? kPreauthenticationFailed : kTgtRequested;
}

}  // namespace stead::kdc
