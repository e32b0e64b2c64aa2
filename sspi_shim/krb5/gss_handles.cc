#include "sspi_shim/krb5/gss_handles.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>

#include <iterator>
#include <utility>

#include "sspi_shim/protocol/messages/spnego.h"

namespace stead {

gss_buffer_desc borrow_gss_buffer(Bytes bytes) {
  return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}

std::string gss_message(OM_uint32 major, OM_uint32 minor) {
  std::string text;
  for (const auto& [code, kind] : {std::pair(major, GSS_C_GSS_CODE), std::pair(minor, GSS_C_MECH_CODE)}) {
    OM_uint32 more = 0;
    do {
      GssBuffer line;
      OM_uint32 ignored = 0;
      if (gss_display_status(&ignored, code, kind, GSS_C_NO_OID, &more, &line.value) != GSS_S_COMPLETE) break;
      if (line.value.length == 0) continue;
      if (!text.empty()) text += ": ";
      text += as_text(line.bytes());
    } while (more != 0);
  }
  return text;
}

bool acquire_acceptor(const std::string& keytab, GssCredential& credential, std::string& message) {
  gss_OID_desc spnego{static_cast<OM_uint32>(mech_oid::spnego.size()),
                      const_cast<std::uint8_t*>(mech_oid::spnego.data())};
  gss_OID_desc mechanisms[] = {*gss_mech_krb5, spnego};
  gss_OID_set_desc set{std::size(mechanisms), mechanisms};
  const std::string store_name = keytab.find(':') == std::string::npos ? "FILE:" + keytab : keytab;
  gss_key_value_element_desc element{"keytab", store_name.c_str()};
  const gss_key_value_set_desc store{1, &element};
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set, GSS_C_ACCEPT, &store,
                                                &credential.value, nullptr, nullptr);
  if (!GSS_ERROR(major)) return true;
  message = keytab + ": " + gss_message(major, minor);
  return false;
}

}  // namespace stead
