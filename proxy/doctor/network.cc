#include <algorithm>

#include "proxy/doctor/checks.h"

namespace stead::doctor {
namespace {

std::string port_word(PortAnswer answer) {
  switch (answer) {
    case PortAnswer::not_asked:
      return "not asked";
    case PortAnswer::answered:
      return "answers";
    case PortAnswer::silent:
      return "silent";
    case PortAnswer::refused:
      return "refused";
    case PortAnswer::reset:
      return "reset";
  }
  return {};
}

std::string port_of(const ControllerFacts& dc, bool ldap) {
  return std::to_string(ldap ? dc.where.ldap_port : dc.where.kerberos_port);
}

std::string rule_for(const std::string& name, const std::string& protocol, const std::string& port) {
  return "New-NetFirewallRule -DisplayName '" + name + "' -Direction Inbound -Protocol " + protocol + " -LocalPort " +
         port + " -Action Allow";
}

std::string asked_ports(const ControllerFacts& dc) {
  std::string out = "AS-REQ to port " + port_of(dc, false) + ": UDP " + port_word(dc.udp) +
                    (dc.said.empty() || dc.udp != PortAnswer::answered ? "" : " " + dc.said) + ", TCP " +
                    port_word(dc.tcp) + "; netlogon ping to " + port_of(dc, true) + "/udp: ";
  switch (dc.ping) {
    case PingAnswer::ok:
      out += "level " + std::string(to_string(dc.level));
      break;
    case PingAnswer::paused:
      out += "paused";
      break;
    case PingAnswer::not_this_domain:
      out += "not this domain";
      break;
    case PingAnswer::silent:
      out += "silent";
      break;
  }
  if (dc.kpasswd != PortAnswer::not_asked)
    out += "; 464/tcp " + port_word(dc.kpasswd) +
           (dc.kpasswd == PortAnswer::answered ? "" : " (only changes of passwords need it)");
  return out;
}

// A KDC that is no domain controller answers no ping: a silent ping means something only beside others that answer.
bool others_answer_pings(const RealmFacts& realm) {
  return std::any_of(realm.controllers.begin(), realm.controllers.end(),
                     [](const auto& dc) { return dc.ping != PingAnswer::silent; });
}

Check judge_ports(const RealmFacts& realm, const ControllerFacts& dc) {
  const std::string where = where_text(dc.where);
  const std::string proof = asked_ports(dc);
  if (!dc.answers() && dc.ping == PingAnswer::silent) {
    const bool closed = dc.udp == PortAnswer::refused || dc.tcp == PortAnswer::refused;
    return fault(
        "N2", where,
        closed ? "Nobody listens there: the controller is down, or the port or the address is another one."
               : "The controller does not answer at all: it is down, or a firewall drops what is sent to it.",
        proof, {"nc -vz " + dc.where.address + " " + port_of(dc, false), "nltest /dsgetdc:" + realm.realm + " /force"});
  }
  std::vector<std::string> fix;
  std::string closed;
  const auto add = [&](const std::string& port, const std::string& protocol, const std::string& rule) {
    closed += (closed.empty() ? "" : ", ") + port + "/" + protocol;
    fix.push_back(rule_for(rule, protocol == "tcp" ? "TCP" : "UDP", port));
  };
  if (dc.udp != PortAnswer::answered) add(port_of(dc, false), "udp", "Kerberos (UDP)");
  if (dc.tcp != PortAnswer::answered) add(port_of(dc, false), "tcp", "Kerberos (TCP)");
  if (dc.ping == PingAnswer::silent && others_answer_pings(realm)) add(port_of(dc, true), "udp", "LDAP ping (UDP)");
  if (!closed.empty())
    return fault("N2", where,
                 "No answer at " + closed + ", though the controller answers elsewhere: a firewall is on the way.",
                 proof, fix);
  return ok("N2", where, proof);
}

Check judge_tcp(const ControllerFacts& dc) {
  const std::string where = where_text(dc.where);
  if (dc.tcp == PortAnswer::answered) return ok("N4", where, "AS-REQ over TCP is answered");
  return skipped("N4", where, "N2 is broken");
}

Check judge_reset(const ControllerFacts& dc) {
  const std::string where = where_text(dc.where);
  if (dc.tcp == PortAnswer::reset) {
    return fault("N8", where,
                 "The TCP connection is made and then reset before an answer: a security device on the way looks into "
                 "Kerberos and ends it.",
                 "AS-REQ over TCP to port " + port_of(dc, false) + ": reset after the connection was made",
                 {"tcpdump -ni any 'host " + dc.where.address + " and port " + port_of(dc, false) +
                  " and tcp[tcpflags] & tcp-rst != 0'"});
  }
  if (dc.tcp != PortAnswer::answered) return skipped("N8", where, "N2 is broken");
  return ok("N8", where, "no reset was seen");
}

Check judge_clock(const ControllerFacts& dc, bool all_alike) {
  const std::string where = where_text(dc.where);
  if (!dc.clock) return unjudged("N3", where, dc.answers() ? "its answer tells no time" : "it does not answer");
  const std::string text = clock_text(*dc.clock);
  const std::string proof = "its KRB-ERROR is stamped " + text + " this computer's clock";
  if (std::chrono::abs(*dc.clock) <= kClockLimit) return ok("N3", where, proof);
  if (all_alike) {
    return fault("N3", where,
                 "This computer's clock is off: every controller's is " + text + " it. Kerberos allows 5 minutes.",
                 proof, {"chronyc makestep", "timedatectl set-ntp true"});
  }
  return fault(
      "N3", where,
      "The controller's clock is " + text + " ours, and other controllers' are not. Kerberos allows 5 minutes.", proof,
      {"w32tm /resync /rediscover /computer:" + (dc.where.name.empty() ? dc.where.address : dc.where.name),
       "chronyc makestep"});
}

bool clocks_are_alike(const std::vector<RealmFacts>& realms) {
  std::optional<std::chrono::milliseconds> first;
  for (const RealmFacts& realm : realms) {
    for (const ControllerFacts& dc : realm.controllers) {
      if (!dc.clock) continue;
      if (!first) first = dc.clock;
      if (std::chrono::abs(*dc.clock - *first) > kClockLimit) return false;
    }
  }
  return true;
}

Check judge_dns(const RealmFacts& realm) {
  if (realm.configured) return skipped("N1", realm.realm, "its controllers stand in [locator.realm], DNS is not asked");
  const std::string domain = to_lower(realm.realm);
  const std::string proof =
      "_kerberos._tcp." + domain + ": " +
      (realm.kerberos_srv ? realm.kerberos_srv.message() : std::to_string(realm.kerberos_records) + " records") +
      "; _ldap._tcp.dc._msdcs." + domain + ": " +
      (realm.ldap_srv ? realm.ldap_srv.message() : std::to_string(realm.ldap_records) + " records");
  if (realm.kerberos_records > 0 && !realm.controllers.empty()) return ok("N1", realm.realm, proof);
  if (realm.kerberos_records > 0) {
    return fault("N1", realm.realm, "DNS names domain controllers, but none of their names has an address.", proof,
                 {"nslookup -type=SRV _kerberos._tcp." + domain});
  }
  return fault("N1", realm.realm,
               "DNS has no service records of the domain: the nameserver is not the domain's, or netlogon has not "
               "registered them.",
               proof, {"nslookup -type=SRV _kerberos._tcp." + domain, "nltest /dsregdns"});
}

Check judge_realm(const Principal& self, const RealmFacts& realm) {
  const bool own = equal_ignoring_case(realm.realm, self.realm);
  if (own && self.realm != to_upper(self.realm)) {
    return fault("N7", self.realm,
                 "The realm is not in upper case: keys are made from its upper-case form, and other implementations "
                 "compare letters.",
                 "principal = \"" + to_string(self) + "\"",
                 {"principal = \"" + to_string(self.name, to_upper(self.realm)) + "\""});
  }
  std::string strangers;
  bool any = false;
  for (const ControllerFacts& dc : realm.controllers) {
    any = any || dc.answers();
    if (dc.wrong_realm) strangers += (strangers.empty() ? "" : ", ") + where_text(dc.where);
  }
  if (!strangers.empty()) {
    return fault("N7", realm.realm,
                 "A controller that is listed for " + realm.realm + " serves another domain: " + strangers + ".",
                 "AS-REQ and netlogon ping for " + realm.realm + " to " + strangers,
                 {"nltest /dsgetdc:" + realm.realm});
  }
  if (!any) return unjudged("N7", realm.realm, "none of its controllers answers");
  return ok("N7", realm.realm, "its controllers answer for it");
}

}  // namespace

Checks judge_network(const Principal& self, const std::vector<RealmFacts>& realms) {
  Checks out;
  const bool alike = clocks_are_alike(realms);
  for (const RealmFacts& realm : realms) {
    out.push_back(judge_dns(realm));
    out.push_back(judge_realm(self, realm));
    for (const ControllerFacts& dc : realm.controllers) {
      out.push_back(judge_ports(realm, dc));
      out.push_back(judge_clock(dc, alike));
      out.push_back(judge_tcp(dc));
      out.push_back(judge_reset(dc));
    }
  }
  return out;
}

}  // namespace stead::doctor
