#include "kdc/tickets/pac_issuer.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kdc/directory/password_policy.h"
#include "kdc/tickets/account_rules.h"
#include "kdc/tickets/sid_filter.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

constexpr std::uint32_t kResourceGroup = 0x20000007;  // mandatory, enabled by default, enabled, resource

std::uint32_t samr_bits(const Account& account) {
  std::uint32_t bits = account.is_computer() ? samr_uac::workstation_trust_account : samr_uac::normal_account;
  const auto set = [&](std::uint32_t flag, std::uint32_t bit) {
    if (account.has(flag)) bits |= bit;
  };
  set(account_flag::disabled, samr_uac::account_disabled);
  set(account_flag::trusted_for_delegation, samr_uac::trusted_for_delegation);
  set(account_flag::not_delegated, samr_uac::not_delegated);
  set(account_flag::no_preauth, samr_uac::dont_require_preauth);
  set(account_flag::password_expired, samr_uac::password_expired);
  set(account_flag::password_never_expires, samr_uac::dont_expire_password);
  set(account_flag::trusted_to_auth_for_delegation, samr_uac::trusted_to_authenticate_for_delegation);
  set(account_flag::no_auth_data_required, samr_uac::no_auth_data_required);
  return bits;
}

void add_extra_sid(PacLogonInfo& logon, const Sid& sid, std::uint32_t attributes = 7) {
  logon.extra_sids.push_back({sid, attributes});
  logon.user_flags |= logon_user_flag::extra_sids;
}

UpnDnsInfo upn_dns_info(const AccountEntry& user) {
  const Domain& domain = *user.domain->domain;
  UpnDnsInfo info;
  info.dns_domain_name = domain.realm;
  info.upn = user.account->upn;
  info.flags = 2;
  if (info.upn.empty()) {
    info.upn = user.account->name + "@" + to_lower(domain.realm);
    info.flags |= 1;
  }
  info.sam_name = user.account->name;
  info.sid = user.sid;
  return info;
}

void store_logon(TicketPac& pac) {
  pac.pac.set(PacType::logon_info, encode(pac.logon));
}

}  // namespace

TicketPac fresh_pac(const Context& ctx, const AccountEntry& user, ProvedBy proved_by, Time authtime) {
  const Account& account = *user.account;
  TicketPac out;
  PacLogonInfo& logon = out.logon;
  logon.logon_time = to_filetime(authtime);
  if (account.password_last_set > 0) {
    logon.password_last_set = to_filetime(Time{std::chrono::seconds{account.password_last_set}});
    logon.password_can_change = to_filetime(Time{std::chrono::seconds{account.password_last_set}} +
                                            user.domain->domain->policy.password_min_age);
  }
  if (const std::optional<Time> end = password_expiry(*user.domain->domain, account))
    logon.password_must_change = to_filetime(*end);
  logon.effective_name = account.name;
  logon.full_name = account.is_computer() ? std::string{} : account.name;
  logon.user_id = account.rid;
  logon.primary_group_id = user.primary_group_rid;
  logon.groups.push_back({.rid = user.primary_group_rid});
  for (const std::uint32_t rid : user.global_group_rids)
    if (rid != user.primary_group_rid) logon.groups.push_back({.rid = rid});
  if (account.has(account_flag::protected_user) &&
      std::ranges::find(user.global_group_rids, well_known_rid::protected_users) == user.global_group_rids.end())
    logon.groups.push_back({.rid = well_known_rid::protected_users});
  logon.logon_server = to_upper(ctx.controller.name.substr(0, ctx.controller.name.find('.')));
  logon.logon_domain_name = user.domain->domain->netbios;
  logon.logon_domain_id = user.domain->domain->sid;
  logon.user_account_control = samr_bits(account);
  for (const Sid& sid : user.other_group_sids) add_extra_sid(logon, sid);
  if (ctx.level.asserted_identity)
    add_extra_sid(logon, proved_by == ProvedBy::client ? well_known_sid::authentication_authority
                                                       : well_known_sid::service_asserted);
  store_logon(out);
  if (ctx.level.upn_dns_info) out.pac.set(PacType::upn_dns_info, encode(upn_dns_info(user)));
  return out;
}

void set_client_info(TicketPac& pac, Time authtime, std::string name) {
  pac.client = {.client_id = to_filetime(authtime), .name = std::move(name)};
  pac.pac.set(PacType::client_info, encode(pac.client));
}

void set_requestor(const Context& ctx, TicketPac& pac, std::uint32_t attributes, const Sid& requestor) {
  drop_requestor(pac);
  if (!ctx.level.ticket_signatures) return;
  pac.pac.set(PacType::attributes_info, encode_pac_attributes(attributes));
  pac.pac.set(PacType::requestor_sid, encode(requestor));
  pac.requestor = requestor;
  pac.attributes = attributes;
}

void drop_requestor(TicketPac& pac) {
  pac.pac.remove(PacType::attributes_info);
  pac.pac.remove(PacType::requestor_sid);
  pac.requestor.reset();
  pac.attributes.reset();
}

void set_delegation_info(TicketPac& pac, S4uDelegationInfo info) {
  pac.pac.set(PacType::s4u_delegation_info, encode(info));
  pac.delegation = std::move(info);
}

void fit_to_service(const Context& ctx, TicketPac& pac, const AccountEntry& target) {
  drop_requestor(pac);
  const bool had_some = !pac.logon.resource_groups.empty() || !pac.logon.extra_sids.empty();
  drop_domain_local_groups(pac.logon);
  const std::vector<Sid> groups = ctx.snapshot.domain_local_groups(ctx.domain, pac.logon.all_sids());
  if (groups.empty() && !had_some) return;
  const bool compress =
      ctx.level.resource_groups && !(declared_enctypes(target) & supported_enctypes::resource_sid_compression_disabled);
  for (const Sid& sid : groups) {
    if (!compress || !sid.is_in(ctx.domain.domain->sid)) {
      add_extra_sid(pac.logon, sid, kResourceGroup);
      continue;
    }
    pac.logon.resource_group_domain_sid = ctx.domain.domain->sid;
    pac.logon.resource_groups.push_back({.rid = sid.rid(), .attributes = kResourceGroup});
    pac.logon.user_flags |= logon_user_flag::resource_groups;
  }
  store_logon(pac);
}

void fit_to_referral(TicketPac& pac) {
  drop_domain_local_groups(pac.logon);
  store_logon(pac);
}

}  // namespace stead::kdc
