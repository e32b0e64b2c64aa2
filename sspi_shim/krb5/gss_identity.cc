#include "stead/gss.h"

#include "sspi_shim/krb5/gss_handles.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/spnego.h"

namespace stead {
namespace {

// Of a first token, or of a later one of SPNEGO.
Result<ApReq> ap_req_of(Bytes token) {
  auto der = ap_req_of_negotiate_token(token);
  if (!der) {
    const auto response = decode_neg_token_resp(token);
    if (response) der = ap_req_of_negotiate_token(response->response_token);
  }
  if (!der) return make_error_code(WireErrc::bad_value);
  return decode_ap_req(*der);
}

// Whom the context was accepted from; empty: it is not whole, not accepted, or anonymous.
std::string client_of(gss_ctx_id_t context) {
  GssName name;
  GssBuffer text;
  OM_uint32 minor = 0, flags = 0;
  int ours = 1, open = 0;
  if (context == GSS_C_NO_CONTEXT) return {};
  if (GSS_ERROR(gss_inquire_context(&minor, context, &name.value, nullptr, nullptr, nullptr, &flags, &ours, &open)))
    return {};
  if (ours != 0 || open == 0 || (flags & GSS_C_ANON_FLAG) != 0) return {};
  if (GSS_ERROR(gss_display_name(&minor, name.value, &text.value, nullptr))) return {};
  return std::string(as_text(text.bytes()));
}

}  // namespace

Result<Identity> v0::identity_from_context(Client& client, gss_ctx_id_t context, std::span<const std::uint8_t> token) {
  const std::string name = client_of(context);
  if (name.empty()) return make_error_code(boost::system::errc::permission_denied);
  const auto request = ap_req_of(token);
  if (!request) return request.error();
  Result<Identity> identity = client.from_ticket(encode(request->ticket));
  if (!identity) return identity;
  if (identity->principal() != name) return make_error_code(boost::system::errc::permission_denied);
  return identity;
}

}  // namespace stead
