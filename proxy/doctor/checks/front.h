#pragma once
// F2, F3, F5: the public names, the header limit and the certificate that browsers see.
#include <cstddef>
#include <optional>
#include <vector>

#include "proxy/doctor/checks/report.h"
#include "proxy/doctor/facts/facts.h"

namespace stead::doctor {

// `token_bytes`: size in base64 of the Negotiate token that the user's browser sends; nothing: not known.
[[nodiscard]] Checks judge_front(const std::vector<PublicNameFacts>& names, std::size_t header_bytes,
                                 const std::optional<std::size_t>& token_bytes);
[[nodiscard]] Check judge_certificate(const CertificateFacts& certificate);

}  // namespace stead::doctor
