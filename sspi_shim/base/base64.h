#pragma once
// Base64 (RFC 4648): with padding as Negotiate tokens have it (§4, RFC 4559 §4.1), and for URLs and cookies without
// (§5). No blanks, no line ends. Decoding is a table's work: EVP_DecodeBlock takes blanks, counts padding as zeros and
// knows one alphabet.
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/base/bytes.h"

namespace stead {

[[nodiscard]] std::string base64(Bytes bytes);
void append_base64(std::string& out, Bytes bytes);
// Nothing where the text is empty, or is not whole groups of four.
[[nodiscard]] std::optional<Buffer> from_base64(std::string_view text);

[[nodiscard]] std::string base64url(Bytes bytes);
// One spelling for each value: the bits that fill the last digit are zero.
[[nodiscard]] std::optional<Buffer> from_base64url(std::string_view text);

}  // namespace stead
