#include "proxy/doctor/checks/network.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "proxy/doctor/checks/fact_text.h"
#include "sspi_shim/base/text.h"

namespace stead::doctor {
namespace {

using enum CheckId;

// Of the controllers among themselves.
enum class Clocks { agree, differ };

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

std::string kerberos_port(const ControllerFacts& dc) {
  return std::to_string(dc.where.kerberos_port);
}

std::string ldap_port(const ControllerFacts& dc) {
  return std::to_string(dc.where.ldap_port);
}

std::string rule_for(const std::string& name, const std::string& protocol, const std::string& port) {
  return "New-NetFirewallRule -DisplayName '" + name + "' -Direction Inbound -Protocol " + protocol + " -LocalPort " +
         port + " -Action Allow";
}

std::string asked_ports(const ControllerFacts& dc) {
  std::string out = "AS-REQ to port " + kerberos_port(dc) + ": UDP " + port_word(dc.udp) +
                    (dc.said.empty() || dc.udp != PortAnswer::answered ? "" : " " + dc.said) + ", TCP " +
                    port_word(dc.tcp) + "; netlogon ping to " + ldap_port(dc) + "/udp: ";
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
           (dc.kpasswd == PortAnswer::answered ? "" : " (needed only to change passwords)");
  return out;
}

// A KDC that is not a domain controller answers no ping, so that silence counts only if other KDCs of the realm answer.
bool others_answer_pings(const RealmFacts& realm) {
  return std::any_of(realm.controllers.begin(), realm.controllers.end(),
                     [](const auto& dc) { return dc.ping != PingAnswer::silent; });
}

Check judge_ports(const RealmFacts& realm, const ControllerFacts& dc) {
  const std::string where = controller_text(dc.where);
  const std::string proof = asked_ports(dc);
  if (!dc.answers() && dc.ping == PingAnswer::silent) {
    const bool closed = dc.udp == PortAnswer::refused || dc.tcp == PortAnswer::refused;
    return fault(
        N2, where,
        closed ? "Nothing listens there: the controller is down, or the port or the address is wrong."
               : "The controller does not answer at all: it is down, or a firewall drops the packets.",
        proof, {"nc -vz " + dc.where.address + " " + kerberos_port(dc), "nltest /dsgetdc:" + realm.realm + " /force"});
  }
  std::vector<std::string> fix;
  std::string closed;
  const auto add = [&](const std::string& port, const std::string& protocol, const std::string& rule) {
    closed += (closed.empty() ? "" : ", ") + port + "/" + protocol;
    fix.push_back(rule_for(rule, protocol == "tcp" ? "TCP" : "UDP", port));
  };
  if (dc.udp != PortAnswer::answered) add(kerberos_port(dc), "udp", "Kerberos (UDP)");
  if (dc.tcp != PortAnswer::answered) add(kerberos_port(dc), "tcp", "Kerberos (TCP)");
  if (dc.ping == PingAnswer::silent && others_answer_pings(realm)) add(ldap_port(dc), "udp", "LDAP ping (UDP)");
  if (!closed.empty())
    return fault(N2, where,
                 "No answer at " + closed + ", although the controller answers on other ports: a firewall blocks it.",
                 proof, fix);
  return ok(N2, where, proof);
}

Check judge_tcp(const ControllerFacts& dc) {
  const std::string where = controller_text(dc.where);
  if (dc.tcp == PortAnswer::answered) return ok(N4, where, "AS-REQ over TCP is answered");
  return skipped_by(N2, N4, where);
}

Check judge_reset(const ControllerFacts& dc) {
  const std::string where = controller_text(dc.where);
  if (dc.tcp == PortAnswer::reset) {
    return fault(
        N8, where,
        "The TCP connection is reset before an answer: a security device on the way inspects Kerberos and closes "
        "it.",
        "AS-REQ over TCP to port " + kerberos_port(dc) + ": reset after it was connected",
        {"tcpdump -ni any 'host " + dc.where.address + " and port " + kerberos_port(dc) +
         " and tcp[tcpflags] & tcp-rst != 0'"});
  }
  if (dc.tcp != PortAnswer::answered) return skipped_by(N2, N8, where);
  return ok(N8, where, "no reset was seen");
}

Check judge_clock(const ControllerFacts& dc, Clocks clocks) {
  const std::string where = controller_text(dc.where);
  if (!dc.clock) return unjudged(N3, where, dc.answers() ? "its answer has no time" : "it does not answer");
  const std::string text = clock_text(*dc.clock);
  const std::string proof = "the time in its KRB-ERROR is " + text + " this computer's clock";
  if (std::chrono::abs(*dc.clock) <= kClockLimit) return ok(N3, where, proof);
  if (clocks == Clocks::agree) {
    return fault(
        N3, where,
        "This computer's clock is wrong: every controller's clock is " + text + " it. Kerberos allows 5 minutes.",
        proof, {"chronyc makestep", "timedatectl set-ntp true"});
  }
  return fault(
      N3, where,
      "The controller's clock is " + text + " ours, unlike other controllers' clocks. Kerberos allows 5 minutes.",
      proof,
      {"w32tm /resync /rediscover /computer:" + (dc.where.name.empty() ? dc.where.address : dc.where.name),
       "chronyc makestep"});
}

Clocks compare_clocks(const std::vector<RealmFacts>& realms) {
  std::optional<std::chrono::milliseconds> first;
  for (const RealmFacts& realm : realms) {
    for (const ControllerFacts& dc : realm.controllers) {
      if (!dc.clock) continue;
      if (!first) first = dc.clock;
      if (std::chrono::abs(*dc.clock - *first) > kClockLimit) return Clocks::differ;
    }
  }
  return Clocks::agree;
}

Check judge_dns(const RealmFacts& realm) {
  if (realm.configured)
    return skipped(N1, realm.realm, "[locator.realm] has its controllers, so that DNS is not asked");
  const std::string domain = to_lower(realm.realm);
  const std::string proof =
      "_kerberos._tcp." + domain + ": " +
      (realm.kerberos_srv ? realm.kerberos_srv.message() : std::to_string(realm.kerberos_records) + " records") +
      "; _ldap._tcp.dc._msdcs." + domain + ": " +
      (realm.ldap_srv ? realm.ldap_srv.message() : std::to_string(realm.ldap_records) + " records");
  if (realm.kerberos_records > 0 && !realm.controllers.empty()) return ok(N1, realm.realm, proof);
  if (realm.kerberos_records > 0) {
    return fault(N1, realm.realm, "DNS has names of domain controllers, but no addresses for them.", proof,
                 {"nslookup -type=SRV _kerberos._tcp." + domain});
  }
  return fault(N1, realm.realm,
               "DNS has no service records for the domain: the name server is not the domain's, or Netlogon has not "
               "registered them.",
               proof, {"nslookup -type=SRV _kerberos._tcp." + domain, "nltest /dsregdns"});
}

Check judge_realm(const Principal& self, const RealmFacts& realm) {
  const bool own = equal_ignoring_case(realm.realm, self.realm);
  if (own && self.realm != to_upper(self.realm)) {
    return fault(N7, self.realm,
                 "The realm is not in upper case: keys are derived from its upper-case form, and other implementations "
                 "compare it case-sensitively.",
                 "principal = \"" + to_string(self) + "\"",
                 {"principal = \"" + to_string(self.name, to_upper(self.realm)) + "\""});
  }
  std::string others;
  bool any = false;
  for (const ControllerFacts& dc : realm.controllers) {
    any = any || dc.answers();
    if (dc.wrong_realm) others += (others.empty() ? "" : ", ") + controller_text(dc.where);
  }
  if (!others.empty()) {
    return fault(N7, realm.realm,
                 "A controller that is listed for " + realm.realm + " serves another domain: " + others + ".",
                 "AS-REQ and netlogon ping for " + realm.realm + " to " + others, {"nltest /dsgetdc:" + realm.realm});
  }
  if (!any) return unjudged(N7, realm.realm, "none of its controllers answers");
  return ok(N7, realm.realm, "its controllers answer for it");
}

}  // namespace

Checks judge_network(const Principal& self, const std::vector<RealmFacts>& realms) {
  Checks out;
  const Clocks clocks = compare_clocks(realms);
  for (const RealmFacts& realm : realms) {
    out.push_back(judge_dns(realm));
    out.push_back(judge_realm(self, realm));
    for (const ControllerFacts& dc : realm.controllers) {
      out.push_back(judge_ports(realm, dc));
      out.push_back(judge_clock(dc, clocks));
      out.push_back(judge_tcp(dc));
      out.push_back(judge_reset(dc));
    }
  }
  return out;
}

}  // namespace stead::doctor
