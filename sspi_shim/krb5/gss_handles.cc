#include "sspi_shim/krb5/gss_handles.h"

#include <cstdint>
#include <string>
#include <utility>

#include "sspi_shim/protocol/messages/spnego.h"

namespace stead {

gss_buffer_desc borrow_gss_buffer(Bytes bytes) {
  return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}

gss_channel_bindings_struct borrow_gss_bindings(Bytes application_data) {
  gss_channel_bindings_struct out{};
  out.application_data = borrow_gss_buffer(application_data);
  return out;
}

gss_OID_desc spnego_mechanism() {
  return {static_cast<OM_uint32>(mech_oid::spnego.size()), const_cast<std::uint8_t*>(mech_oid::spnego.data())};
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

}  // namespace stead
