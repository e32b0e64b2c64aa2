#include "kdc/tickets/ticket_issuer.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "kdc/lookup/service_name.h"
#include "kdc/tickets/account_rules.h"
#include "kdc/tickets/event_ids.h"
#include "kdc/tickets/fast_reply.h"
#include "kdc/tickets/key_request.h"
#include "sspi_shim/protocol/messages/preauth.h"

namespace stead::kdc {
namespace {

struct TicketKeys {
  const Key* ticket = nullptr;
  const Key* krbtgt = nullptr;  // signs the PAC
  std::optional<std::uint32_t> kvno;
  EncType session = EncType::null;
};

int no_enctype_event(const Context& ctx, const KdcReqBody& request) {
  if (std::string_view(ctx.log.kind) == "AS") return kdc_event::no_common_enctype_as;
  // DCs tell a client that offers nothing they know from a target that has no such key.
  const bool known =
      std::ranges::any_of(request.etypes, [&](EncType type) { return client_may_use(ctx, *ctx.domain.krbtgt, type); });
  return known ? kdc_event::no_common_enctype_tgs : kdc_event::unsupported_enctype_tgs;
}

KdcResult<TicketKeys> choose_keys(const Context& ctx, const KdcReqBody& request, const Recipient& to) {
  TicketKeys out;
  KeyRequest keys;
  if (to.trust) {
    out.ticket = keys.get(to.trust->outgoing, trust_enctype(ctx, *to.trust));
    out.kvno = to.trust->outgoing ? to.trust->outgoing->kvno() : 0;
    out.session = trust_session_enctype(ctx, *to.trust, request.etypes);
  } else {
    out.session = session_enctype(ctx, *to.account, request.etypes);
    if (to.session_key) {
      out.ticket = &*to.session_key;
    } else {
      out.ticket = keys.get(to.account->keys, ticket_enctype(ctx, *to.account));
      out.kvno = to.account->keys->kvno();
    }
  }
  out.krbtgt = keys.get(ctx.domain.krbtgt->keys, ticket_enctype(ctx, *ctx.domain.krbtgt));
  if (out.session == EncType::null)
    return with_event(refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "no encryption type in common with the target"),
                      no_enctype_event(ctx, request));
  if (!keys.complete()) return keys.stop();
  return out;
}

void add_supported_enctypes(const Context& ctx, const KdcReqBody& request, TicketPlan& plan) {
  if (!ctx.level.aes || !(request.options & kdc_option::canonicalize)) return;
  const AccountEntry& target = plan.recipient.trust ? *ctx.domain.krbtgt : *plan.recipient.account;
  plan.encrypted_padata.push_back(
      {PaType::supported_enctypes, encode_pa_supported_enctypes(advertised_enctypes(ctx, target))});
}

}  // namespace

KdcResult<Buffer> issue(const Context& ctx, const KdcReqBody& request, TicketPlan plan, const ReplyKey& reply_key) {
  const KdcResult<TicketKeys> keys = choose_keys(ctx, request, plan.recipient);
  if (!keys) return keys.error();
  const Key session = Key::random(keys->session);

  EncTicketPart part;
  part.flags = plan.flags;
  part.key = session.to_encryption_key();
  part.crealm = plan.crealm;
  part.cname = plan.cname;
  part.transited = plan.transited;
  part.authtime = plan.authtime;
  part.starttime = plan.starttime;
  part.endtime = plan.endtime;
  part.renew_till = plan.renew_till;
  part.caddr = plan.addresses;
  part.authorization_data = std::move(plan.other_data);
  SecretBuffer part_der;
  if (plan.pac) {
    // Only the TGS makes tickets that another KDC request may need as evidence.
    const bool two = !ctx.level.ticket_signatures || plan.reply == MessageType::as_rep || plan.recipient.is_krbtgt() ||
                     is_changepw(joined(plan.sname));
    part_der = encode_with_signed_pac(part, std::move(plan.pac->pac), *keys->ticket, *keys->krbtgt,
                                      two ? PacSignatures::server_and_kdc : PacSignatures::all_four);
  } else {
    part_der = encode(part);
  }

  add_supported_enctypes(ctx, request, plan);
  EncKdcRepPart enc;
  enc.type = plan.reply;
  enc.key = std::move(part.key);
  enc.last_req = {{.type = 0, .value = ctx.seconds()}};
  enc.nonce = request.nonce;
  enc.flags = plan.flags;
  enc.authtime = plan.authtime;
  enc.starttime = plan.starttime;
  enc.endtime = plan.endtime;
  enc.renew_till = plan.renew_till;
  enc.srealm = ctx.realm();
  enc.sname = plan.sname;
  enc.caddr = std::move(plan.addresses);
  enc.encrypted_padata = std::move(plan.encrypted_padata);

  KdcRep reply;
  reply.type = plan.reply;
  reply.padata = std::move(plan.padata);
  reply.crealm = std::move(plan.crealm);
  reply.cname = std::move(plan.cname);
  reply.ticket.realm = ctx.realm();
  reply.ticket.sname = std::move(plan.sname);
  reply.ticket.enc_part = encrypt_data(*keys->ticket, KeyUsage::ticket, part_der, keys->kvno);
  reply.enc_part = encrypt_data(reply_key.key, reply_key.usage, encode(enc), reply_key.kvno);
  if (ctx.fast) armor_reply(ctx, reply);
  return encode(reply);
}

void add_pac_options(std::uint32_t asked, PaDataList& encrypted_padata) {
  constexpr std::uint32_t kEchoed = 0xF0000000;
  if (asked & kEchoed) encrypted_padata.push_back({PaType::pac_options, encode_pa_pac_options(asked & kEchoed)});
}

std::optional<Time> end_of(Time start, Time till, Time latest) {
  const Time end = till == Time{} ? latest : std::min(till, latest);
  if (end <= start) return {};
  return end;
}

}  // namespace stead::kdc
