// Impersonation, and users as token objects.
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <sys/eventfd.h>
#include <unistd.h>

#include "sspi_shim/base/process/fork_gate.h"
#include "sspi_shim/krb5/ccache_export.h"
#include "sspi_shim/sspi/base/memory.h"
#include "sspi_shim/sspi/configuration.h"
#include "sspi_shim/sspi/context_state.h"
#include "sspi_shim/sspi/error.h"
#include "sspi_shim/sspi/objects.h"

namespace stead::sspi {
namespace {

SECURITY_STATUS give_token_of(const SecHandle* handle, HANDLE* out) {
  const auto context = find_context(handle);
  if (!context) return invalid_handle();
  if (out == nullptr) return fail(SEC_E_INVALID_PARAMETER, "there is no place for the token");
  const std::lock_guard lock(context->mutex);
  const Status<TokenPtr> token = token_of(*context);
  if (!token) return token.error();
  *out = give_token(*token);
  return SEC_E_OK;
}

SECURITY_STATUS impersonate(HANDLE handle) {
  TokenPtr token = find_token(handle);
  if (!token) return invalid_handle();
  impersonated() = std::move(token);
  return SEC_E_OK;
}

SECURITY_STATUS create_token(const SHIM_CLIENT* handle, const char* user, HANDLE& out) {
  ClientPtr client;
  if (handle != nullptr) {
    client = clients().find(clients().to_id(handle));
    if (!client) return invalid_handle();
  } else {
    auto shared = client_for(configured({}, {}));
    if (!shared) return fail(SEC_E_NO_CREDENTIALS, to_string(shared.error()));
    client = std::move(*shared);
  }
  auto identity = wait_for_user(client, user);
  if (!identity) return fail(identity.error());
  out = give_token(std::make_shared<const Token>(Token{client, std::move(*identity)}));
  return SEC_E_OK;
}

SECURITY_STATUS not_written(const char* ccache, const stead::Error& error) {
  return fail(SEC_E_INVALID_PARAMETER, std::string(ccache) + ": cannot be written: " + error.message());
}

SECURITY_STATUS export_proxy_credential(const Token& token, const char* const* spns, ULONG count, const char* ccache) {
  if (spns != nullptr || count != 0)
    return fail(SEC_E_INVALID_PARAMETER, "a proxy credential is for no service in particular: there can be no SPNs");
  const auto credential = wait_for_proxy_credential(token.client, token.identity);
  if (!credential) {
    const bool forbidden = credential.error().kind == FailureKind::unusable;
    return forbidden ? fail(SEC_E_UNSUPPORTED_FUNCTION, credential.error().text) : fail(credential.error());
  }
  const auto written = export_ccache(**credential, ccache);
  return written ? SEC_E_OK : not_written(ccache, written.error());
}

SECURITY_STATUS fetch_in_background(const SecHandle* handle, const char* target,
                                    std::function<void(SECURITY_STATUS)> done) {
  const auto credentials = find_credentials(handle);
  if (!credentials) return invalid_handle();
  if (target == nullptr) return fail(SEC_E_INVALID_PARAMETER, "there is no target");
  if (!credentials->user) return fail(SEC_E_NO_IMPERSONATION, "the credentials are not a user's");
  if (!is_service_name(target))
    return fail(SEC_E_TARGET_UNKNOWN, "\"" + std::string(target) + "\" is no service's name");
  start_ticket(credentials->user->client, credentials->user->identity, target,
               [done = std::move(done)](const Outcome<TicketPtr>& ticket) {
                 done(ticket ? SEC_E_OK : status_of(ticket.error()));
               });
  return SEC_E_OK;
}

}  // namespace
}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" SECURITY_STATUS ImpersonateSecurityContext(PCtxtHandle handle) noexcept try {
  const stead::ForkGate at_work;
  const auto context = find_context(handle);
  if (!context) return invalid_handle();
  const std::lock_guard lock(context->mutex);
  const Status<TokenPtr> token = token_of(*context);
  if (!token) return token.error();
  impersonated() = *token;
  return SEC_E_OK;
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS RevertSecurityContext(PCtxtHandle handle) noexcept try {
  const stead::ForkGate at_work;
  const auto context = find_context(handle);
  if (!context) return invalid_handle();
  const std::lock_guard lock(context->mutex);
  if (!impersonated() || impersonated() != context->token)
    return fail(SEC_E_NO_IMPERSONATION, "this thread does not impersonate the context's user");
  impersonated() = nullptr;
  return SEC_E_OK;
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS QuerySecurityContextToken(PCtxtHandle context, void** token) noexcept try {
  const stead::ForkGate at_work;
  return give_token_of(context, token);
} catch (...) {
  return caught();
}

extern "C" BOOL ImpersonateLoggedOnUser(HANDLE token) noexcept {
  return ShimImpersonateToken(token) == SEC_E_OK;
}
extern "C" BOOL RevertToSelf() noexcept {
  return ShimRevert() == SEC_E_OK;
}
extern "C" BOOL CloseHandle(HANDLE object) noexcept try {
  const stead::ForkGate at_work;
  if (tokens().erase(reinterpret_cast<std::uintptr_t>(object))) return 1;
  invalid_handle();
  return 0;
} catch (...) {
  caught();
  return 0;
}

extern "C" SECURITY_STATUS ShimCreateTokenForUser(const SHIM_CLIENT* handle, const char* user, HANDLE* token) noexcept
    try {
  const stead::ForkGate at_work;
  if (user == nullptr || token == nullptr)
    return fail(SEC_E_INVALID_PARAMETER, "a user and a place for the token are needed");
  return create_token(handle, user, *token);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS ShimTokenFromContext(PCtxtHandle context, HANDLE* token) noexcept try {
  const stead::ForkGate at_work;
  return give_token_of(context, token);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS ShimImpersonateToken(HANDLE token) noexcept try {
  const stead::ForkGate at_work;
  return impersonate(token);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS ShimRevert() noexcept try {
  const stead::ForkGate at_work;
  impersonated() = nullptr;
  return SEC_E_OK;
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS ShimExportCCache(HANDLE handle, const char* const* spns, ULONG count, const char* ccache,
                                            ULONG flags) noexcept try {
  const stead::ForkGate at_work;
  const auto token = find_token(handle);
  if (!token) return invalid_handle();
  if (ccache == nullptr || (flags & ~static_cast<ULONG>(SHIM_EXPORT_PROXY_CREDENTIAL)) != 0)
    return fail(SEC_E_INVALID_PARAMETER, "a ccache is needed, and no flag but SHIM_EXPORT_PROXY_CREDENTIAL");
  if (flags != 0) return export_proxy_credential(*token, spns, count, ccache);
  if (spns == nullptr || count == 0) return fail(SEC_E_INVALID_PARAMETER, "services are needed");
  std::vector<stead::TicketPtr> tickets;
  for (ULONG i = 0; i < count; ++i) {
    auto ticket = wait_for_ticket(token->client, token->identity, to_utf8(spns[i]));
    if (!ticket) return fail(ticket.error());
    tickets.push_back(std::move(*ticket));
  }
  const auto written = stead::export_tickets(tickets, ccache);
  return written ? SEC_E_OK : not_written(ccache, written.error());
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS ShimInitializeSecurityContextAsync(PCredHandle credential, const char* target,
                                                              SHIM_CALLBACK callback, void* arg) noexcept try {
  const stead::ForkGate at_work;
  if (callback == nullptr) return fail(SEC_E_INVALID_PARAMETER, "there is no callback");
  return fetch_in_background(credential, target, [callback, arg](SECURITY_STATUS status) { callback(arg, status); });
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS ShimInitializeSecurityContextEvent(PCredHandle credential, const char* target, int event_fd,
                                                              SECURITY_STATUS* out) noexcept try {
  const stead::ForkGate at_work;
  if (out == nullptr || event_fd < 0)
    return fail(SEC_E_INVALID_PARAMETER, "an eventfd and a place for the status are needed");
  return fetch_in_background(credential, target, [event_fd, out](SECURITY_STATUS status) {
    *out = status;
    ::eventfd_write(event_fd, 1);
  });
} catch (...) {
  return caught();
}
