#include "proxy/doctor/facts/facts.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::doctor {

std::string_view to_string(FileKind kind) {
  switch (kind) {
    case FileKind::keytab:
      return "keytab";
    case FileKind::session_key:
      return "session key";
    case FileKind::tls_key:
      break;
  }
  return "TLS key";
}

bool HttpFacts::offers(std::string_view scheme) const {
  return std::any_of(challenges.begin(), challenges.end(), [&](const std::string& challenge) {
    return equal_ignoring_case(std::string_view(challenge).substr(0, challenge.find_first_of(" ,")), scheme);
  });
}

}  // namespace stead::doctor
