#pragma once
// Keys of services, from a keytab as libkrb5 reads it.
#include <string>
#include <vector>

#include "sspi_shim/protocol/crypto/crypto.h"

namespace stead {

struct KeytabEntry {
  Principal principal;
  std::uint32_t kvno = 0;
  Key key;
};

// `path`: a file, or TYPE:rest. Entries of encryption types that we do not have are left out. Blocks. On failure
// `message` is one line that names the file.
[[nodiscard]] Result<std::vector<KeytabEntry>> read_keytab(const std::string& path, std::string& message);

// The keys of one principal, newest kvno first. SPNs and account names are compared without case, as AD does; a
// principal without realm is looked for in every realm. None: `message` names file, principal and what is there.
[[nodiscard]] Result<std::vector<KeytabEntry>> read_keys_of(const std::string& path, const Principal& principal,
                                                            std::string& message);

// The same name, letters' case aside; the realm counts where both have one.
[[nodiscard]] bool same_service(const Principal& a, const Principal& b);

}  // namespace stead
