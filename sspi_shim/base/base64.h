#pragma once
// Base64 (RFC 4648): with padding, for Negotiate tokens (§4, RFC 4559 §4.1), and without, for URLs and cookies
// (§5). No blanks, no line ends. Decodes with a table of its own: EVP_DecodeBlock accepts blanks, returns zeros for the
// padding and has one alphabet.
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/base/bytes.h"

namespace stead {

[[nodiscard]] std::string base64(Bytes bytes);
void append_base64(std::string& out, Bytes bytes);
// Nothing if the text is empty or not a multiple of four characters.
[[nodiscard]] std::optional<Buffer> from_base64(std::string_view text);

[[nodiscard]] std::string base64url(Bytes bytes);
// Accepts one spelling for each value: the unused bits of the last digit must be zero.
[[nodiscard]] std::optional<Buffer> from_base64url(std::string_view text);

}  // namespace stead
