#include "samples/backend/answer.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "samples/backend/sid_names.h"
#include "sspi_shim/base/text_time.h"

namespace stead::sample {
namespace {

namespace json = boost::json;

constexpr std::pair<std::uint32_t, const char*> kFlagNames[] = {
    {ticket_flag::forwardable, "forwardable"},
    {ticket_flag::forwarded, "forwarded"},
    {ticket_flag::proxiable, "proxiable"},
    {ticket_flag::proxy, "proxy"},
    {ticket_flag::may_postdate, "may-postdate"},
    {ticket_flag::postdated, "postdated"},
    {ticket_flag::invalid, "invalid"},
    {ticket_flag::renewable, "renewable"},
    {ticket_flag::initial, "initial"},
    {ticket_flag::pre_authent, "pre-authent"},
    {ticket_flag::hw_authent, "hw-authent"},
    {ticket_flag::transited_policy_checked, "transited-policy-checked"},
    {ticket_flag::ok_as_delegate, "ok-as-delegate"},
    {ticket_flag::enc_pa_rep, "enc-pa-rep"},
    {ticket_flag::anonymous, "anonymous"},
};

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::array strings(const std::vector<std::string>& values) {
  return json::array(values.begin(), values.end());
}

std::vector<std::string> flag_names(std::uint32_t flags) {
  std::vector<std::string> names;
  for (const auto& [bit, name] : kFlagNames) {
    if (flags & bit) names.emplace_back(name);
  }
  return names;
}

json::object sid_object(const Sid& sid, const PacLogonInfo& logon) {
  return {{"sid", to_string(sid)}, {"name", text_or_null(name_of(sid, &logon))}};
}

std::vector<Sid> with_domain(const std::vector<GroupMembership>& groups, const Sid& domain) {
  std::vector<Sid> sids;
  for (const GroupMembership& group : groups) sids.push_back(domain.with_rid(group.rid));
  return sids;
}

std::vector<Sid> extra_sids(const PacLogonInfo& logon) {
  std::vector<Sid> sids;
  for (const SidAndAttributes& extra : logon.extra_sids) sids.push_back(extra.sid);
  return sids;
}

json::array sid_array(const std::vector<Sid>& sids, const PacLogonInfo& logon) {
  json::array out;
  for (const Sid& sid : sids) out.push_back(sid_object(sid, logon));
  return out;
}

json::object pac_object(const PacFacts& pac) {
  const PacLogonInfo& logon = pac.logon;
  json::object out{
      {"sid", to_string(logon.user_sid())},
      {"domain", text_or_null(logon.logon_domain_name)},
      {"full_name", text_or_null(logon.full_name)},
      {"groups", sid_array(with_domain(logon.groups, logon.logon_domain_id), logon)},
      {"extra_sids", sid_array(extra_sids(logon), logon)},
      {"resource_groups", sid_array(with_domain(logon.resource_groups, logon.resource_group_domain_sid), logon)}};
  out["upn"] = pac.upn ? text_or_null(pac.upn->upn) : json::value(nullptr);
  out["dns_domain"] = pac.upn ? text_or_null(pac.upn->dns_domain_name) : json::value(nullptr);
  out["delegation"] = nullptr;
  if (pac.delegation)
    out["delegation"] = json::object{{"proxy_target", pac.delegation->s4u2proxy_target},
                                     {"transited_services", strings(pac.delegation->s4u_transited_services)}};
  return out;
}

json::object ticket_object(const Caller& caller) {
  const EncTicketPart& ticket = caller.ticket;
  return {{"flags", strings(flag_names(ticket.flags))},
          {"encryption", enctype_name(caller.ticket_etype)},
          {"auth_time", rfc3339(ticket.authtime)},
          {"start_time", rfc3339(ticket.starttime.value_or(ticket.authtime))},
          {"end_time", rfc3339(ticket.endtime)},
          {"renew_till", ticket.renew_till ? json::value(rfc3339(*ticket.renew_till)) : json::value(nullptr)},
          {"transited_realms", strings(caller.transited)}};
}

std::string joined(const std::vector<std::string>& words, const char* none) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out.empty() ? none : out;
}

// "label            value", one line each.
class Lines {
 public:
  void add(std::string_view label, const std::string& value) {
    constexpr std::size_t kColumn = 20;
    text_ += label;
    text_.append(label.size() < kColumn ? kColumn - label.size() : 1, ' ');
    text_ += value + "\n";
  }
  void add(std::string_view label, const std::vector<Sid>& sids, const PacLogonInfo& logon) {
    for (const Sid& sid : sids) {
      const std::string name = name_of(sid, &logon);
      add(label, to_string(sid) + (name.empty() ? "" : "  " + name));
    }
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_pac(Lines& lines, const PacFacts& pac) {
  const PacLogonInfo& logon = pac.logon;
  lines.add("SID", to_string(logon.user_sid()));
  lines.add("group", with_domain(logon.groups, logon.logon_domain_id), logon);
  lines.add("extra SID", extra_sids(logon), logon);
  lines.add("resource group", with_domain(logon.resource_groups, logon.resource_group_domain_sid), logon);
  if (pac.upn) lines.add("UPN", pac.upn->upn + ", DNS domain " + pac.upn->dns_domain_name);
  lines.add("delegated to",
            pac.delegation ? pac.delegation->s4u2proxy_target : "(not delegated: the user's own ticket)");
  if (pac.delegation) lines.add("through", joined(pac.delegation->s4u_transited_services, "(no service)"));
}

}  // namespace

SignedIn how_signed_in(const Caller& caller) {
  if (!caller.pac) return {"", "the ticket has no PAC"};
  if (caller.pac->logon.has_sid(well_known_sid::authentication_authority))
    return {to_string(well_known_sid::authentication_authority),
            "the user proved their identity to a domain controller, with their own credentials"};
  if (caller.pac->logon.has_sid(well_known_sid::service_asserted))
    return {to_string(well_known_sid::service_asserted),
            "a service asserted the user's identity (protocol transition, S4U2Self)"};
  return {"", "the PAC does not say: domain controllers state it from Windows Server 2012 on"};
}

std::string to_json(const Caller& caller, const AccessRule* rule, const Verdict* verdict) {
  const SignedIn signed_in = how_signed_in(caller);
  json::object out{{"user", caller.user},
                   {"service", to_string(caller.service)},
                   {"signed_in", json::object{{"sid", text_or_null(signed_in.sid)}, {"meaning", signed_in.meaning}}},
                   {"pac", nullptr},
                   {"ticket", ticket_object(caller)},
                   {"access", nullptr}};
  if (caller.pac) out["pac"] = pac_object(*caller.pac);
  if (rule && verdict)
    out["access"] =
        json::object{{"rule", rule->text()}, {"granted", verdict->granted}, {"reason", text_or_null(verdict->reason)}};
  return json::serialize(out) + "\n";
}

std::string to_text(const Caller& caller, const AccessRule* rule, const Verdict* verdict) {
  Lines lines;
  lines.add("user", caller.user);
  lines.add("service", to_string(caller.service));
  const SignedIn signed_in = how_signed_in(caller);
  lines.add("signed in", (signed_in.sid.empty() ? "" : signed_in.sid + ": ") + signed_in.meaning);
  if (caller.pac) add_pac(lines, *caller.pac);
  lines.add("ticket flags", joined(flag_names(caller.ticket.flags), "(none)"));
  lines.add("ticket", enctype_name(caller.ticket_etype) + ", since " + rfc3339(caller.ticket.authtime) + ", until " +
                          rfc3339(caller.ticket.endtime));
  lines.add("transited realms", joined(caller.transited, "(none)"));
  if (rule) lines.add("access rule", rule->text());
  if (verdict) lines.add("access", verdict->granted ? "granted" : "denied: " + verdict->reason);
  return lines.take();
}

std::string error_json(const std::string& error, const std::string& reason) {
  return json::serialize(json::object{{"error", error}, {"reason", reason}}) + "\n";
}

}  // namespace stead::sample
