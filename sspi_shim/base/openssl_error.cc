#include "sspi_shim/base/openssl_error.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string>
#include <system_error>

namespace stead {

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return "cannot be read: " + std::system_category().message(ERR_GET_REASON(code));
  const int library = ERR_GET_LIB(code), reason = ERR_GET_REASON(code);
  // OpenSSL's own words for these do not say what is wrong with the file.
  if ((library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) ||
      (library == ERR_LIB_OSSL_DECODER && reason == ERR_R_UNSUPPORTED))
    return "there is none in PEM form in this file";
  if (library == ERR_LIB_X509 && reason == X509_R_KEY_VALUES_MISMATCH) return "it does not belong to this certificate";
  if (reason == ERR_R_INTERRUPTED_OR_CANCELLED || (library == ERR_LIB_PEM && reason == PEM_R_BAD_PASSWORD_READ))
    return "it is protected by a passphrase; use a key without one";
  const char* words = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return words != nullptr ? words : "cannot be read";
}

}  // namespace stead
