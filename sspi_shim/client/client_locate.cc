// Which DC: by level, and by all that DsGetDcName may require.
#include <boost/asio/error.hpp>

#include "sspi_shim/client/s4u_client.h"

namespace stead {
namespace {

Failure not_found(const Error& error, const std::string& realm, const std::string& wanted) {
  Failure out;
  out.kind = error == boost::asio::error::not_found ? FailureKind::refused : FailureKind::unreachable;
  out.error = error;
  out.realm = realm;
  out.text = "no domain controller of " + realm + wanted + " was found: " + error.message();
  out.retryable = true;  // one may be back any moment
  return out;
}

std::optional<DcLevel> level_named(const std::string& text) {
  return text.empty() ? std::optional(DcLevel::unknown) : dc_level_by_name(text);
}

std::string no_level(const std::string& text) {
  return "\"" + text + "\" is no level: 2003, 2008, 2008R2, 2012, 2012R2, 2016, 2019 or 2022";
}

}  // namespace

Client::Awaitable<Outcome<LocatedController>> S4uClient::locate(std::string realm, std::string level) {
  const auto wanted = level_named(level);
  if (!wanted) co_return bad_name(no_level(level));
  std::function<Awaitable<Outcome<LocatedController>>()> work = [this, realm, at_least = *wanted] {
    return located(realm, at_least);
  };
  Outcome<LocatedController> out = co_await on_executor<LocatedController>(std::move(work));
  co_return out;
}

Client::Awaitable<Outcome<LocatedController>> S4uClient::located(std::string realm, DcLevel level) {
  Result<LocatedController> found = co_await locator_->locate(realm, level, std::string());
  if (found) co_return std::move(*found);
  co_return not_found(found.error(), realm,
                      level == DcLevel::unknown ? "" : " of level " + std::string(to_string(level)));
}

Client::Awaitable<Outcome<LocatedController>> S4uClient::find_controller(std::string realm,
                                                                         ControllerRequirements requirements) {
  const auto level = level_named(requirements.level);
  if (!level) co_return bad_name(no_level(requirements.level));
  if (realm.empty()) co_return bad_name("a controller of which realm?");
  ControllerWish wish;
  wish.realms = {realm};
  wish.site = requirements.site;
  wish.at_least = *level;
  wish.required = requirements.flags;
  wish.required_any = requirements.any_of;
  wish.preferred = requirements.preferred;
  wish.near = requirements.nearest;
  wish.domain_guid = requirements.domain_guid;
  wish.home = self_.realm;
  wish.fresh = requirements.rediscover;
  wish.timeout = options_.locator.ping_timeout;
  std::function<Awaitable<Outcome<LocatedController>>()> work = [this, wish] { return searched(wish); };
  Outcome<LocatedController> out = co_await on_executor<LocatedController>(std::move(work));
  co_return out;
}

Client::Awaitable<Outcome<LocatedController>> S4uClient::searched(ControllerWish wish) {
  const std::string realm = wish.realms.front();
  const std::string of =
      (wish.required & ds_flag::gc) != 0 ? "the global catalogs of the forest of " : "the controllers of ";
  Result<FoundController> found = co_await search_->find(std::move(wish));
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
