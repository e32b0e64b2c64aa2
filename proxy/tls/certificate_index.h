#pragma once
// Which certificates are shown to a client that asks for a name by SNI (RFC 6066 §3). Of several that are for the name, an
// exact name goes before a wildcard, then the order of the configuration counts. One for each type of key is kept, so that
// RSA stands beside ECDSA: the handshake takes what the client knows.
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/tls/certificate_names.h"

namespace stead::proxy {

class CertificateIndex {
 public:
  struct Entry {
    const CertificateNames& names;
    int key_type;  // EVP_PKEY_RSA, EVP_PKEY_EC, …
  };
  using Set = std::vector<std::size_t>;  // numbers of entries, in their order; one for each type of key

  // `entries`: at least one. The first, with others that are for the same name by another type of key, is the default.
  explicit CertificateIndex(const std::vector<Entry>& entries);

  // Every set that find() may choose, each once. The first is the default.
  [[nodiscard]] const std::vector<Set>& sets() const { return sets_; }
  // The number of the set for this name: lower case. The default if no certificate is for it, or it is empty.
  [[nodiscard]] std::size_t find(std::string_view name) const;

 private:
  std::size_t number_of(Set set);
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Names = std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>>;
  Names exact_, wildcards_;  // the latter by what stands behind the '*'
  std::vector<Set> sets_;
};

}  // namespace stead::proxy
