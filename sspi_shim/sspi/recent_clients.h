#pragma once
// The Clients that callers of the C surface share. A caller names them, by a principal, a keytab or a realm, so their
// number is bounded: the one that was used least recently goes first. Whoever holds it keeps it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/sspi/clients/client_thread.h"

namespace stead::sspi {

class RecentClients {
 public:
  static constexpr std::size_t kMaxClients = 32;  // some 100 KiB each

  // Null: it is not among them.
  [[nodiscard]] ClientPtr find(const std::string& name) {
    for (Entry& entry : entries_) {
      if (entry.name != name) continue;
      entry.used = ++uses_;
      return entry.client;
    }
    return nullptr;
  }
  void insert(std::string name, ClientPtr client) {
    if (entries_.size() >= kMaxClients) entries_.erase(std::ranges::min_element(entries_, {}, &Entry::used));
    entries_.push_back({std::move(name), std::move(client), ++uses_});
  }
  void clear() { entries_.clear(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string name;
    ClientPtr client;
    std::uint64_t used = 0;
  };
  std::vector<Entry> entries_;
  std::uint64_t uses_ = 0;
};

}  // namespace stead::sspi
