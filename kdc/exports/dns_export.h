#pragma once
// `stead-kdc dns`: the DNS records of a forest.
#include <string>

#include "kdc/forest/forest.h"

namespace stead::kdc {

// SRV and A records as AD publishes them (MS-ADTS §6.3.2.3), as dnsmasq configuration. The first controller of a domain
// is its PDC emulator.
[[nodiscard]] std::string dnsmasq_configuration(const Forest& forest);

}  // namespace stead::kdc
