#include "kdc/server/ldap_endpoint.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>

namespace stead::kdc {
namespace {

// The snapshot keeps the account alive while the pool works.
asio::awaitable<Checked<std::shared_ptr<const GssKeys>>> make_keys(std::shared_ptr<const Snapshot> snapshot,
                                                                   const AccountEntry* account) {
  (void)snapshot;
  co_return GssKeys::make(*account);
}

}  // namespace

std::shared_ptr<const Tree> LdapEndpoint::tree() {
  const Snapshot& now = core_.snapshot();
  if (tree_ && &tree_->snapshot() == &now) return tree_;
  const DomainEntry* domain = now.domain(served_.realm);
  tree_ =
      domain == nullptr ? nullptr : std::make_shared<const Tree>(core_.shared_snapshot(), *domain, served_.controller);
  return tree_;
}

asio::awaitable<std::shared_ptr<const GssKeys>> LdapEndpoint::keys() {
  const auto snapshot = core_.shared_snapshot();
  const DomainEntry* domain = snapshot->domain(served_.realm);
  const AccountEntry* account =
      domain == nullptr ? nullptr : snapshot->by_spn(*domain, "ldap/" + served_.controller.name);
  if (account == nullptr) {
    spdlog::error("{}: no account has the SPN ldap/{}", served_.controller.name, served_.controller.name);
    co_return nullptr;
  }
  if (keys_ && keys_->are_of(*account)) co_return keys_;
  auto work = make_keys(snapshot, account);
  auto made = co_await asio::co_spawn(core_.pool, std::move(work), asio::use_awaitable);
  if (!made) {
    spdlog::error("{}: no SASL binds: {}", served_.controller.name, to_string(made.error()));
    co_return nullptr;
  }
  keys_ = std::move(*made);
  co_return keys_;
}

}  // namespace stead::kdc
