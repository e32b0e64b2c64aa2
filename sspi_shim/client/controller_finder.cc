#include "sspi_shim/client/controller_finder.h"

#include <string>
#include <utility>

#include <boost/asio/error.hpp>

#include "sspi_shim/base/text.h"
#include "sspi_shim/client/failures.h"

namespace stead {
namespace {

Failure not_found(const Error& error, const std::string& realm, const std::string& wanted) {
  Failure out;
  out.kind = error == boost::asio::error::not_found ? FailureKind::refused : FailureKind::unreachable;
  out.error = error;
  out.realm = realm;
  out.text = "no domain controller of " + realm + wanted + " was found: " + error.message();
  out.retryable = true;  // a DC may be back at any moment
  return out;
}

ControllerWish wish_of(const ControllerRequirements& required, DcLevel at_least, const std::string& realm) {
  ControllerWish out;
  out.realms = {realm};
  out.site = required.site;
  out.at_least = at_least;
  out.required = required.flags;
  out.required_any = required.any_of;
  out.preferred = required.preferred;
  out.near = required.nearest;
  out.domain_guid = required.domain_guid;
  out.fresh = required.rediscover;
  return out;
}

}  // namespace

Outcome<DcLevel> parse_level(const std::string& text) {
  if (text.empty()) return DcLevel::unknown;
  const auto level = dc_level_by_name(text);
  if (level) return *level;
  return bad_name("\"" + text + "\" is not a level: write 2003, 2008, 2008R2, 2012, 2012R2, 2016, 2019 or 2022");
}

ControllerFinder::ControllerFinder(ClientContextPtr context) : context_(std::move(context)) {}

Awaitable<Outcome<LocatedController>> ControllerFinder::locate(std::string realm, DcLevel at_least) {
  Result<LocatedController> found = co_await context_->locator->locate(realm, at_least, std::string());
  if (found) co_return std::move(*found);
  co_return not_found(found.error(), realm,
                      at_least == DcLevel::unknown ? "" : " of level " + std::string(to_string(at_least)));
}

Awaitable<Outcome<LocatedController>> ControllerFinder::find(std::string realm, DcLevel at_least,
                                                             ControllerRequirements required) {
  ControllerWish wish = wish_of(required, at_least, realm);
  wish.home = context_->self.realm;
  wish.timeout = context_->options.locator.ping_timeout;
  const std::string of =
      (wish.required & ds_flag::gc) != 0 ? "the global catalogs of the forest of " : "the controllers of ";
  Result<FoundController> found = co_await context_->locator->find_controller(std::move(wish));
  if (!found) co_return not_found(found.error(), realm, " with what is required");
  LocatedController out;
  out.realm = found->realm;
  out.controller = found->where;
  if (out.controller.name.empty()) out.controller.name = found->response.dns_host_name;
  out.level = to_string(level_of(found->response.flags));
  out.site = found->response.dc_site_name;
  out.flags = found->response.flags;
  out.forest = found->response.dns_forest_name;
  out.domain_guid = found->response.domain_guid;
  out.why = "of " + of + to_upper(realm) + " that answered, the best that has what is required";
  out.seen = std::move(found->seen);
  co_return out;
}

}  // namespace stead
