#pragma once
// One cause, one finding: faults that follow from an earlier fault are not told as faults of their own.
#include "proxy/doctor/checks/report.h"

namespace stead::doctor {

// Turns into Verdict::skipped each fault that an earlier one of the chain explains: with a wrong clock here, every other
// clock and each exchange that is refused for it; with no way to a realm, what was to be asked there; after a fault of the
// front end's account, of the target's SPN, of the user or of the delegation, what comes behind it on the way to the back
// end. What a probe of its own has shown stays: files, certificates, a back end that does not offer Negotiate.
void leave_out_follow_ups(Checks& checks);

}  // namespace stead::doctor
