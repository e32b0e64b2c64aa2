#include "sspi_shim/protocol/messages/spnego.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "sspi_shim/protocol/der/der_reader.h"
#include "sspi_shim/protocol/der/der_writer.h"

namespace stead {

namespace mech_oid {
const Buffer spnego{0x2b, 0x06, 0x01, 0x05, 0x05, 0x02};
const Buffer kerberos{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02};
const Buffer ms_kerberos{0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 0x01, 0x02, 0x02};
const Buffer ntlm{0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a};
}  // namespace mech_oid

namespace {

constexpr std::size_t kMaxMechs = 32;
constexpr std::string_view kNtlmSignature{"NTLMSSP\0", 8};
constexpr std::uint8_t kGssToken = der::application(0);
constexpr std::uint8_t kApReq = der::application(14);

bool starts_with_ntlm(Bytes token) {
  return as_text(token).starts_with(kNtlmSignature);
}

bool is_kerberos(Bytes oid) {
  return std::ranges::equal(oid, mech_oid::kerberos) || std::ranges::equal(oid, mech_oid::ms_kerberos);
}

}  // namespace

Result<NegTokenInit> decode_neg_token_init(Bytes token) {
  NegTokenInit out;
  der::Reader in(token);
  in.element(kGssToken, [&](der::Reader& gss) {
    if (!std::ranges::equal(gss.raw(der::kOid), mech_oid::spnego)) return gss.fail(WireErrc::unsupported);
    gss.field(0, [&](der::Reader& choice) {
      choice.sequence([&](der::Reader& seq) {
        seq.field(0, [&](der::Reader& f) {
          f.sequence_of(
              [&](der::Reader& item) {
                out.mech_types.push_back(to_buffer(item.raw(der::kOid)));
                // No OBJECT IDENTIFIER is empty; after such a one libgssapi (1.20) reads beyond the end of its list.
                if (out.mech_types.back().empty()) item.fail(WireErrc::bad_value);
              },
              kMaxMechs);
        });
        if (seq.optional_field(1, [&](der::Reader& f) { out.req_flags = to_buffer(f.raw(der::kBitString)); }) &&
            out.req_flags.empty())
          return seq.fail(WireErrc::bad_value);
        seq.optional_field(2, [&](der::Reader& f) { out.mech_token = to_buffer(f.octet_string()); });
        seq.optional_field(3, [&](der::Reader& f) { out.mech_list_mic = to_buffer(f.any()); });
        seq.skip_rest();  // "..." in the source
      });
    });
  });
  return in.finish(std::move(out));
}

Buffer encode(const NegTokenInit& value) {
  der::Writer out(128 + value.mech_token.size());
  out.element(kGssToken, [&](der::Writer& gss) {
    gss.raw(der::kOid, mech_oid::spnego);
    gss.field(0, [&](der::Writer& choice) {
      choice.sequence([&](der::Writer& seq) {
        seq.field(0, [&](der::Writer& f) {
          f.sequence([&](der::Writer& list) {
            for (const Buffer& mech : value.mech_types) list.raw(der::kOid, mech);
          });
        });
        if (!value.req_flags.empty()) seq.field(1, [&](der::Writer& f) { f.raw(der::kBitString, value.req_flags); });
        if (!value.mech_token.empty()) seq.field(2, [&](der::Writer& f) { f.octet_string(value.mech_token); });
        if (!value.mech_list_mic.empty()) seq.field(3, [&](der::Writer& f) { f.any(value.mech_list_mic); });
      });
    });
  });
  return std::move(out).finish();
}

Result<NegTokenResp> decode_neg_token_resp(Bytes token) {
  NegTokenResp out;
  der::Reader in(token);
  in.field(1, [&](der::Reader& choice) {
    choice.sequence([&](der::Reader& seq) {
      seq.optional_field(0, [&](der::Reader& f) {
        const std::int32_t state = f.enumerated();
        if (state < 0 || state > 3) f.fail(WireErrc::bad_value);
        out.state = NegState(state);
      });
      seq.optional_field(1, [&](der::Reader& f) { out.supported_mech = to_buffer(f.raw(der::kOid)); });
      seq.optional_field(2, [&](der::Reader& f) { out.response_token = to_buffer(f.octet_string()); });
      seq.optional_field(3, [&](der::Reader& f) { out.mech_list_mic = to_buffer(f.octet_string()); });
      seq.skip_rest();  // "..." in the source
    });
  });
  return in.finish(std::move(out));
}

Buffer encode(const NegTokenResp& value) {
  der::Writer out;
  out.field(1, [&](der::Writer& choice) {
    choice.sequence([&](der::Writer& seq) {
      if (value.state) seq.field(0, [&](der::Writer& f) { f.enumerated(std::int32_t(*value.state)); });
      if (!value.supported_mech.empty()) seq.field(1, [&](der::Writer& f) { f.raw(der::kOid, value.supported_mech); });
      if (!value.response_token.empty()) seq.field(2, [&](der::Writer& f) { f.octet_string(value.response_token); });
      if (!value.mech_list_mic.empty()) seq.field(3, [&](der::Writer& f) { f.octet_string(value.mech_list_mic); });
    });
  });
  return std::move(out).finish();
}

bool is_acceptance_without_token(Bytes token) {
  const Result<NegTokenResp> response = decode_neg_token_resp(token);
  if (!response || !response->response_token.empty()) return false;
  if (!response->supported_mech.empty() && !is_kerberos(response->supported_mech)) return false;
  return response->state.value_or(NegState::accept_completed) == NegState::accept_completed;
}

Result<KrbToken> decode_krb_token(Bytes token) {
  KrbToken out;
  der::Reader in(token);
  in.element(kGssToken, [&](der::Reader& gss) {
    const Bytes mech = gss.raw(der::kOid);
    if (gss.failed()) return;
    if (!is_kerberos(mech)) return gss.fail(WireErrc::unsupported);
    const Bytes rest = gss.rest();
    if (rest.size() < 2) return gss.fail(WireErrc::bad_length);
    out.id = KrbTokenId(load_be16(rest.data()));
    if (out.id != KrbTokenId::ap_req && out.id != KrbTokenId::ap_rep && out.id != KrbTokenId::krb_error) {
      return gss.fail(WireErrc::unsupported);
    }
    out.message = to_buffer(rest.subspan(2));
    gss.skip_rest();
  });
  return in.finish(std::move(out));
}

Buffer encode(const KrbToken& value) {
  der::Writer out(32 + value.message.size());
  out.element(kGssToken, [&](der::Writer& gss) {
    gss.raw(der::kOid, mech_oid::kerberos);
    const auto id = std::uint16_t(value.id);
    const std::uint8_t octets[] = {std::uint8_t(id >> 8), std::uint8_t(id)};
    gss.any(octets);
    gss.any(value.message);
  });
  return std::move(out).finish();
}

Result<Buffer> ap_req_of_negotiate_token(Bytes token) {
  const Result<NegTokenInit> init = decode_neg_token_init(token);
  if (init && !init->mech_token.empty() && init->mech_token[0] == kApReq)
    return init->mech_token;  // impacket leaves the framing out
  if (!init && init.error() != make_error_code(WireErrc::unsupported)) return init.error();
  Result<KrbToken> krb = decode_krb_token(init ? Bytes(init->mech_token) : token);
  if (!krb) return krb.error();
  if (krb->id != KrbTokenId::ap_req) return WireErrc::unsupported;
  return std::move(krb->message);
}

bool is_ntlm_token(Bytes token) {
  if (starts_with_ntlm(token)) return true;
  if (const Result<NegTokenInit> init = decode_neg_token_init(token)) {
    if (!init->mech_token.empty()) return starts_with_ntlm(init->mech_token);
    return !init->mech_types.empty() && init->mech_types.front() == mech_oid::ntlm;
  }
  const Result<NegTokenResp> resp = decode_neg_token_resp(token);
  return resp && starts_with_ntlm(resp->response_token);
}

}  // namespace stead
