#pragma once
// A sign-out as a line, for the file beside the session key and for other replicas: "END USER ID". END in seconds since
// 1970; USER and ID in hexadecimal, "-" for all of them. It names nobody, and ids are useless without the key.
#include <optional>
#include <string>
#include <string_view>

#include "proxy/sessions/revocations.h"

namespace stead::proxy {

[[nodiscard]] std::string sign_out_line(const Revocations::Entry& entry);
// Nothing for other text.
[[nodiscard]] std::optional<Revocations::Entry> sign_out_in(std::string_view line);

}  // namespace stead::proxy
