#include "proxy/doctor/checks/running.h"

#include <string>
#include <vector>

namespace stead::doctor {
namespace {

using enum CheckId;
using SignOn = RunningFacts::SignOn;

std::string asked_text(const SignOn& sign_on) {
  return "asked at " + sign_on.asked + (sign_on.controller.empty() ? "" : " of " + sign_on.controller) + ": " +
         sign_on.answer;
}

// The cores ask for it one by one; the first that got none tells.
Check judge_sign_on(const RunningFacts& running) {
  const SignOn* last = nullptr;
  for (const SignOn& one : running.sign_ons) {
    if (one.asked.empty()) continue;
    if (!one.granted)
      return fault(R2, running.principal,
                   "The proxy that runs got no ticket-granting ticket of its own when it last asked for one: nobody "
                   "who signs in now gets a ticket to a back end.",
                   asked_text(one),
                   {"klist -ke " + running.keytab, "kinit -k -t " + running.keytab + " " + running.principal,
                    "systemctl restart stead-proxy"});
    if (last == nullptr || last->asked < one.asked) last = &one;
  }
  return ok(R2, running.principal, last == nullptr ? "no user has needed it yet" : asked_text(*last));
}

Check judge_refusals(const RunningFacts& running) {
  if (running.refusals == 0) return ok(R3, "", "it remembers none");
  const std::string ctl = "stead-proxy ctl --socket " + running.socket;
  return harm(R3, "",
              "The proxy remembers refusals of the KDCs and gives them again for some seconds: a change in the "
              "directory does not show at once.",
              ctl + " tickets: " + std::to_string(running.refusals), {ctl + " purge-tickets USER"});
}

}  // namespace

Checks judge_running(const RunningFacts& running) {
  if (!running.fault.empty()) return {unjudged(R1, running.socket, running.fault)};
  Checks out{ok(R1, running.socket, "it answers"), judge_sign_on(running), judge_refusals(running)};
  for (const RunningFacts::BackEnd& back_end : running.back_ends) {
    if (back_end.is_out)
      out.push_back(harm(R4, back_end.url, "The proxy that runs sends it no requests while another one is up.",
                         "stead-proxy ctl --socket " + running.socket + " upstreams: out: " + back_end.why,
                         {"curl -v " + back_end.url, "# Start the back end; the proxy takes it back by itself."}));
    else
      out.push_back(ok(R4, back_end.url, "the proxy sends it requests, unless it is drained"));
  }
  return out;
}

}  // namespace stead::doctor
