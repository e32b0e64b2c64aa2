#include "proxy/doctor/checks/network.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "proxy/doctor/checks/fact_text.h"
#include "sspi_shim/base/text.h"

namespace stead::doctor {
namespace {

using enum CheckId;

// Whose clock is wrong where ours and a controller's differ.
enum class WrongClock { ours, theirs };

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
  const std::string name = dc.where.name.empty() ? dc.where.address : dc.where.name;
  if (dc.ping == PingAnswer::paused) {
    return fault(
        N2, where,
        "The controller's Netlogon service is paused: clients that search for a controller pass it by, and the "
        "levels of the others must do.",
        proof, {"Get-Service Netlogon -ComputerName " + name, "Resume-Service Netlogon -ComputerName " + name});
  }
  std::vector<std::string> fix;
  std::string closed;
  if (dc.tcp == PortAnswer::refused || dc.udp == PortAnswer::refused) {
    const bool both = dc.tcp == dc.udp;
    return fault(N2, where,
                 "The controller refuses " + kerberos_port(dc) +
                     (both                            ? "/udp and /tcp"
                      : dc.tcp == PortAnswer::refused ? "/tcp"
                                                      : "/udp") +
                     ": nothing listens there, or a firewall rejects it. Its other ports answer.",
                 proof, {"Get-Service kdc -ComputerName " + name, "Start-Service kdc"});
  }
  const auto add = [&](const std::string& port, const std::string& protocol, const std::string& rule) {
    closed += (closed.empty() ? "" : ", ") + port + "/" + protocol;
    fix.push_back(rule_for(rule, protocol == "tcp" ? "TCP" : "UDP", port));
  };
  if (dc.udp != PortAnswer::answered) add(kerberos_port(dc), "udp", "Kerberos (UDP)");
  if (dc.tcp != PortAnswer::answered && dc.tcp != PortAnswer::reset) add(kerberos_port(dc), "tcp", "Kerberos (TCP)");
  if (dc.ping == PingAnswer::silent && others_answer_pings(realm)) add(ldap_port(dc), "udp", "LDAP ping (UDP)");
  if (!closed.empty())
    return fault(N2, where,
                 "No answer at " + closed + ", although the controller answers on other ports: a firewall blocks it.",
                 proof, fix);
  return ok(N2, where, proof);
}

// Where no controller answers, that is one fault and not one for each of them.
void judge_all_ports(const RealmFacts& realm, Checks& out) {
  const bool any = std::any_of(realm.controllers.begin(), realm.controllers.end(),
                               [](const auto& dc) { return dc.answers() || dc.ping != PingAnswer::silent; });
  if (any || realm.controllers.size() < 2) {
    for (const ControllerFacts& dc : realm.controllers) {
      Check judged = judge_ports(realm, dc);
      const bool others = std::any_of(realm.controllers.begin(), realm.controllers.end(),
                                      [&](const auto& other) { return &other != &dc && other.answers(); });
      if (others) judged.effect = Effect::harms;
      out.push_back(std::move(judged));
    }
    return;
  }
  Check all = judge_ports(realm, realm.controllers.front());
  all.subject = realm.realm;
  all.symptom = "None of the " + std::to_string(realm.controllers.size()) + " controllers of " + realm.realm +
                " answers: this computer cannot reach their network, or they are all down.";
  for (std::size_t i = 1; i < realm.controllers.size(); ++i)
    all.proof += "; " + controller_text(realm.controllers[i].where) + ": " + asked_ports(realm.controllers[i]);
  out.push_back(std::move(all));
}

Check judge_tcp(const ControllerFacts& dc) {
  const std::string where = controller_text(dc.where);
  if (dc.tcp == PortAnswer::answered) return ok(N4, where, "AS-REQ over TCP is answered");
  return skipped_by(dc.tcp == PortAnswer::reset ? N8 : N2, N4, where);
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

Check judge_clock(const ControllerFacts& dc, WrongClock wrong) {
  const std::string where = controller_text(dc.where);
  if (!dc.clock) return unjudged(N3, where, dc.answers() ? "its answer has no time" : "it does not answer");
  const std::string text = clock_text(*dc.clock);
  const std::string proof = "the time in its KRB-ERROR is " + text + " this computer's clock";
  if (std::chrono::abs(*dc.clock) <= kClockLimit) return ok(N3, where, proof);
  if (wrong == WrongClock::ours) return skipped(N3, where, "this computer's clock is wrong");
  Check out =
      fault(N3, where,
            "The controller's clock is " + text + " ours, and other clocks agree with ours. Kerberos allows 5 minutes.",
            proof, {"w32tm /query /status", "w32tm /resync /rediscover"});
  out.place = Place::domain_controller;
  out.realm = dc.realm;
  return out;
}

// Ours, if no clock that was seen agrees with it.
WrongClock wrong_clock(const std::vector<RealmFacts>& realms, const std::vector<std::chrono::milliseconds>& back_ends) {
  const auto agrees = [](std::chrono::milliseconds offset) { return std::chrono::abs(offset) <= kClockLimit; };
  bool any = std::any_of(back_ends.begin(), back_ends.end(), agrees);
  for (const RealmFacts& realm : realms)
    for (const ControllerFacts& dc : realm.controllers) any = any || (dc.clock && agrees(*dc.clock));
  return any ? WrongClock::theirs : WrongClock::ours;
}

// One fault for this computer, whose clock all others differ from.
void judge_own_clock(const std::vector<RealmFacts>& realms, Checks& out) {
  for (const RealmFacts& realm : realms) {
    for (const ControllerFacts& dc : realm.controllers) {
      if (!dc.clock || std::chrono::abs(*dc.clock) <= kClockLimit) continue;
      const std::string text = clock_text(*dc.clock);
      out.push_back(
          fault(N3, std::string(kThisComputer),
                "This computer's clock is wrong: that of " + controller_text(dc.where) + " is " + text +
                    " it, and no clock agrees with ours. Kerberos allows 5 minutes.",
                "the time in a KRB-ERROR of " + controller_text(dc.where) + " is " + text + " this computer's clock",
                {"chronyc makestep", "timedatectl set-ntp true"}));
      return;
    }
  }
}

Check judge_dns(const RealmFacts& realm) {
  if (!realm.kdc_proxy.empty()) return skipped(N1, realm.realm, "its KDCs are asked through " + realm.kdc_proxy);
  if (realm.configured)
    return skipped(N1, realm.realm, "[locator.realm] has its controllers, so that DNS is not asked");
  const std::string domain = to_lower(realm.realm);
  const std::string proof =
      "_kerberos._tcp." + domain + ": " +
      (realm.kerberos_srv ? realm.kerberos_srv.message() : std::to_string(realm.kerberos_records) + " records") +
      "; _ldap._tcp.dc._msdcs." + domain + ": " +
      (realm.ldap_srv ? realm.ldap_srv.message() : std::to_string(realm.ldap_records) + " records");
  if (!realm.without_address.empty() && !realm.controllers.empty()) {
    std::string names;
    for (const std::string& name : realm.without_address) names += (names.empty() ? "" : ", ") + name;
    return harm(N1, realm.realm, "DNS names controllers that it has no address for: " + names + ".",
                proof + "; no A or AAAA record of " + names,
                {"nslookup " + realm.without_address.front(), "nltest /dsregdns"});
  }
  // A KDC that is no domain controller has no such records, and answers no pings.
  const bool no_ldap = realm.ldap_records == 0 && (realm.is_domain || others_answer_pings(realm));
  if (realm.kerberos_records > 0 && !realm.controllers.empty() && no_ldap) {
    return harm(N1, realm.realm,
                "DNS has no records of the domain controllers (_ldap._tcp.dc._msdcs): what looks for a controller of a "
                "site or level finds none.",
                proof, {"nslookup -type=SRV _ldap._tcp.dc._msdcs." + domain, "nltest /dsregdns"});
  }
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
  if (!realm.kdc_proxy.empty()) return skipped(N7, realm.realm, "its KDCs are asked through " + realm.kdc_proxy);
  if (!any) return unjudged(N7, realm.realm, "none of its controllers answers");
  return ok(N7, realm.realm, "its controllers answer for it");
}

}  // namespace

Checks judge_network(const Principal& self, const std::vector<RealmFacts>& realms,
                     const std::vector<std::chrono::milliseconds>& back_ends) {
  Checks out;
  const WrongClock wrong = wrong_clock(realms, back_ends);
  if (wrong == WrongClock::ours) judge_own_clock(realms, out);
  for (const RealmFacts& realm : realms) {
    Checks of_realm{judge_dns(realm), judge_realm(self, realm)};
    judge_all_ports(realm, of_realm);
    for (const ControllerFacts& dc : realm.controllers) {
      of_realm.push_back(judge_clock(dc, wrong));
      of_realm.push_back(judge_tcp(dc));
      of_realm.push_back(judge_reset(dc));
    }
    for (Check& check : of_realm) check.realm = realm.realm;
    out.insert(out.end(), of_realm.begin(), of_realm.end());
  }
  return out;
}

}  // namespace stead::doctor
