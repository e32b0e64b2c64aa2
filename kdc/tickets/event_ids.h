#pragma once
// The events that a Windows DC logs. The names are short for the texts of Event Viewer.
#include "kdc/tickets/context.h"

namespace stead::kdc {

// Of the System log, source Kerberos-Key-Distribution-Center: why a request is refused.
namespace kdc_event {
constexpr int no_common_enctype_as = 14, no_common_enctype_tgs = 16, unsupported_enctype_tgs = 27, no_pac = 36,
              no_requestor = 37, other_requestor = 38, weak_certificate_mapping = 39, other_certificate_sid = 41;
}

// Of the Security log: 4768 a TGT was requested, 4769 a service ticket was requested, 4770 a TGT was renewed, 4771
// preauthentication failed. 0: none, as for PREAUTH_REQUIRED. `error`: KDC_ERR_NONE for a ticket.
[[nodiscard]] int audit_event(const RequestLog& log, KrbErrc error, bool renewed);

}  // namespace stead::kdc
