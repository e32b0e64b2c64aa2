#include "sspi_shim/krb5/gss_handles.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "sspi_shim/protocol/messages/spnego.h"

namespace stead {
namespace {

gss_OID_desc borrow_oid(Bytes content) {
  return {static_cast<OM_uint32>(content.size()), const_cast<std::uint8_t*>(content.data())};
}

}  // namespace

gss_buffer_desc borrow_gss_buffer(Bytes bytes) {
  return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}

gss_channel_bindings_struct borrow_gss_bindings(Bytes application_data) {
  gss_channel_bindings_struct out{};
  out.application_data = borrow_gss_buffer(application_data);
  return out;
}

gss_OID_desc spnego_mechanism() {
  return borrow_oid(mech_oid::spnego);
}
gss_OID_desc kerberos_mechanism() {
  return borrow_oid(mech_oid::kerberos);
}
gss_OID_desc host_based_service_name() {  // 1.2.840.113554.1.2.1.4
  static constexpr std::array<std::uint8_t, 10> oid{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x01, 0x04};
  return borrow_oid(oid);
}
gss_OID_desc kerberos_principal_name() {  // 1.2.840.113554.1.2.2.1
  static constexpr std::array<std::uint8_t, 10> oid{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02, 0x01};
  return borrow_oid(oid);
}
gss_OID_desc session_key_inquiry() {  // 1.2.840.113554.1.2.2.5.5
  static constexpr std::array<std::uint8_t, 11> oid{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02, 0x05, 0x05};
  return borrow_oid(oid);
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
