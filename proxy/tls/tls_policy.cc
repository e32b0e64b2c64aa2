#include "proxy/tls/tls_policy.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <new>
#include <string>

#include "proxy/tls/openssl_pointers.h"

namespace stead::proxy {
namespace {

// Of TLS 1.2. Those with DHE are for Windows 8.1 and Server 2012 R2, which know AES-GCM with RSA certificates in no other.
constexpr const char* kSuites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305";
constexpr const char* kSuites13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";

// A group of RFC 7919. OpenSSL's own choice would be one of RFC 3526.
void use_dh_group(SSL_CTX* context) {
  const std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>> maker(
      EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  std::string group = "ffdhe2048";
  std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
                                       OSSL_PARAM_construct_end()};
  EVP_PKEY* made = nullptr;
  if (!maker || EVP_PKEY_fromdata_init(maker.get()) != 1 ||
      EVP_PKEY_fromdata(maker.get(), &made, EVP_PKEY_KEY_PARAMETERS, parameters.data()) != 1)
    throw std::bad_alloc();
  KeyPtr key(made);
  if (SSL_CTX_set0_tmp_dh_pkey(context, key.get()) == 1) (void)key.release();
}

}  // namespace

void use_policy(SSL_CTX* context, TlsPolicy policy) {
  SSL_CTX_set_min_proto_version(context, policy == TlsPolicy::modern ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kSuites);
  SSL_CTX_set_ciphersuites(context, kSuites13);
  SSL_CTX_set1_groups_list(context, kGroups);
  use_dh_group(context);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

}  // namespace stead::proxy
