#pragma once
// Clients with the locator and the transport that they use. Client::open of stead/s4u.h is defined here too.
#include <memory>
#include <string>
#include <vector>

#include "sspi_shim/base/problem.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "stead/s4u.h"

namespace stead {

// A service: its principal as the keytab spells it, and its keys, newest first.
struct OwnKeySet {
  Principal self;
  std::vector<Key> keys;
};
// What Client::open reads. Blocks.
[[nodiscard]] Checked<OwnKeySet> read_own_key_set(const ClientOptions& options);
// The rest of Client::open. Reads nothing. The executor runs one thing at a time.
[[nodiscard]] std::shared_ptr<Client> open_client_of(boost::asio::any_io_executor executor, ClientOptions options,
                                                     OwnKeySet own);

// A Client without a keytab: for users who sign in by password (user_by_password), whose KDC it cannot verify. Calls
// that need keys of its own are refused (FailureKind::unusable). `realm`: of user names without a realm.
[[nodiscard]] std::shared_ptr<Client> open_keyless_client(boost::asio::any_io_executor executor, ClientOptions options,
                                                          const std::string& realm);

}  // namespace stead
