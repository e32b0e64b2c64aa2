#include "proxy/admin/tickets_page.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/admin/json.h"
#include "proxy/core/every_core.h"
#include "proxy/observe/access_log.h"
#include "proxy/observe/log_text.h"
#include "proxy/tickets/backend_tickets.h"

namespace stead::proxy {

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
  Json out('[');
  for (const CoreTickets& one : cores)
    out.item(Json('{')
                 .raw("own_tgt", Json('{')
                                     .text("asked", one.own.asked() ? rfc3339(one.own.at) : "")
                                     .text("answer", one.own.answer)
                                     .text("controller", one.own.controller)
                                     .raw("granted", one.own.granted() ? "true" : "false")
                                     .end())
                 .number("tickets", one.tickets)
                 .number("evidence", one.evidence)
                 .number("refusals", one.refusals)
                 .end());
  return Json('{').raw("cores", out.end()).end();
}

}  // namespace stead::proxy
