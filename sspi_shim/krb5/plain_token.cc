#include "sspi_shim/krb5/plain_token.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "sspi_shim/protocol/crypto/random.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/spnego.h"
#include "sspi_shim/protocol/pac/pac.h"

namespace stead {
namespace {

constexpr std::size_t kBareChecksum = 24;    // octets, without a forwarded TGT and extensions
constexpr std::uint32_t kDceStyle = 0x1000;  // GSS_C_DCE_STYLE: three tokens
constexpr std::size_t kMaxPacBuffers = 4096;
constexpr Time kEarliest{}, kLatest{std::chrono::seconds(0xffff'ffff)};  // libkrb5 keeps times in 32 bits, which wrap

struct Unframed {
  Buffer chosen;  // SPNEGO's mechanism; empty: the token is raw Kerberos
  Buffer ap_req;
};

// True where the frame around the Kerberos token has Kerberos' own OID. A token with Microsoft's is left to libgssapi:
// the reply must have the OID that the client used.
bool is_named_kerberos(Bytes token) {
  der::Reader in(token);
  bool named = false;
  in.element(der::application(0), [&](der::Reader& r) {
    named = std::ranges::equal(r.raw(der::kOid), mech_oid::kerberos);
    r.skip_rest();
  });
  return named;
}

std::optional<Unframed> unframe(Bytes token) {
  Unframed out;
  Buffer inner;
  if (auto init = decode_neg_token_init(token)) {
    // With another mechanism first, or with a MIC over the list, SPNEGO needs more than this frame.
    if (init->mech_types.empty() || !init->mech_list_mic.empty()) return std::nullopt;
    // As libgssapi: seven flag bits, not RFC 4178's 32.
    if (!init->req_flags.empty() && (init->req_flags.size() != 2 || init->req_flags[0] != 1)) return std::nullopt;
    if (init->mech_types.front() != mech_oid::kerberos && init->mech_types.front() != mech_oid::ms_kerberos)
      return std::nullopt;
    out.chosen = std::move(init->mech_types.front());
    inner = std::move(init->mech_token);
    token = inner;
  }
  if (!is_named_kerberos(token)) return std::nullopt;
  auto framed = decode_krb_token(token);
  if (!framed || framed->id != KrbTokenId::ap_req) return std::nullopt;
  out.ap_req = std::move(framed->message);
  return out;
}

bool is_valid_at(const EncTicketPart& part, Time now, std::chrono::seconds skew) {
  if ((part.flags & ticket_flag::invalid) != 0) return false;
  // libkrb5 takes time 0 as "not given".
  const Time start = part.starttime.value_or(kEarliest) == kEarliest ? part.authtime : *part.starttime;
  for (const Time time : {part.authtime, start, part.endtime + skew, part.renew_till.value_or(kEarliest)})
    if (time < kEarliest || time > kLatest) return false;
  return start <= now + skew && now <= part.endtime + skew;
}

// libkrb5 also reads the elements within AD-IF-RELEVANT that it knows: a PAC, which must decode, and elements of KDCs
// other than AD's. This takes one PAC and elements that libkrb5 ignores; `pacs` counts across elements.
bool is_understood(const AuthorizationElement& element, int& pacs) {
  if (element.type != AdType::if_relevant) return false;
  const auto inner = decode_authorization_data(element.data);
  return inner && std::ranges::all_of(*inner, [&](const AuthorizationElement& e) {
           if (e.type == AdType::if_relevant || e.type == AdType::kdc_issued || e.type == AdType::cammac) return false;
           if (e.type != AdType::win2k_pac) return true;
           const auto pac = decode_pac(e.data);
           return ++pacs == 1 && pac && !pac->buffers.empty() && pac->buffers.size() <= kMaxPacBuffers;
         });
}

// False where libkrb5 has more to judge: transited realms that no KDC has checked (by krb5.conf's [capaths]), and
// restrictions in the authorization data.
bool is_unrestricted(const EncTicketPart& part) {
  if (part.transited.type < 0 || part.transited.type > 0xff) return false;  // libkrb5 keeps one octet
  if (!part.transited.contents.empty() && (part.flags & ticket_flag::transited_policy_checked) == 0) return false;
  int pacs = 0;
  return std::ranges::all_of(part.authorization_data,
                             [&](const AuthorizationElement& element) { return is_understood(element, pacs); });
}

// The list of encryption types that a client prefers (RFC 4537).
bool is_etype_list(Bytes der) {
  der::Reader in(der);
  in.sequence_of([](der::Reader& item) { item.int32(); });
  return in.finish(0).has_value();
}

// True with KERB_AP_OPTIONS_CBT (MS-KILE): the client always sends bindings where it has a channel, so that a
// token without them was made for a connection without one. Nothing: the authorization data is left to libgssapi.
std::optional<bool> binds_to_channels(const Authenticator& authenticator) {
  constexpr std::uint32_t kCbt = 0x4000;
  std::optional<bool> out = false;
  int found = 0;
  const auto look = [&](const AuthorizationElement& element) {
    if (element.type == AdType::if_relevant ||
        (element.type == AdType::etype_negotiation && !is_etype_list(element.data)))
      out.reset();
    if (element.type != AdType::ap_options || !out) return;
    if (++found > 1 || element.data.size() != 4) {
      out.reset();
      return;
    }
    out = (load_le32(element.data.data()) & kCbt) != 0;
  };
  for (const AuthorizationElement& element : authenticator.authorization_data) {
    if (element.type != AdType::if_relevant) {
      look(element);
      continue;
    }
    const auto inner = decode_authorization_data(element.data);
    if (!inner) return std::nullopt;
    std::ranges::for_each(*inner, look);
  }
  return out;
}

// An AP-REP under the ticket's session key, with a subkey and a sequence number of ours, as libkrb5 sends them.
Buffer make_ap_rep_token(const Authenticator& authenticator, const Key& session_key, Buffer chosen) {
  EncApRepPart part;
  part.ctime = authenticator.ctime;
  part.cusec = authenticator.cusec;
  part.subkey = Key::random(authenticator.subkey ? authenticator.subkey->type : session_key.type()).to_encryption_key();
  part.seq_number = random_nonce();
  ApRep message{encrypt_data(session_key, KeyUsage::ap_rep_encrypted_part, encode(part))};
  Buffer framed = encode(KrbToken{KrbTokenId::ap_rep, encode(message)});
  if (chosen.empty()) return framed;
  return encode(NegTokenResp{.state = NegState::accept_completed,
                             .supported_mech = std::move(chosen),
                             .response_token = std::move(framed),
                             .mech_list_mic = {}});
}

// The inside of a ticket that a key of ours decrypts and that is valid now.
std::optional<EncTicketPart> judge_ticket(const ApReq& request, const AcceptSettings& settings, Time now) {
  if ((request.options & ap_option::use_session_key) != 0 || !settings.permits(request.ticket.enc_part.etype))
    return std::nullopt;
  const Key* const key = settings.key_for(request.ticket);
  if (key == nullptr) return std::nullopt;
  const auto plain = decrypt_data(*key, KeyUsage::ticket, request.ticket.enc_part);
  if (!plain) return std::nullopt;
  auto part = decode_enc_ticket_part(*plain);
  if (!part || !is_valid_at(*part, now, settings.clock_skew) || !is_unrestricted(*part) ||
      !settings.permits(part->key.type))
    return std::nullopt;
  return std::move(*part);
}

// The authenticator, made by the ticket's client and not long ago.
std::optional<Authenticator> judge_authenticator(const EncryptedData& encrypted, const EncTicketPart& ticket,
                                                 const Key& session_key, const AcceptSettings& settings, Time now) {
  const auto plain = decrypt_data(session_key, KeyUsage::ap_req_authenticator, encrypted);
  if (!plain) return std::nullopt;
  auto authenticator = decode_authenticator(*plain);
  if (!authenticator || ticket.cname.empty() || authenticator->crealm != ticket.crealm ||
      !(authenticator->cname == ticket.cname))
    return std::nullopt;
  if (std::chrono::abs(authenticator->ctime - now) > settings.clock_skew) return std::nullopt;
  if (authenticator->subkey && (!settings.permits(authenticator->subkey->type) || !Key::make(*authenticator->subkey)))
    return std::nullopt;
  return std::move(*authenticator);
}

// What GSSAPI's checksum asks for, where the channel bindings hold to the policy.
struct JudgedChecksum {
  std::uint32_t flags = 0;  // gss_flag
  bool channel_bound = false;
};
std::optional<JudgedChecksum> judge_checksum(const Authenticator& authenticator, Bytes bindings,
                                             BindingsPolicy policy) {
  if (!authenticator.checksum || authenticator.checksum->type != kGssChecksumType ||
      authenticator.checksum->value.size() != kBareChecksum)
    return std::nullopt;
  const auto checksum = decode_gss_checksum(authenticator.checksum->value);
  if (!checksum || (checksum->flags & kDceStyle) != 0) return std::nullopt;
  const bool binds = policy != BindingsPolicy::ignore && !bindings.empty(), sent = !checksum->bindings_md5.empty();
  const bool bound = binds && sent && equal_in_constant_time(checksum->bindings_md5, channel_bindings_md5(bindings));
  const auto always_binds = binds_to_channels(authenticator);
  if (!always_binds || (binds && !bound && (sent || *always_binds)) || (policy == BindingsPolicy::require && !bound))
    return std::nullopt;
  return JudgedChecksum{.flags = checksum->flags, .channel_bound = bound};
}

// For the client: an AP-REP where it asked for mutual authentication, else SPNEGO's frame alone, else nothing.
Buffer reply_for(const JudgedChecksum& checksum, const Authenticator& authenticator, const Key& session_key,
                 Buffer chosen) {
  if ((checksum.flags & gss_flag::mutual) != 0) return make_ap_rep_token(authenticator, session_key, std::move(chosen));
  if (chosen.empty()) return {};
  return encode(NegTokenResp{.state = NegState::accept_completed,
                             .supported_mech = std::move(chosen),
                             .response_token = {},
                             .mech_list_mic = {}});
}

}  // namespace

std::optional<PlainToken> judge_plain_token(Bytes token, Bytes bindings, BindingsPolicy policy,
                                            const AcceptSettings& settings, std::chrono::system_clock::time_point now) {
  const Time seconds = std::chrono::floor<std::chrono::seconds>(now);
  auto unframed = unframe(token);
  if (!unframed) return std::nullopt;
  const auto request = decode_ap_req(unframed->ap_req);
  if (!request) return std::nullopt;
  const auto ticket = judge_ticket(*request, settings, seconds);
  if (!ticket) return std::nullopt;
  const auto session_key = Key::make(ticket->key);
  if (!session_key) return std::nullopt;
  const auto authenticator = judge_authenticator(request->authenticator, *ticket, *session_key, settings, seconds);
  if (!authenticator) return std::nullopt;
  const auto checksum = judge_checksum(*authenticator, bindings, policy);
  if (!checksum) return std::nullopt;

  const std::size_t tag = checksum_size(required_checksum(request->authenticator.etype));
  PlainToken out;
  out.replay_tag = to_buffer(Bytes(request->authenticator.cipher).last(tag));
  out.client.user = to_string(ticket->cname, ticket->crealm);
  out.client.reply = reply_for(*checksum, *authenticator, *session_key, std::move(unframed->chosen));
  out.client.ticket = encode(request->ticket);
  out.client.channel_bound = checksum->channel_bound;
  out.client.ap_req = std::move(unframed->ap_req);
  return out;
}

}  // namespace stead
