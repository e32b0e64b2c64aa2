#pragma once
// Clients with the locator and the transport that they use. Client::open of stead/s4u.h is defined here too.
#include <memory>
#include <string>

#include "stead/s4u.h"

namespace stead {

// A Client without a keytab: for users who sign in by password (user_by_password), whose KDC it cannot verify. Calls
// that need keys of its own are refused (FailureKind::unusable). `realm`: of user names without a realm.
[[nodiscard]] std::shared_ptr<Client> open_keyless_client(boost::asio::any_io_executor executor, ClientOptions options,
                                                          const std::string& realm);

}  // namespace stead
