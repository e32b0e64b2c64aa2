#pragma once
// Facts about a back end: GETs without a user, and with a ticket.
#include "proxy/doctor/gather/tools.h"

namespace stead::doctor {

// `ticket`: null sends requests without a user only.
Awaitable<void> probe_back_end(ToolsPtr tools, proxy::Route route, proxy::Upstream where, TicketPtr ticket,
                               BackEndFacts& out);

}  // namespace stead::doctor
