#include "kdc/tickets/tgt_client.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kdc/lookup/client_lookup.h"
#include "kdc/lookup/service_name.h"
#include "kdc/lookup/trust_path.h"
#include "kdc/tickets/account_rules.h"
#include "kdc/tickets/event_ids.h"

namespace stead::kdc {
namespace {

// MS-KILE §3.3.5.7.1: for a TGT older than this, the account's state is checked again.
constexpr std::chrono::minutes kAccountRecheck{20};

// MS-KILE §3.3.5.7.1, CVE-2021-42287: the KDCs of a domain that all write PAC_REQUESTOR take no TGT without it.
KdcResult<void> check_requestor(const Context& ctx, const OpenTicket& tgt, const AccountEntry* account) {
  const bool has_requestor = tgt.pac && tgt.pac->requestor;
  if (!has_requestor) {
    if (has_dc_without_ticket_signatures(ctx.domain)) return {};
    return with_event(refuse(KrbErrc::KDC_ERR_TGT_REVOKED, "the TGT has no PAC, or no PAC_REQUESTOR in it"),
                      tgt.pac ? kdc_event::no_requestor : kdc_event::no_pac);
  }
  if (account && account->sid != *tgt.pac->requestor)
    return with_event(refuse(KrbErrc::KDC_ERR_TGT_REVOKED, "the TGT's requestor is not that account"),
                      kdc_event::other_requestor);
  return {};
}

}  // namespace

KdcResult<const AccountEntry*> check_tgt_client(const Context& ctx, const OpenTicket& tgt) {
  const EncTicketPart& part = tgt.part;
  if (tgt.trust) {
    const bool home = part.crealm == ctx.realm();
    // An S4U2Self referral TGT comes back to the service that asked, which may be on this side of the trust. Here the
    // trust speaks for the user in the PAC. Only S4U2Self accepts such a TGT.
    if (tgt.is_s4u_referral()) {
      const std::string& user = tgt.pac->client.name;
      if (!may_speak_for_user(ctx.snapshot, *tgt.trust, std::string_view(user).substr(user.rfind('@') + 1)))
        return refuse(KrbErrc::KDC_ERR_POLICY, "the trust may not speak for the user's realm");
      if (home || !tgt.is_s4u2proxy_referral()) return nullptr;
    }
    if (!may_speak_for(ctx.snapshot, *tgt.trust, part.crealm))
      return refuse(KrbErrc::KDC_ERR_POLICY, "the trust may not speak for the client's realm");
    return nullptr;
  }
  if (part.crealm != ctx.realm()) return nullptr;
  const AccountEntry* account = account_of_cname(ctx, part.cname);
  if (const KdcResult<void> ok = check_requestor(ctx, tgt, account); !ok) return ok.error();
  if (!account) return refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, "no such client");
  if (tgt.pac && tgt.pac->client.name != joined(part.cname))
    return refuse(KrbErrc::KRB_AP_ERR_BADMATCH, "the TGT's PAC belongs to another client");
  if (ctx.seconds() - part.authtime > kAccountRecheck)
    if (std::optional<Rejection> no = revoked(*account, ctx.seconds())) return Stop{std::move(*no)};
  return account;
}

}  // namespace stead::kdc
