#pragma once
// GSSAPI's handles as owners, and its errors as one line of text.
#include <gssapi/gssapi.h>

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

// The bytes as GSSAPI takes them; it does not write to them.
[[nodiscard]] gss_buffer_desc borrow_gss_buffer(Bytes bytes);

// What GSSAPI has to say of a failure, major and minor in one line.
[[nodiscard]] std::string gss_message(OM_uint32 major, OM_uint32 minor);

// Fills `credential` with all keys of a keytab, to accept Kerberos by, raw and within SPNEGO. Blocks. On failure
// `message` names the keytab.
[[nodiscard]] bool acquire_acceptor(const std::string& keytab, GssCredential& credential, std::string& message);

}  // namespace stead
