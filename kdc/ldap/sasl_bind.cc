#include "kdc/ldap/sasl_bind.h"

#include <gssapi/gssapi_ext.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "kdc/ldap/hand_made_token.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

constexpr std::uint8_t kNoLayer = 1, kIntegrity = 2, kConfidentiality = 4;  // RFC 4752 §3.3
constexpr std::uint32_t kDefaultMaxSent = 64 * 1024;

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
    if (value != GSS_C_NO_NAME) gss_release_name(&minor, &value);
  }
  gss_name_t value = GSS_C_NO_NAME;
};

// GSSAPI does not write to it.
gss_buffer_desc borrowed(Bytes bytes) {
  return {bytes.size(), const_cast<std::uint8_t*>(bytes.data())};
}

// One attribute of a name, if it has it and libgssapi has verified it.
std::optional<Buffer> verified_attribute(gss_name_t name, std::string_view attribute) {
  gss_buffer_desc asked = borrowed(as_bytes(attribute));
  GssBuffer value, display;
  OM_uint32 minor = 0;
  int authenticated = 0, complete = 0, more = -1;
  const OM_uint32 major =
      gss_get_name_attribute(&minor, name, &asked, &authenticated, &complete, &value.value, &display.value, &more);
  if (GSS_ERROR(major) || authenticated == 0) return std::nullopt;
  return to_buffer(value.bytes());
}

}  // namespace

SecurityLayer::SecurityLayer(gss_ctx_id_t context, Protection protection, std::uint32_t max_sent)
    : context_(context), protection_(protection) {
  OM_uint32 minor = 0, size = 0;
  const int seals = protection == Protection::seal ? 1 : 0;
  if (!GSS_ERROR(gss_wrap_size_limit(&minor, context_, seals, GSS_C_QOP_DEFAULT, max_sent, &size))) max_plain_ = size;
}

SecurityLayer::~SecurityLayer() {
  OM_uint32 minor = 0;
  gss_delete_sec_context(&minor, &context_, GSS_C_NO_BUFFER);
}

Buffer SecurityLayer::wrap(Bytes plain) {
  Buffer out;
  const int seals = protection_ == Protection::seal ? 1 : 0;
  while (!plain.empty()) {
    if (max_plain_ == 0) return {};
    const Bytes part = plain.first(std::min<std::size_t>(plain.size(), max_plain_));
    plain = plain.subspan(part.size());
    gss_buffer_desc in = borrowed(part);
    GssBuffer wrapped;
    OM_uint32 minor = 0;
    int sealed = 0;
    if (GSS_ERROR(gss_wrap(&minor, context_, seals, GSS_C_QOP_DEFAULT, &in, &sealed, &wrapped.value)) ||
        sealed != seals)
      return {};
    out.resize(out.size() + 4);
    store_be32(out.data() + out.size() - 4, std::uint32_t(wrapped.bytes().size()));
    append(out, wrapped.bytes());
  }
  return out;
}

Result<Buffer> SecurityLayer::unwrap(Bytes wrapped) {
  gss_buffer_desc in = borrowed(wrapped);
  GssBuffer plain;
  OM_uint32 minor = 0;
  int sealed = 0;
  const OM_uint32 major = gss_unwrap(&minor, context_, &in, &plain.value, &sealed, nullptr);
  // Messages out of order, or twice, are an attack on a stream.
  if (major != GSS_S_COMPLETE || (protection_ == Protection::seal && sealed == 0)) return WireErrc::integrity;
  return to_buffer(plain.bytes());
}

SaslBind::SaslBind(SaslMechanism mechanism, std::shared_ptr<const GssKeys> keys, bool layers)
    : mechanism_(mechanism), keys_(std::move(keys)), layers_(layers) {}

SaslBind::~SaslBind() {
  OM_uint32 minor = 0;
  if (context_ != GSS_C_NO_CONTEXT) gss_delete_sec_context(&minor, &context_, GSS_C_NO_BUFFER);
}

SaslBind::Step SaslBind::step(Bytes token) {
  switch (state_) {
    case State::negotiating:
      return negotiate(token);
    case State::offering:
      return token.empty() ? offer() : Step{Step::Kind::refused, {}, "a token where none is due"};
    case State::choosing:
      return choose(token);
    case State::done:
      break;
  }
  return {Step::Kind::refused, {}, "a token after the end"};
}

SaslBind::Step SaslBind::negotiate(Bytes token) {
  // RFC 4752 §3.1: a client may ask for the first token's turn by an empty response.
  if (token.empty() && context_ == GSS_C_NO_CONTEXT) return {Step::Kind::go_on, {}, {}};
  Buffer framed;
  if (context_ == GSS_C_NO_CONTEXT && mechanism_ == SaslMechanism::gss_spnego) {
    framed = framed_token(token, keys_->keys());
    token = framed;
  }
  gss_buffer_desc in = borrowed(token);
  GssName name;
  GssBuffer reply;
  OM_uint32 minor = 0, flags = 0;
  const OM_uint32 major = gss_accept_sec_context(&minor, &context_, keys_->credential(), &in, GSS_C_NO_CHANNEL_BINDINGS,
                                                 &name.value, nullptr, &reply.value, &flags, nullptr, nullptr);
  if (GSS_ERROR(major)) return {Step::Kind::refused, to_buffer(reply.bytes()), gss_failure_text(major, minor)};
  Step out{Step::Kind::go_on, to_buffer(reply.bytes()), {}};
  if ((major & GSS_S_CONTINUE_NEEDED) != 0) return out;
  flags_ = flags;
  if (!read_identity(name.value)) return {Step::Kind::refused, {}, "the client's name cannot be read"};
  if (mechanism_ == SaslMechanism::gssapi) {
    if (out.token.empty()) return offer();
    state_ = State::offering;
    return out;
  }
  // GSS-SPNEGO: what the client asked the context for is the layer.
  if ((flags & GSS_C_CONF_FLAG) != 0)
    protection_ = Protection::seal;
  else if ((flags & GSS_C_INTEG_FLAG) != 0)
    protection_ = Protection::sign;
  if (!layers_) protection_ = Protection::none;
  max_sent_ = kDefaultMaxSent;
  state_ = State::done;
  out.kind = Step::Kind::done;
  return out;
}

bool SaslBind::read_identity(gss_name_t name) {
  GssBuffer text;
  OM_uint32 minor = 0;
  if (GSS_ERROR(gss_display_name(&minor, name, &text.value, nullptr))) return false;
  identity_.principal = as_text(text.bytes());
  if (const auto ndr = verified_attribute(name, "urn:mspac:logon-info"))
    if (auto logon = decode_pac_logon_info(*ndr)) identity_.logon = std::move(*logon);
  return true;
}

SaslBind::Step SaslBind::offer() {
  std::array<std::uint8_t, 4> plain{};
  store_be32(plain.data(), layers_ ? kMaxSealedBuffer : 0);
  plain[0] = kNoLayer;
  if (layers_ && (flags_ & GSS_C_INTEG_FLAG) != 0) plain[0] |= kIntegrity;
  if (layers_ && (flags_ & GSS_C_CONF_FLAG) != 0) plain[0] |= kConfidentiality;
  gss_buffer_desc in = borrowed(plain);
  GssBuffer wrapped;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_wrap(&minor, context_, 0, GSS_C_QOP_DEFAULT, &in, nullptr, &wrapped.value);
  if (GSS_ERROR(major)) return {Step::Kind::refused, {}, gss_failure_text(major, minor)};
  state_ = State::choosing;
  return {Step::Kind::go_on, to_buffer(wrapped.bytes()), {}};
}

SaslBind::Step SaslBind::choose(Bytes token) {
  gss_buffer_desc in = borrowed(token);
  GssBuffer plain;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_unwrap(&minor, context_, &in, &plain.value, nullptr, nullptr);
  const Bytes choice = plain.bytes();
  if (major != GSS_S_COMPLETE || choice.size() < 4)
    return {Step::Kind::refused, {}, "the choice of a layer is malformed"};
  const std::uint32_t size = load_be32(choice.data()) & 0xffffff;
  const auto authorization = as_text(choice.subspan(4));
  const auto& principal = identity_.principal;
  if (!authorization.empty() && !equal_ignoring_case(authorization, principal) &&
      !equal_ignoring_case(authorization, principal.substr(0, principal.rfind('@'))))
    return {Step::Kind::refused, {}, principal + " asks to be " + std::string(authorization)};
  if (choice[0] == kConfidentiality && layers_ && (flags_ & GSS_C_CONF_FLAG) != 0)
    protection_ = Protection::seal;
  else if (choice[0] == kIntegrity && layers_ && (flags_ & GSS_C_INTEG_FLAG) != 0)
    protection_ = Protection::sign;
  else if (choice[0] != kNoLayer)
    return {Step::Kind::refused, {}, "the client chose a layer that was not offered"};
  max_sent_ = std::min(size == 0 ? kDefaultMaxSent : size, kMaxSealedBuffer);
  state_ = State::done;
  return {Step::Kind::done, {}, {}};
}

std::unique_ptr<SecurityLayer> SaslBind::take_layer() {
  if (state_ != State::done || protection_ == Protection::none) return nullptr;
  return std::make_unique<SecurityLayer>(std::exchange(context_, GSS_C_NO_CONTEXT), protection_, max_sent_);
}

}  // namespace stead::kdc
