#include "kdc/exchange/s4u2proxy.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "kdc/exchange/delegation_policy.h"
#include "kdc/forest/name_case.h"
#include "kdc/lookup/client_lookup.h"
#include "kdc/lookup/service_name.h"
#include "kdc/lookup/trust_path.h"
#include "kdc/tickets/account_rules.h"
#include "kdc/tickets/event_ids.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/security/access_check.h"

namespace stead::kdc {
namespace {

// The evidence of a request, in either form, and the user whom it is for.
struct Delegation {
  OpenTicket evidence;
  PrincipalName user;
  std::string user_realm;
  S4uDelegationInfo info;  // for the ticket to be issued
};

std::string with_realm(const PrincipalName& name, const std::string& realm) {
  return joined(name) + "@" + realm;
}

// At the front end's own KDC the evidence is the user's ticket to the front end.
KdcResult<Delegation> open_own_evidence(const Context& ctx, const TgsRequest& tgs, const Ticket& ticket) {
  if (!tgs.client) return refuse(KrbErrc::KDC_ERR_SERVER_NOMATCH, "the front end is not in this domain");
  KdcResult<OpenTicket> evidence = open_evidence(ctx, ticket, *tgs.client);
  if (!evidence) return evidence.error();
  Delegation out;
  out.evidence = std::move(*evidence);
  out.user = out.evidence.part.cname;
  out.user_realm = out.evidence.part.crealm;
  if (out.evidence.pac->delegation) out.info = *out.evidence.pac->delegation;
  out.info.s4u2proxy_target = joined(*tgs.body().sname);
  out.info.s4u_transited_services.push_back(with_realm(out.evidence.sname, out.evidence.realm));
  return out;
}

// At a KDC further along the trust path the header is the front end's referral TGT, and the S4U2Proxy referral TGT is
// the evidence.
KdcResult<Delegation> open_referred_evidence(const Context& ctx, const TgsRequest& tgs, const Ticket& ticket) {
  if (!is_krbtgt(ticket.sname))
    return refuse(KrbErrc::KDC_ERR_SERVER_NOMATCH, "a front end of another realm needs a referral TGT as evidence");
  KdcResult<OpenTicket> evidence = open_tgt(ctx, ticket);
  if (!evidence) return evidence.error();
  if (!evidence->is_s4u2proxy_referral())
    return refuse(KrbErrc::KDC_ERR_BADOPTION, "the additional ticket is not an S4U2Proxy referral TGT");
  if (evidence->part.crealm != tgs.header.part.crealm || !(evidence->part.cname == tgs.header.part.cname))
    return refuse(KrbErrc::KRB_AP_ERR_BADMATCH, "the two TGTs belong to different services");
  const std::string& named = evidence->pac->client.name;
  const std::size_t at = named.rfind('@');
  Delegation out;
  out.user = {NameType::principal, {named.substr(0, at)}};
  out.user_realm = named.substr(at + 1);
  out.info = *evidence->pac->delegation;
  if (!is_same_name(out.info.s4u2proxy_target, joined(*tgs.body().sname)))
    return refuse(KrbErrc::KDC_ERR_BADOPTION, "the S4U2Proxy referral TGT is for another target");
  if (!may_speak_for_user(ctx.snapshot, *evidence->trust, out.user_realm))
    return refuse(KrbErrc::KDC_ERR_POLICY, "the trust may not speak for the user's realm");
  out.evidence = std::move(*evidence);
  return out;
}

EvidenceFacts facts_of(const OpenTicket& evidence) {
  const PacLogonInfo& logon = evidence.pac->logon;
  return {.forwardable = (evidence.part.flags & ticket_flag::forwardable) != 0,
          .user_not_delegated = (logon.user_account_control & samr_uac::not_delegated) != 0,
          .protected_user = std::ranges::any_of(
              logon.groups, [](const GroupMembership& g) { return g.rid == well_known_rid::protected_users; }),
          .authenticated_by_itself = logon.has_sid(well_known_sid::authentication_authority)};
}

DelegationList list_of(const AccountEntry* front_end, const std::string& target) {
  if (!front_end || front_end->account->allowed_to_delegate_to.empty()) return DelegationList::unset;
  const bool listed = std::ranges::any_of(front_end->account->allowed_to_delegate_to,
                                          [&](const std::string& spn) { return is_same_name(spn, target); });
  return listed ? DelegationList::lists_target : DelegationList::lists_others;
}

// RBCD: the access check with the front end's token, which is its TGT's PAC, Everyone, Authenticated Users, and this
// domain's domain-local groups.
bool rbcd_grants(const Context& ctx, const PacLogonInfo& front_end, const AccountEntry& target) {
  if (!target.account->allowed_to_act) return false;
  std::vector<Sid> token = front_end.all_sids();
  token.push_back(well_known_sid::everyone);
  token.push_back(well_known_sid::authenticated_users);
  const std::vector<Sid> local = ctx.snapshot.domain_local_groups(ctx.domain, token);
  token.insert(token.end(), local.begin(), local.end());
  return access_check(*target.account->allowed_to_act, token, access_right::ds_control_access);
}

void limit_to_evidence(const Delegation& delegation, TicketPlan& plan) {
  const EncTicketPart& part = delegation.evidence.part;
  plan.authtime = part.authtime;
  plan.endtime = std::min(plan.endtime, part.endtime);
  plan.flags &=
      ~(ticket_flag::forwardable | ticket_flag::renewable | ticket_flag::proxiable | ticket_flag::pre_authent);
  plan.flags |= part.flags & ticket_flag::pre_authent;
  plan.renew_till.reset();
  plan.pac = *delegation.evidence.pac;
  set_delegation_info(*plan.pac, delegation.info);
}

void keep_forwardable(const TgsRequest& tgs, const Delegation& delegation, TicketPlan& plan) {
  if (tgs.wants(kdc_option::forwardable)) plan.flags |= delegation.evidence.part.flags & ticket_flag::forwardable;
}

KdcResult<Buffer> refer(const Context& ctx, const TgsRequest& tgs, const Delegation& delegation, const TrustEntry& hop,
                        TicketPlan plan) {
  const KdcResult<std::vector<std::string>> transited = transited_realms(ctx, tgs.header);
  if (!transited) return transited.error();
  limit_to_evidence(delegation, plan);
  keep_forwardable(tgs, delegation, plan);
  plan.transited = make_transited(*transited);
  fit_to_referral(*plan.pac);
  set_client_info(*plan.pac, plan.authtime, with_realm(delegation.user, delegation.user_realm));
  set_requestor(ctx, *plan.pac, kPacWasGivenImplicitly, tgs.header.pac->logon.user_sid());
  make_referral(ctx, tgs, hop, plan);
  return issue(ctx, tgs.body(), std::move(plan), tgs.reply_key);
}

// The realms from the user's to the target's over the front end's.
KdcResult<std::vector<std::string>> delegated_path(const Context& ctx, const TgsRequest& tgs,
                                                   const Delegation& delegation) {
  const std::string& front_end = tgs.header.part.crealm;
  const auto to_front_end = realms_between(ctx.snapshot, delegation.user_realm, front_end);
  const auto to_target = realms_between(ctx.snapshot, front_end, ctx.realm());
  if (!to_front_end || !to_target)
    return refuse(KrbErrc::KDC_ERR_POLICY, "the delegation's realms are no path of trusts");
  std::vector<std::string> path{delegation.user_realm};
  path.insert(path.end(), to_front_end->begin(), to_front_end->end());
  path.push_back(front_end);
  path.insert(path.end(), to_target->begin(), to_target->end());
  path.push_back(ctx.realm());
  // A path that passes a realm twice is cut there, so that each realm stands in it once.
  std::vector<std::string> out;
  for (const std::string& realm : path) {
    const auto before = std::ranges::find(out, realm);
    out.erase(before, out.end());
    out.push_back(realm);
  }
  if (out.size() < 2) return std::vector<std::string>{};
  return std::vector<std::string>(out.begin() + 1, out.end() - 1);
}

KdcResult<Buffer> serve(const Context& ctx, const TgsRequest& tgs, const Delegation& delegation,
                        const AccountEntry& target, TicketPlan plan) {
  const KdcResult<std::vector<std::string>> path = delegated_path(ctx, tgs, delegation);
  if (!path) return path.error();
  limit_to_evidence(delegation, plan);
  keep_forwardable(tgs, delegation, plan);
  plan.cname = delegation.user;
  plan.crealm = delegation.user_realm;
  plan.sname = *tgs.body().sname;
  set_client_info(*plan.pac, plan.authtime, joined(delegation.user));
  if (const KdcResult<void> ok = make_service_ticket(ctx, tgs, target, *path, plan); !ok) return ok.error();
  if (target.account->has(account_flag::no_auth_data_required)) plan.pac.reset();
  return issue(ctx, tgs.body(), std::move(plan), tgs.reply_key);
}

// A client that knows RBCD learns that the evidence's signatures are bad.
Stop with_evidence_status(const TgsRequest& tgs, Stop stop) {
  if (!(tgs.pac_options & pac_option::resource_based_constrained_delegation)) return stop;
  return in_rbcd(std::move(stop), NtStatus::STATUS_NOT_SUPPORTED);
}

// What an S4U2Proxy request must have before its evidence is opened.
KdcResult<void> check_request(const TgsRequest& tgs) {
  if (tgs.wants(kdc_option::enc_tkt_in_skey) || tgs.wants(kdc_option::renew) || tgs.wants(kdc_option::validate))
    return refuse(KrbErrc::KDC_ERR_BADOPTION, "options that do not go with S4U2Proxy");
  if (tgs.body().additional_tickets.empty()) return refuse(KrbErrc::KDC_ERR_BADOPTION, "no evidence ticket");
  if (!tgs.header.pac)
    return with_event(refuse(KrbErrc::KDC_ERR_TGT_REVOKED, "S4U2Proxy with a TGT that has no PAC"), kdc_event::no_pac);
  if (tgs.header.is_s4u_referral())
    return refuse(KrbErrc::KDC_ERR_BADOPTION, "S4U2Proxy with an S4U referral TGT as header");
  if (is_krbtgt(*tgs.body().sname)) return refuse(KrbErrc::KDC_ERR_POLICY, "S4U2Proxy to a KDC");
  return {};
}

TargetPlace place_of(const Target& target, const TrustEntry* hop) {
  if (target.place == Target::Place::here) return TargetPlace::this_domain;
  return hop ? TargetPlace::another_domain : TargetPlace::nowhere;
}

DelegationQuestion question_of(const Context& ctx, const TgsRequest& tgs, const OpenTicket& evidence,
                               const Target& target, const TrustEntry* hop) {
  DelegationQuestion question;
  question.level = ctx.level.fast_claims_rbcd ? DelegationLevel::since_2012 : DelegationLevel::before_2012;
  question.rbcd_bit = (tgs.pac_options & pac_option::resource_based_constrained_delegation) != 0;
  question.evidence =
      judge_evidence(facts_of(evidence), question.level,
                     ctx.domain.domain->enforce_forwardable_evidence ? EvidencePolicy::forwardable_only
                                                                     : EvidencePolicy::rbcd_takes_transition);
  question.target = place_of(target, hop);
  question.list = list_of(tgs.client, joined(*tgs.body().sname));
  if (ctx.level.fast_claims_rbcd && question.rbcd_bit && question.target == TargetPlace::this_domain)
    question.rbcd_grants = rbcd_grants(ctx, tgs.header.pac->logon, *target.account);
  return question;
}

}  // namespace

KdcResult<Buffer> handle_s4u2proxy(const Context& ctx, const TgsRequest& tgs) {
  ctx.log.kind = "S4U2Proxy";
  if (const KdcResult<void> ok = check_request(tgs); !ok) return ok.error();
  const Ticket& additional = tgs.body().additional_tickets.front();
  KdcResult<Delegation> delegation =
      tgs.header.trust ? open_referred_evidence(ctx, tgs, additional) : open_own_evidence(ctx, tgs, additional);
  if (!delegation) return with_evidence_status(tgs, delegation.error());
  if (const KdcResult<void> ok = check_times(ctx, delegation->evidence.part); !ok) return ok.error();
  ctx.log.client += " for " + to_string(delegation->user, delegation->user_realm);

  const Target target = find_target(ctx, *tgs.body().sname);
  const TrustEntry* hop = nullptr;
  if (target.place == Target::Place::elsewhere && may_refer(tgs, target))
    hop = next_hop(ctx, *target.destination, tgs.header.part.crealm, tgs.header.trust);
  const DelegationAnswer answer = decide_delegation(question_of(ctx, tgs, delegation->evidence, target, hop));
  if (answer.kind == DelegationAnswer::Kind::refused)
    return Stop{Rejection{.code = answer.code,
                          .status = answer.status,
                          .why = answer.why,
                          .methods = {},
                          .bad_signature = {},
                          .crealm = {}}};
  KdcResult<TicketPlan> plan = plan_from_header(ctx, tgs);
  if (!plan) return plan.error();
  if (!tgs.subkey && tgs.body().enc_authorization_data) {
    const Result<Key> session = Key::make(delegation->evidence.part.key);
    if (!session) return refuse(KrbErrc::KDC_ERR_ETYPE_NOSUPP, "the evidence has a session key of an unknown type");
    const KdcResult<AuthorizationData> data = decrypt_authorization_data(tgs, *session);
    if (!data) return data.error();
    plan->other_data.insert(plan->other_data.end(), data->begin(), data->end());
  }
  if (answer.kind == DelegationAnswer::Kind::referral) return refer(ctx, tgs, *delegation, *hop, std::move(*plan));
  return serve(ctx, tgs, *delegation, *target.account, std::move(*plan));
}

}  // namespace stead::kdc
