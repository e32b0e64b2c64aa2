#pragma once
// libgssapi's acceptor and initiator, as peers of ours.
#include <gssapi/gssapi.h>

#include <cstdint>
#include <optional>
#include <string>

#include "sspi_shim/base/bytes.h"

namespace stead::test {

inline gss_buffer_desc view(Bytes bytes) {
  return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}
inline Buffer take(gss_buffer_desc& buffer) {
  OM_uint32 minor = 0;
  const auto* data = static_cast<const std::uint8_t*>(buffer.value);
  Buffer out(data, data + buffer.length);
  gss_release_buffer(&minor, &buffer);
  return out;
}
inline std::string gss_text(OM_uint32 code, int kind) {
  OM_uint32 minor = 0, more = 0;
  gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
  gss_display_status(&minor, code, kind, GSS_C_NO_OID, &more, &text);
  const Buffer bytes = take(text);
  return std::string(as_text(bytes));
}

struct Accepted {
  bool complete = false;
  std::string error;  // empty: it succeeded
  std::string client;
  OM_uint32 flags = 0;
  Buffer reply;
};

// With the keytab of KRB5_KTNAME.
inline Accepted accept(Bytes token, Bytes bindings = {}) {
  Accepted out;
  OM_uint32 minor = 0;
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_buffer_desc input = view(token), output = GSS_C_EMPTY_BUFFER;
  gss_channel_bindings_struct channel{};
  channel.application_data = view(bindings);
  gss_name_t name = GSS_C_NO_NAME;
  const OM_uint32 major = gss_accept_sec_context(&minor, &context, GSS_C_NO_CREDENTIAL, &input,
                                                 bindings.empty() ? GSS_C_NO_CHANNEL_BINDINGS : &channel, &name,
                                                 nullptr, &output, &out.flags, nullptr, nullptr);
  out.complete = major == GSS_S_COMPLETE;
  if (GSS_ERROR(major)) out.error = gss_text(major, GSS_C_GSS_CODE) + ": " + gss_text(minor, GSS_C_MECH_CODE);
  out.reply = take(output);
  if (name != GSS_C_NO_NAME) {
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    gss_display_name(&minor, name, &text, nullptr);
    const Buffer bytes = take(text);
    out.client = as_text(bytes);
    gss_release_name(&minor, &name);
  }
  gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
  return out;
}

// The first token of libgssapi's initiator for "HTTP@host", with the ccache of KRB5CCNAME. Empty: it has no ticket, and
// `error` is set.
inline Buffer initiate(const std::string& service, std::string& error) {
  OM_uint32 minor = 0;
  gss_buffer_desc text = view(as_bytes(service)), output = GSS_C_EMPTY_BUFFER;
  gss_name_t name = GSS_C_NO_NAME;
  gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name);
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  const OM_uint32 major =
      gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, name, GSS_C_NO_OID, GSS_C_MUTUAL_FLAG, 0,
                           GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, nullptr, &output, nullptr, nullptr);
  if (GSS_ERROR(major)) error = gss_text(major, GSS_C_GSS_CODE) + ": " + gss_text(minor, GSS_C_MECH_CODE);
  gss_release_name(&minor, &name);
  gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
  return take(output);
}

}  // namespace stead::test
