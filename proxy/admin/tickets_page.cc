#include "proxy/admin/tickets_page.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/core/every_core.h"
#include "proxy/observe/access_log.h"
#include "proxy/observe/log_text.h"
#include "proxy/tickets/backend_tickets.h"

namespace stead::proxy {
namespace {

void add_text(std::string& out, std::string_view name, std::string_view value) {
  out.append("\"").append(name).append("\":");
  append_json_string(out, value);
  out.append(",");
}

void add_number(std::string& out, std::string_view name, std::size_t value) {
  out.append(",\"").append(name).append("\":").append(std::to_string(value));
}

}  // namespace

boost::asio::awaitable<std::vector<CoreTickets>> tickets_of(const Cores& cores) {
  std::function<CoreTickets(const Core&)> look = [](const Core& core) {
    CoreTickets out{.own = core.own_sign_on};
    if (!core.now->tickets) return out;
    const CacheView view = core.now->tickets->client().cache_view();
    out.tickets = view.tickets;
    out.evidence = view.evidence;
    out.refusals = view.refusals;
    return out;
  };
  std::vector<CoreTickets> found = co_await from_every_core(cores, std::move(look));
  co_return found;
}

std::string tickets_text(const std::vector<CoreTickets>& cores) {
  std::string out;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    const CoreTickets& one = cores[i];
    out.append("core ").append(std::to_string(i)).append(": own TGT ");
    if (one.own.asked()) {
      append_log_text(out, one.own.answer);
      out.append(" at ").append(rfc3339(one.own.at)).append(" by ");
      append_log_text(out, one.own.controller);
    } else {
      out.append("not asked for");
    }
    out.append("; ").append(std::to_string(one.tickets)).append(" tickets, ");
    out.append(std::to_string(one.evidence)).append(" of evidence, ");
    out.append(std::to_string(one.refusals)).append(" refusals\n");
  }
  return out;
}

std::string tickets_json(const std::vector<CoreTickets>& cores) {
  std::string out = "{\"cores\":[";
  for (const CoreTickets& one : cores) {
    out.append(&one == cores.data() ? "{" : ",{").append("\"own_tgt\":{");
    add_text(out, "asked", one.own.asked() ? rfc3339(one.own.at) : "");
    add_text(out, "answer", one.own.answer);
    add_text(out, "controller", one.own.controller);
    out.append("\"granted\":").append(one.own.granted() ? "true" : "false").append("}");
    add_number(out, "tickets", one.tickets);
    add_number(out, "evidence", one.evidence);
    add_number(out, "refusals", one.refusals);
    out.append("}");
  }
  return out + "]}";
}

}  // namespace stead::proxy
