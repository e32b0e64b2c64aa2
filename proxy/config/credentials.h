#pragma once
// Files that systemd gives to the service (LoadCredential=, systemd.exec(5)).
#include "proxy/config/config.h"

namespace stead::proxy {

// A file beside the configuration, as /etc/stead/front.key beside /etc/stead/proxy.toml, is only for root. The service
// gets a copy in the folder that CREDENTIALS_DIRECTORY names: where it has a file of that name, the copy is read in its
// place. So one configuration works in the service and for an administrator who checks it.
void use_credentials(Config& config);

}  // namespace stead::proxy
