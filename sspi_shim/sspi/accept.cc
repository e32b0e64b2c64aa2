// AcceptSecurityContext: GssAcceptor judges the token; the context keeps the client's ticket as evidence.
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "sspi_shim/base/process/fork_gate.h"
#include "sspi_shim/krb5/presented_ticket.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "sspi_shim/sspi/base/buffers.h"
#include "sspi_shim/sspi/context_state.h"
#include "sspi_shim/sspi/error.h"

namespace stead::sspi {
namespace {

SECURITY_STATUS refuse(const AcceptFailure& failure, const Credentials& credentials) {
  using Kind = AcceptFailure::Kind;
  switch (failure.kind) {
    case Kind::other_service:
      return fail(SEC_E_LOGON_DENIED, failure.text + ", not for " + credentials.options.principal);
    case Kind::weak_encryption:
      return fail(SEC_E_LOGON_DENIED, failure.text);
    case Kind::gssapi:
      return fail(status_of(failure.major, failure.minor), "the client's token is refused: " + failure.text);
    default:
      return fail(SEC_E_INVALID_TOKEN, failure.text);
  }
}

// Refuses what libgssapi would accept although AcceptSecurityContext must not, and keeps the ticket as evidence.
SECURITY_STATUS examine(Context& context, Bytes token) {
  if (is_ntlm_token(token))
    return fail(SEC_E_INVALID_TOKEN, "the client sent NTLM: it found no Kerberos ticket for this service");
  const Credentials& credentials = *context.credentials;
  const auto init = decode_neg_token_init(token);
  // libgssapi reads malformed tokens too, some of them beyond their end.
  if (!init && token.front() == der::application(0) && init.error() != make_error_code(WireErrc::unsupported))
    return fail(SEC_E_INVALID_TOKEN, "the token is malformed: " + init.error().message());
  if (!credentials.negotiate && init)
    return fail(SEC_E_INVALID_TOKEN, "the token is of Negotiate, the credentials are of Kerberos");
  auto ap_req_der = ap_req_of_token(token);
  if (!ap_req_der) return SEC_E_OK;  // another token of the context has it
  const auto presented = decode_presented_ticket(std::move(*ap_req_der));
  if (!presented) return SEC_E_OK;  // libgssapi refuses it
  if (const auto refusal = credentials.acceptor->refusal_of(*presented)) return refuse(*refusal, credentials);
  const Principal service = presented->service();
  context.evidence = encode(presented->ap_req.ticket);
  context.service_name = to_string(service);
  context.target_text = to_string(service.name);
  return SEC_E_OK;
}

SECURITY_STATUS take_token(Context& context, const SecBufferDesc* input, const SecBufferDesc* output, ULONG* attributes,
                           TimeStamp* expiry) {
  const Bytes token = bytes_of(find_buffer(input, SECBUFFER_TOKEN));
  if (token.empty()) return fail(SEC_E_INVALID_TOKEN, "there is no token");
  const ChannelBindings bindings = find_bindings(input);
  if (!bindings.well_formed) return fail(SEC_E_INVALID_PARAMETER, "the channel bindings do not fit their buffer");
  if (const SECURITY_STATUS status = examine(context, token); status != SEC_E_OK) return status;

  const Credentials& credentials = *context.credentials;
  auto accepted = credentials.acceptor->continue_context(
      context.gss, token, bindings.there ? std::optional(bindings.application_data) : std::nullopt);
  if (!accepted) return refuse(accepted.error(), credentials);
  context.gss_flags = accepted->flags;
  if (accepted->complete) {
    if (bindings.there && !accepted->channel_bound && (context.asked & ASC_REQ_ALLOW_MISSING_BINDINGS) == 0)
      return fail(SEC_E_BAD_BINDINGS, "the client sent no channel bindings");
    context.client_name = accepted->client;
    context.expiry = context.start + accepted->life;
    context.complete = true;
  }
  return give_output(context, accepted->reply, output, attributes, expiry);
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
    return fail(SEC_E_OUT_OF_SEQUENCE, "the context is complete or has failed already");
  const SECURITY_STATUS status = take_token(*context, input, output, attributes, expiry);
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
  const stead::ForkGate at_work;
  return accept(credential, context, input, asked, new_context, output, attributes, expiry);
} catch (...) {
  return caught();
}
