#pragma once
// Owners of GSSAPI's handles, and its errors as one line of text.
#include <gssapi/gssapi.h>

#include <cstdint>
#include <string>

#include "sspi_shim/base/bytes.h"

namespace stead {

struct GssBuffer {
  GssBuffer() = default;
  GssBuffer(const GssBuffer&) = delete;
  GssBuffer& operator=(const GssBuffer&) = delete;
  ~GssBuffer() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &value);
  }
  [[nodiscard]] Bytes bytes() const { return {static_cast<const std::uint8_t*>(value.value), value.length}; }
  gss_buffer_desc value = GSS_C_EMPTY_BUFFER;
};

struct GssName {
  GssName() = default;
  GssName(const GssName&) = delete;
  GssName& operator=(const GssName&) = delete;
  ~GssName() {
    OM_uint32 minor = 0;
    if (value) gss_release_name(&minor, &value);
  }
  gss_name_t value = GSS_C_NO_NAME;
};

struct GssContext {
  GssContext() = default;
  GssContext(const GssContext&) = delete;
  GssContext& operator=(const GssContext&) = delete;
  ~GssContext() {
    OM_uint32 minor = 0;
    if (value) gss_delete_sec_context(&minor, &value, GSS_C_NO_BUFFER);
  }
  gss_ctx_id_t value = GSS_C_NO_CONTEXT;
};

struct GssCredential {
  GssCredential() = default;
  GssCredential(const GssCredential&) = delete;
  GssCredential& operator=(const GssCredential&) = delete;
  ~GssCredential() {
    OM_uint32 minor = 0;
    if (value) gss_release_cred(&minor, &value);
  }
  gss_cred_id_t value = GSS_C_NO_CREDENTIAL;
};

// The bytes as GSSAPI takes them: borrowed, and GSSAPI does not write to them.
[[nodiscard]] gss_buffer_desc borrow_gss_buffer(Bytes bytes);
// Channel bindings without addresses, as TLS has them: the application data alone, borrowed.
[[nodiscard]] gss_channel_bindings_struct borrow_gss_bindings(Bytes application_data);
// OIDs of our own, which need no release: a program may have variables of the names that GSSAPI's headers declare.
[[nodiscard]] gss_OID_desc spnego_mechanism();
[[nodiscard]] gss_OID_desc kerberos_mechanism();
[[nodiscard]] gss_OID_desc host_based_service_name();  // "HTTP@host"
[[nodiscard]] gss_OID_desc kerberos_principal_name();  // "HTTP/host@REALM"
[[nodiscard]] gss_OID_desc session_key_inquiry();      // GSS_C_INQ_SSPI_SESSION_KEY

// GSSAPI's text for a failure, major and minor status in one line. To be called on the thread of the failure.
[[nodiscard]] std::string gss_message(OM_uint32 major, OM_uint32 minor);

}  // namespace stead
