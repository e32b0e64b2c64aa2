#pragma once
// Changes of a forest's accounts as values in, values out; the store makes them last, a Directory serves them. Each
// returns what is wrong, in one line; empty: done. A failed edit may leave `forest` half changed: the caller throws it
// away.
#include <cstdint>
#include <string>
#include <string_view>

#include "kdc/forest/forest.h"

namespace stead::kdc::edits {

// The old secret still decrypts for one change; kvno counts on.
[[nodiscard]] std::string set_password(Forest& forest, std::string_view realm, std::string_view account,
                                       std::string_view password, std::int64_t now);
void set_password(Account& account, std::string_view password, std::int64_t now);

}  // namespace stead::kdc::edits
