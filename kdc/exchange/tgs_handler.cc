#include "kdc/exchange/tgs_handler.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "kdc/exchange/s4u2proxy.h"
#include "kdc/exchange/s4u2self.h"
#include "kdc/exchange/tgs_request.h"
#include "kdc/lookup/trust_path.h"

namespace stead::kdc {
namespace {

// A plain TGS-REQ with an S4U referral TGT as header: only an S4U2Proxy one, only for a further realm, and only at a DC
// that knows RBCD.
KdcResult<void> check_s4u_header(const Context& ctx, const TgsRequest& tgs, const Target& target) {
  if (!tgs.header.is_s4u_referral()) return {};
  if (tgs.header.is_s4u2proxy_referral() && !ctx.level.fast_claims_rbcd)
    return refuse(KrbErrc::KDC_ERR_POLICY, "DCs before 2012 do not know S4U2Proxy referral TGTs");
  if (!tgs.header.is_s4u2proxy_referral() || !target.is_krbtgt_name || target.place != Target::Place::elsewhere)
    return refuse(KrbErrc::KDC_ERR_BADOPTION, "an S4U referral TGT gives tickets for further realms only");
  return {};
}

// A new TGT of this realm from a valid one: renewed, forwarded, or with other options.
KdcResult<Buffer> issue_own_tgt(const Context& ctx, const TgsRequest& tgs, TicketPlan plan) {
  const EncTicketPart& header = tgs.header.part;
  if (tgs.wants(kdc_option::enc_tkt_in_skey))
    if (const KdcResult<Key> key = user_to_user_key(ctx, tgs, *ctx.domain.krbtgt); !key) return key.error();
  if (tgs.wants(kdc_option::validate)) {
    if (!(header.flags & ticket_flag::invalid)) return refuse(KrbErrc::KDC_ERR_BADOPTION, "the TGT is valid already");
    if (header.starttime.value_or(header.authtime) > ctx.seconds())
      return refuse(KrbErrc::KRB_AP_ERR_TKT_NYV, "the TGT is not valid yet");
    plan.endtime = header.endtime;
    plan.renew_till = header.renew_till;
    plan.flags = header.flags & ~(ticket_flag::initial | ticket_flag::invalid);
  } else if (tgs.wants(kdc_option::renew)) {
    if (!(header.flags & ticket_flag::renewable) || !header.renew_till)
      return refuse(KrbErrc::KDC_ERR_BADOPTION, "the TGT is not renewable");
    if (*header.renew_till <= ctx.seconds())
      return refuse(KrbErrc::KRB_AP_ERR_TKT_EXPIRED, "the TGT can no longer be renewed");
    const auto life = header.endtime - header.starttime.value_or(header.authtime);
    plan.endtime = std::min(plan.starttime + life, *header.renew_till);
    plan.renew_till = header.renew_till;
    plan.flags = header.flags & ~ticket_flag::initial;
  }
  if (tgs.wants(kdc_option::forwarded) || tgs.wants(kdc_option::forwardable)) {
    if (tgs.wants(kdc_option::forwarded) && !(header.flags & ticket_flag::forwardable))
      return refuse(KrbErrc::KDC_ERR_BADOPTION, "the TGT is not forwardable");
    if (tgs.wants(kdc_option::forwarded)) {
      plan.flags |= ticket_flag::forwarded;
      plan.addresses = tgs.body().addresses;
    }
  }
  const bool named_alone = tgs.body().sname->components.size() == 1 && !tgs.wants(kdc_option::canonicalize);
  plan.sname = named_alone ? *tgs.body().sname : krbtgt_name(ctx.realm());
  plan.recipient.account = ctx.domain.krbtgt;
  plan.transited = header.transited;
  plan.pac = tgs.header.pac;
  ctx.log.answer = "TGT";
  return issue(ctx, tgs.body(), std::move(plan), tgs.reply_key);
}

KdcResult<Buffer> refer(const Context& ctx, const TgsRequest& tgs, const Target& target, TicketPlan plan) {
  if (!may_refer(tgs, target))
    return refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN,
                  "the service is in another realm, and the client does not accept referrals");
  const TrustEntry* hop = next_hop(ctx, *target.destination, plan.crealm, tgs.header.trust);
  if (!hop) return refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, "no path of trusts leads to that realm");
  const KdcResult<std::vector<std::string>> transited = transited_realms(ctx, tgs.header);
  if (!transited) return transited.error();
  plan.transited = make_transited(*transited);
  plan.pac = tgs.header.pac;
  if (plan.pac) fit_to_referral(*plan.pac);
  make_referral(ctx, tgs, *hop, plan);
  return issue(ctx, tgs.body(), std::move(plan), tgs.reply_key);
}

KdcResult<Buffer> serve(const Context& ctx, const TgsRequest& tgs, const Target& target, TicketPlan plan) {
  const KdcResult<std::vector<std::string>> transited = transited_realms(ctx, tgs.header);
  if (!transited) return transited.error();
  plan.sname = *tgs.body().sname;
  plan.pac = tgs.header.pac;
  const bool declined = plan.pac && plan.pac->is_declined();
  if (const KdcResult<void> ok = make_service_ticket(ctx, tgs, *target.account, *transited, plan); !ok)
    return ok.error();
  if (declined || target.account->account->has(account_flag::no_auth_data_required)) plan.pac.reset();
  return issue(ctx, tgs.body(), std::move(plan), tgs.reply_key);
}

}  // namespace

KdcResult<Buffer> handle_tgs(const Context& ctx, const KdcReq& outer) {
  const KdcResult<TgsRequest> opened = open_tgs_request(ctx, outer);
  if (!opened) return opened.error();
  const TgsRequest& tgs = *opened;
  const KdcReq& request = tgs.request;
  if (!request.body.sname) return refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, "the request names no service");
  ctx.log.target = to_string(*request.body.sname, request.body.realm);
  if (ctx.snapshot.domain(request.body.realm) != &ctx.domain)
    return refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, "the request names a service of another realm");
  if (ctx.controller.faults.refuse_s4u && (is_s4u2self(ctx, request) || tgs.wants(kdc_option::cname_in_addl_tkt)))
    return refuse(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_SUPPORTED, "a fault: this DC refuses S4U");
  if (is_s4u2self(ctx, request)) return handle_s4u2self(ctx, tgs);
  if (tgs.wants(kdc_option::cname_in_addl_tkt)) return handle_s4u2proxy(ctx, tgs);

  const Target target = find_target(ctx, *request.body.sname);
  if (const KdcResult<void> ok = check_s4u_header(ctx, tgs, target); !ok) return ok.error();
  KdcResult<TicketPlan> plan = plan_from_header(ctx, tgs);
  if (!plan) return plan.error();
  if (target.place != Target::Place::own_krbtgt &&
      (tgs.wants(kdc_option::renew) || tgs.wants(kdc_option::validate) || tgs.wants(kdc_option::proxy)))
    return refuse(KrbErrc::KDC_ERR_BADOPTION, "only a TGT of this realm can be renewed here");
  switch (target.place) {
    case Target::Place::own_krbtgt:
      return issue_own_tgt(ctx, tgs, std::move(*plan));
    case Target::Place::elsewhere:
      return refer(ctx, tgs, target, std::move(*plan));
    case Target::Place::here:
      return serve(ctx, tgs, target, std::move(*plan));
    case Target::Place::nowhere:
      break;
  }
  return refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, "no such service");
}

}  // namespace stead::kdc
