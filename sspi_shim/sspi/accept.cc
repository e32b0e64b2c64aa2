// AcceptSecurityContext: GSSAPI judges, and the client's ticket is kept as evidence.
#include <gssapi/gssapi_ext.h>

#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "sspi_shim/sspi/buffers.h"
#include "sspi_shim/sspi/error.h"
#include "sspi_shim/sspi/objects.h"

namespace stead::sspi {
namespace {

constexpr OM_uint32 kChannelBoundFlag = 2048;  // GSS_C_CHANNEL_BOUND_FLAG, where the header is older than the library

// The AP-REQ of a first token or of a later one; nothing where it carries none.
std::optional<ApReq> ap_req_of(Bytes token) {
  auto der = ap_req_of_negotiate_token(token);
  if (!der) {
    const auto response = decode_neg_token_resp(token);
    if (!response) return std::nullopt;
    der = ap_req_of_negotiate_token(response->response_token);
  }
  if (!der) return std::nullopt;
  auto request = decode_ap_req(*der);
  if (!request) return std::nullopt;
  return std::move(*request);
}

// Takes the evidence out of the token, and refuses what GSSAPI would take though we must not.
SECURITY_STATUS look_at_ticket(Context& context, Bytes token) {
  if (is_ntlm_token(token))
    return fail(SEC_E_INVALID_TOKEN, "the client sent NTLM: it found no Kerberos ticket for this service");
  const Credentials& credentials = *context.credentials;
  const auto init = decode_neg_token_init(token);
  // What is malformed for us is not shown to libgssapi, which is laxer, not always to its own good.
  if (!init && token.front() == der::application(0) && init.error() != make_error_code(WireErrc::unsupported))
    return fail(SEC_E_INVALID_TOKEN, "the token is malformed: " + init.error().message());
  if (!credentials.negotiate && init)
    return fail(SEC_E_INVALID_TOKEN, "the token is of Negotiate, the credentials are of Kerberos");
  const auto request = ap_req_of(token);
  if (!request) return SEC_E_OK;
  const Principal service{request->ticket.sname, request->ticket.realm};
  if (credentials.named) {
    const auto ours = parse_principal(credentials.options.principal);
    if (!ours || !same_service(*ours, service))
      return fail(SEC_E_LOGON_DENIED,
                  "the ticket is for " + to_string(service) + ", not for " + credentials.options.principal);
  }
  if (!credentials.options.allow_rc4 && is_weak(request->ticket.enc_part.etype))
    return fail(SEC_E_LOGON_DENIED, "the ticket is encrypted with " + enctype_name(request->ticket.enc_part.etype) +
                                        ", and allow_rc4 is not set");
  context.evidence = encode(request->ticket);
  context.service_name = to_string(service);
  context.target_text = to_string(service.name);
  return SEC_E_OK;
}

SECURITY_STATUS step(Context& context, const SecBufferDesc* input, const SecBufferDesc* output, ULONG* attributes,
                     TimeStamp* expiry) {
  const Bytes token = bytes_of(find_buffer(input, SECBUFFER_TOKEN));
  if (token.empty()) return fail(SEC_E_INVALID_TOKEN, "there is no token");
  const ChannelBindings bindings = find_bindings(input);
  if (!bindings.well_formed) return fail(SEC_E_INVALID_PARAMETER, "the channel bindings do not fit their buffer");
  if (const SECURITY_STATUS status = look_at_ticket(context, token); status != SEC_E_OK) return status;

  gss_channel_bindings_struct channel{};
  channel.application_data = borrow_gss_buffer(bindings.application_data);
  gss_buffer_desc in = borrow_gss_buffer(token);
  GssBuffer out;
  GssName client;
  OM_uint32 minor = 0, life = 0;
  const OM_uint32 major = gss_accept_sec_context(&minor, &context.gss.value, context.credentials->acceptor.value, &in,
                                                 bindings.there ? &channel : GSS_C_NO_CHANNEL_BINDINGS, &client.value,
                                                 nullptr, &out.value, &context.gss_flags, &life, nullptr);
  if (GSS_ERROR(major)) return fail("the client's token is refused", major, minor);
  const bool allocated = (context.asked & ASC_REQ_ALLOCATE_MEMORY) != 0;
  const bool more = (major & GSS_S_CONTINUE_NEEDED) != 0;
  if (!more) {
    const bool bound = (context.gss_flags & kChannelBoundFlag) != 0;
    if (bindings.there && !bound && (context.asked & ASC_REQ_ALLOW_MISSING_BINDINGS) == 0)
      return fail(SEC_E_BAD_BINDINGS, "the client sent no channel bindings");
    GssBuffer text;
    if (const OM_uint32 failed = gss_display_name(&minor, client.value, &text.value, nullptr); GSS_ERROR(failed))
      return fail("the client's name", failed, minor);
    context.client_name = as_text(text.bytes());
    context.expiry = context.start + std::chrono::seconds(life);
    context.complete = true;
  }
  if (!put_token(output, out.bytes(), allocated))
    return fail(SEC_E_BUFFER_TOO_SMALL, "the buffer for the token is too small, or missing");
  if (attributes != nullptr) {
    *attributes = flags_of(context) | (allocated ? ASC_RET_ALLOCATED_MEMORY : 0);
  }
  if (expiry != nullptr) *expiry = context.expiry ? to_time_stamp(*context.expiry) : never();
  return more ? SEC_I_CONTINUE_NEEDED : SEC_E_OK;
}

SECURITY_STATUS accept(const SecHandle* credential, const SecHandle* handle, const SecBufferDesc* input, ULONG asked,
                       SecHandle* new_handle, const SecBufferDesc* output, ULONG* attributes, TimeStamp* expiry) {
  ContextPtr context;
  const bool first = handle == nullptr;
  if (first) {
    const auto credentials = find_credentials(credential);
    if (!credentials) return invalid_handle();
    if ((credentials->use & SECPKG_CRED_INBOUND) == 0)
      return fail(SEC_E_NO_CREDENTIALS, "the credentials are OUTBOUND");
    if (new_handle == nullptr) return fail(SEC_E_INVALID_PARAMETER, "there is no place for the context");
    if ((asked & (ASC_REQ_DATAGRAM | ASC_REQ_USE_SESSION_KEY)) != 0)
      return fail(SEC_E_UNSUPPORTED_FUNCTION, "neither datagram contexts nor user-to-user are made");
    context = std::make_shared<Context>();
    context->credentials = credentials;
    context->asked = asked;
  } else {
    context = find_context(handle);
    if (!context || context->initiator) return invalid_handle();
  }
  const std::lock_guard lock(context->mutex);
  if (context->complete || context->failed)
    return fail(SEC_E_OUT_OF_SEQUENCE, "the context has come to its end already");
  const SECURITY_STATUS status = step(*context, input, output, attributes, expiry);
  context->failed = status != SEC_E_OK && status != SEC_I_CONTINUE_NEEDED;
  if (context->failed) return status;
  if (first) {
    *new_handle = contexts().to_handle(contexts().insert(context));
  } else if (new_handle != nullptr) {
    *new_handle = *handle;
  }
  return status;
}

}  // namespace
}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" SECURITY_STATUS AcceptSecurityContext(PCredHandle credential, PCtxtHandle context, PSecBufferDesc input,
                                                 ULONG asked, ULONG, PCtxtHandle new_context, PSecBufferDesc output,
                                                 PULONG attributes, PTimeStamp expiry) noexcept try {
  return accept(credential, context, input, asked, new_context, output, attributes, expiry);
} catch (...) {
  return caught();
}
