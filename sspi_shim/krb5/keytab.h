#pragma once
// Keys of services, from a keytab as libkrb5 reads it. A Problem's message names the file.
#include <cstdint>
#include <string>
#include <vector>

#include "sspi_shim/base/problem.h"
#include "sspi_shim/protocol/crypto/crypto.h"

namespace stead {

struct KeytabEntry {
  Principal principal;
  std::uint32_t kvno = 0;
  Key key;
};

// `path`: a file, or TYPE:rest. Leaves out entries of encryption types that Stead does not have. Blocks.
[[nodiscard]] Checked<std::vector<KeytabEntry>> read_keytab(const std::string& path);

// The keys of one principal, newest kvno first; at least one. Compares SPNs and account names without case, as AD does;
// a principal without realm matches every realm.
[[nodiscard]] Checked<std::vector<KeytabEntry>> read_keys_of(const std::string& path, const Principal& principal);

// True for the same name in any case of letters; the realms are compared where both have one.
[[nodiscard]] bool same_service(const Principal& a, const Principal& b);

}  // namespace stead
