#include "sspi_shim/sspi/objects.h"

#include <gssapi/gssapi_ext.h>

#include <atomic>
#include <map>

#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/krb5/krb5_handles.h"
#include "sspi_shim/sspi/error.h"
#include "stead/client_config.h"

namespace stead::sspi {
namespace {

struct Defaults {
  std::mutex mutex;
  ClientOptions options;
  std::map<std::string, ClientPtr> clients;  // by principal and keytab
};
// Tables and defaults outlive every caller at exit.
Defaults& defaults() {
  static auto* one = new Defaults;
  return *one;
}

bool set_flag(bool& flag, const std::string& value) {
  if (value != "true" && value != "false") return false;
  flag = value == "true";
  return true;
}

// A decimal number, 1 to 999,999,999,999.
std::optional<std::int64_t> positive_number(const std::string& text) {
  const bool number = !text.empty() && text.size() <= 12 && text.find_first_not_of("0123456789") == std::string::npos;
  const std::int64_t out = number ? std::stoll(text) : 0;
  return out > 0 ? std::optional(out) : std::nullopt;
}

template <class T>
bool set_number(T& to, const std::string& value) {
  const auto number = positive_number(value);
  if (number) to = T(*number);
  return number.has_value();
}

// The file's tables; what it has none for stays.
bool set_file(ClientOptions& options, const std::string& path, std::string& message) {
  auto read = read_client_config(path, OtherTables::allowed, message);
  if (!read) return false;
  options.principal = std::move(read->principal);
  options.keytab = std::move(read->keytab);
  options.locator = std::move(read->locator);
  options.allow_rc4 = read->allow_rc4;
  options.pa_for_user = read->pa_for_user;
  options.own_service_ticket = read->own_service_ticket;
  return true;
}

// False: no such key, or not such a value. `message` where a file does not hold.
bool set_option(ClientOptions& options, const std::string& key, const std::string& value, std::string& message) {
  if (key == "config") return set_file(options, value, message);
  message = "\"" + key + "\" cannot be \"" + value + "\"";
  if (key == "principal") return options.principal = value, true;
  if (key == "keytab") return options.keytab = value, true;
  if (key == "site") return options.locator.site = value, true;
  if (key == "allow_rc4") return set_flag(options.allow_rc4, value);
  if (key == "pa_for_user") return set_flag(options.pa_for_user, value);
  if (key == "allow_proxy_credentials") return set_flag(options.allow_proxy_credentials, value);
  if (key == "cache_entries") return set_number(options.cache_entries, value);
  if (key == "cache_bytes") return set_number(options.cache_bytes, value);
  if (key == "ticket_life") return set_number(options.ticket_life, value);
  if (key == "refusal_life") return set_number(options.refusal_life, value);
  if (key == "request_deadline") return set_number(options.request_deadline, value);
  if (key == "kdc_timeout") return set_number(options.kdc_timeout, value);
  if (key == "uncached_service") return options.uncached_services.push_back(value), !value.empty();
  message = "there is no setting \"" + key + "\"";
  return false;
}

}  // namespace

MemoryCcache::MemoryCcache() {
  static std::atomic<std::uint64_t> next{1};
  name_ = "MEMORY:stead-" + std::to_string(next.fetch_add(1));
}

MemoryCcache::~MemoryCcache() {
  const auto context = make_krb5_context();
  krb5_ccache ccache = nullptr;
  if (context && krb5_cc_resolve(context->get(), name_.c_str(), &ccache) == 0) krb5_cc_destroy(context->get(), ccache);
}

HandleTable<const Credentials, HandleKind::credentials>& credentials_table() {
  static auto* table = new HandleTable<const Credentials, HandleKind::credentials>;
  return *table;
}
HandleTable<Context, HandleKind::context>& contexts() {
  static auto* table = new HandleTable<Context, HandleKind::context>;
  return *table;
}
HandleTable<const Token, HandleKind::token>& tokens() {
  static auto* table = new HandleTable<const Token, HandleKind::token>;
  return *table;
}
HandleTable<const OpenClient, HandleKind::client>& clients() {
  static auto* table = new HandleTable<const OpenClient, HandleKind::client>;
  return *table;
}
HandleTable<const LsaConnection, HandleKind::lsa>& lsa_connections() {
  static auto* table = new HandleTable<const LsaConnection, HandleKind::lsa>;
  return *table;
}

CredentialsPtr find_credentials(const SecHandle* handle) {
  return credentials_table().find(HandleTable<const Credentials, HandleKind::credentials>::to_id(handle));
}
ContextPtr find_context(const SecHandle* handle) {
  return contexts().find(HandleTable<Context, HandleKind::context>::to_id(handle));
}
TokenPtr find_token(HANDLE token) {
  return tokens().find(reinterpret_cast<std::uintptr_t>(token));
}
HANDLE give_token(TokenPtr token) {
  return reinterpret_cast<HANDLE>(static_cast<std::uintptr_t>(tokens().insert(std::move(token))));
}

TokenPtr& impersonated() {
  thread_local TokenPtr token;
  return token;
}

ClientOptions configured(const std::string& principal, const std::string& keytab) {
  ClientOptions options;
  {
    const std::lock_guard lock(defaults().mutex);
    options = defaults().options;
  }
  if (!principal.empty()) options.principal = principal;
  if (!keytab.empty()) options.keytab = keytab;
  fill_from_krb5_conf(options);
  return options;
}

ClientPtr client_for(ClientOptions options, std::string& message) {
  if (options.principal.empty()) {
    const auto entries = read_keytab(options.keytab, message);
    if (!entries) return nullptr;
    if (entries->empty()) {
      message = "keytab " + options.keytab + " is empty";
      return nullptr;
    }
    options.principal = to_string(entries->front().principal);
  }
  const std::string key = options.principal + '\n' + options.keytab;
  const std::lock_guard lock(defaults().mutex);
  ClientPtr& known = defaults().clients[key];
  if (!known) known = open_client(std::move(options), message);
  return known;
}

bool is_service_name(const std::string& text) {
  const auto service = parse_principal(text);
  return service && !service->name.empty() && !service->name.components.front().empty();
}

ClientPtr keyless_client_for(ClientOptions options, const std::string& realm) {
  const std::lock_guard lock(defaults().mutex);
  ClientPtr& known = defaults().clients['\n' + to_upper(realm)];
  if (!known) known = open_keyless_client(std::move(options), realm);
  return known;
}

TokenPtr token_of(Context& context, SECURITY_STATUS& status) {
  if (context.token) return context.token;
  if (context.initiator || !context.complete || context.evidence.empty()) {
    status = fail(SEC_E_NO_IMPERSONATION, "only a context that was accepted to its end has a user to impersonate");
    return nullptr;
  }
  ClientOptions options = context.credentials->options;
  if (options.principal.empty()) options.principal = context.service_name;
  std::string message;
  const ClientPtr client = client_for(std::move(options), message);
  if (!client) {
    status = fail(SEC_E_NO_CREDENTIALS, message);
    return nullptr;
  }
  auto identity = wait_for_evidence(client, context.evidence);
  if (!identity) {
    status = fail(SEC_E_NO_CREDENTIALS, "the user's ticket fits no key of " + client->options.principal + " in " +
                                            client->options.keytab + ": " + identity.error().message());
    return nullptr;
  }
  context.token = std::make_shared<const Token>(Token{client, std::move(*identity)});
  return context.token;
}

ULONG flags_of(const Context& context) {
  ULONG out = context.asked & ISC_REQ_CONNECTION;
  if (context.gss_flags & GSS_C_MUTUAL_FLAG) out |= ISC_RET_MUTUAL_AUTH;
  if (context.gss_flags & GSS_C_REPLAY_FLAG) out |= ISC_RET_REPLAY_DETECT;
  if (context.gss_flags & GSS_C_SEQUENCE_FLAG) out |= ISC_RET_SEQUENCE_DETECT;
  if (context.gss_flags & GSS_C_CONF_FLAG) out |= ISC_RET_CONFIDENTIALITY;
  if (context.gss_flags & GSS_C_DCE_STYLE) out |= ISC_RET_USED_DCE_STYLE;
  if (context.gss_flags & GSS_C_INTEG_FLAG) out |= context.initiator ? ISC_RET_INTEGRITY : ASC_RET_INTEGRITY;
  if (context.gss_flags & GSS_C_IDENTIFY_FLAG) out |= context.initiator ? ISC_RET_IDENTIFY : ASC_RET_IDENTIFY;
  return out;
}

TimeStamp to_time_stamp(std::chrono::system_clock::time_point time) {
  constexpr std::int64_t kEpoch = 11644473600;  // seconds from 1601 to 1970
  const auto since =
      std::chrono::duration_cast<std::chrono::duration<std::int64_t, std::ratio<1, 10000000>>>(time.time_since_epoch());
  const auto ticks = static_cast<std::uint64_t>(since.count() + kEpoch * 10000000);
  return {static_cast<ULONG>(ticks), static_cast<LONG>(ticks >> 32)};
}
TimeStamp never() {
  return {0xFFFFFFFFU, 0x7FFFFFFF};
}

}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" SECURITY_STATUS ShimSetDefaultConfig(const char* key, const char* value) noexcept try {
  if (key == nullptr || value == nullptr) return fail(SEC_E_INVALID_PARAMETER, "a key and a value are needed");
  std::string message;
  const std::lock_guard lock(defaults().mutex);
  stead::ClientOptions options = defaults().options;
  if (!set_option(options, key, value, message)) return fail(SEC_E_INVALID_PARAMETER, message);
  defaults().options = std::move(options);
  defaults().clients.clear();  // those in use stay with their users
  return SEC_E_OK;
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS ShimOpenClient(const char* config, SHIM_CLIENT* client) noexcept try {
  if (client == nullptr) return fail(SEC_E_INVALID_PARAMETER, "there is no place for the handle");
  std::string message;
  stead::ClientOptions options = configured({}, {});
  if (config != nullptr) {
    if (!set_option(options, "config", config, message)) return fail(SEC_E_INVALID_PARAMETER, message);
    stead::fill_from_krb5_conf(options);
  }
  auto opened = open_client(std::move(options), message);
  if (!opened) return fail(SEC_E_NO_CREDENTIALS, message);
  auto& table = clients();
  *client = table.to_handle(table.insert(std::move(opened)));
  return SEC_E_OK;
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS ShimCloseClient(SHIM_CLIENT* client) noexcept try {
  return clients().erase(clients().to_id(client)) ? SEC_E_OK : invalid_handle();
} catch (...) {
  return caught();
}
