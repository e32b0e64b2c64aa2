#include "sspi_shim/krb5/gss_acceptor.h"

#include <gssapi/gssapi_ext.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"
#include "sspi_shim/protocol/messages/spnego.h"

namespace stead {
namespace {

constexpr OM_uint32 kChannelBoundFlag = 2048;  // GSS_C_CHANNEL_BOUND_FLAG: older headers lack it

AcceptFailure gss_failure(OM_uint32 major, OM_uint32 minor) {
  return {.kind = AcceptFailure::Kind::gssapi, .text = gss_message(major, minor), .major = major, .minor = minor};
}

AcceptFailure failure(AcceptFailure::Kind kind, std::string text) {
  return {.kind = kind, .text = std::move(text)};
}

}  // namespace

Checked<std::shared_ptr<const GssAcceptor>> GssAcceptor::open(Options options) {
  std::shared_ptr<GssAcceptor> acceptor(new GssAcceptor(std::move(options)));
  const std::string& keytab = acceptor->options_.keytab;
  gss_OID_desc mechanisms[] = {kerberos_mechanism(), spnego_mechanism()};
  gss_OID_set_desc set{std::size(mechanisms), mechanisms};
  const std::string store_name = keytab.find(':') == std::string::npos ? "FILE:" + keytab : keytab;
  gss_key_value_element_desc element{"keytab", store_name.c_str()};
  const gss_key_value_set_desc store{1, &element};
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set, GSS_C_ACCEPT, &store,
                                                &acceptor->credential_.value, nullptr, nullptr);
  if (GSS_ERROR(major)) return Problem{.message = gss_message(major, minor), .where = keytab};
  return std::shared_ptr<const GssAcceptor>(std::move(acceptor));
}

std::optional<AcceptFailure> GssAcceptor::refusal_of(const PresentedTicket& ticket) const {
  const Principal service = ticket.service();
  const auto is_service = [&](const Principal& ours) { return same_service(ours, service); };
  if (!options_.services.empty() && std::ranges::none_of(options_.services, is_service))
    return failure(AcceptFailure::Kind::other_service, "the ticket is for " + to_string(service));
  const EncType type = ticket.ap_req.ticket.enc_part.etype;
  if (!options_.allow_rc4 && is_weak(type))
    return failure(AcceptFailure::Kind::weak_encryption,
                   "the ticket is encrypted with " + enctype_name(type) + ", and allow_rc4 is not set");
  return std::nullopt;
}

Accepting<AcceptedToken> GssAcceptor::continue_context(GssContext& context, Bytes token,
                                                       const std::optional<Bytes>& bindings) const {
  gss_channel_bindings_struct channel = borrow_gss_bindings(bindings.value_or(Bytes()));
  gss_buffer_desc input = borrow_gss_buffer(token);
  GssName name;
  GssBuffer reply, text;
  OM_uint32 minor = 0, flags = 0, life = 0;
  OM_uint32 major = gss_accept_sec_context(&minor, &context.value, credential_.value, &input,
                                           bindings ? &channel : GSS_C_NO_CHANNEL_BINDINGS, &name.value, nullptr,
                                           &reply.value, &flags, &life, nullptr);
  if (GSS_ERROR(major)) return gss_failure(major, minor);
  AcceptedToken out{.complete = (major & GSS_S_CONTINUE_NEEDED) == 0,
                    .reply = to_buffer(reply.bytes()),
                    .client = {},
                    .flags = flags,
                    .life = std::chrono::seconds(life),
                    .channel_bound = bindings && (flags & kChannelBoundFlag) != 0};
  if (!out.complete) return out;
  major = gss_display_name(&minor, name.value, &text.value, nullptr);
  if (GSS_ERROR(major)) return gss_failure(major, minor);
  out.client = as_text(text.bytes());
  return out;
}

Accepting<AcceptedOnce> GssAcceptor::accept_once(Bytes token, const std::optional<Bytes>& bindings) const {
  using Kind = AcceptFailure::Kind;
  if (is_ntlm_token(token))
    return failure(Kind::ntlm, "the client sent NTLM: it found no Kerberos ticket for this service");
  auto ap_req_der = ap_req_of_negotiate_token(token);
  if (!ap_req_der)
    return failure(Kind::no_ticket, "the token is neither SPNEGO with a Kerberos token in it nor a Kerberos token");
  auto presented = decode_presented_ticket(std::move(*ap_req_der));
  if (!presented) return failure(Kind::malformed, "the token's AP-REQ is malformed: " + presented.error().message());
  if (auto refusal = refusal_of(*presented)) return std::move(*refusal);
  GssContext context;
  auto accepted = continue_context(context, token, bindings);
  if (!accepted) return accepted.error();
  if (!accepted->complete) return failure(Kind::unfinished, "the client wants more than one round of tokens");
  return AcceptedOnce{.presented = std::move(*presented), .token = std::move(*accepted)};
}

}  // namespace stead
