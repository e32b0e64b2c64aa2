#pragma once
// The directory as one domain controller sees it: what the lookups of this folder work on.
#include "kdc/directory/snapshot.h"

namespace stead::kdc {

struct DomainView {
  const Snapshot& snapshot;
  const DomainEntry& domain;  // of the DC that is asked
};

}  // namespace stead::kdc
