#pragma once
// Why libkrb5 cannot read krb5.conf.
#include <optional>

#include "sspi_shim/base/problem.h"

namespace stead {

// `where` is FILE:LINE, of krb5.conf or of a file that it includes. Nothing: libkrb5 reads all of them. Blocks.
[[nodiscard]] std::optional<Problem> find_krb5_conf_fault();

}  // namespace stead
