// ShimSetDefaultConfig, ShimOpenClient and what they configure.
#include "sspi_shim/sspi/configuration.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "sspi_shim/base/process/fork_gate.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/sspi/error.h"
#include "sspi_shim/sspi/objects.h"
#include "sspi_shim/sspi/recent_clients.h"
#include "stead/client_config.h"

namespace stead::sspi {
namespace {

struct Defaults {
  std::mutex mutex;
  ClientOptions options;
  bool begun = false;     // the system's file was read, or replaced by a "config" of the program
  RecentClients clients;  // by principal and keytab
};
// Never destroyed: other threads may call while the process exits.
Defaults& defaults() {
  static auto* one = new Defaults;
  return *one;
}

bool set_text(std::string& to, const std::string& value) {
  to = value;
  return true;
}

bool set_flag(bool& flag, const std::string& value) {
  if (value != "true" && value != "false") return false;
  flag = value == "true";
  return true;
}

bool set_pa_for_user(ClientOptions& options, const std::string& value) {
  bool always = false;
  if (value == "auto")
    options.pa_for_user = PaForUserUse::automatic;
  else if (set_flag(always, value))
    options.pa_for_user = always ? PaForUserUse::always : PaForUserUse::never;
  else
    return false;
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

bool add_uncached(ClientOptions& options, const std::string& value) {
  options.uncached_services.push_back(value);
  return !value.empty();
}

// The keys of ShimSetDefaultConfig but for "config". A setter returns false for a value that the key cannot have.
struct Setting {
  std::string_view key;
  bool (*set)(ClientOptions& options, const std::string& value);
};
constexpr Setting kSettings[] = {
    {"principal", [](ClientOptions& options, const std::string& value) { return set_text(options.principal, value); }},
    {"keytab", [](ClientOptions& options, const std::string& value) { return set_text(options.keytab, value); }},
    {"site", [](ClientOptions& options, const std::string& value) { return set_text(options.locator.site, value); }},
    {"allow_rc4", [](ClientOptions& options, const std::string& value) { return set_flag(options.allow_rc4, value); }},
    {"pa_for_user", [](ClientOptions& options, const std::string& value) { return set_pa_for_user(options, value); }},
    {"allow_proxy_credentials",
     [](ClientOptions& options, const std::string& value) { return set_flag(options.allow_proxy_credentials, value); }},
    {"cache_entries",
     [](ClientOptions& options, const std::string& value) { return set_number(options.cache_entries, value); }},
    {"cache_bytes",
     [](ClientOptions& options, const std::string& value) { return set_number(options.cache_bytes, value); }},
    {"ticket_life",
     [](ClientOptions& options, const std::string& value) { return set_number(options.ticket_life, value); }},
    {"refusal_life",
     [](ClientOptions& options, const std::string& value) { return set_number(options.refusal_life, value); }},
    {"request_deadline",
     [](ClientOptions& options, const std::string& value) { return set_number(options.request_deadline, value); }},
    {"kdc_timeout",
     [](ClientOptions& options, const std::string& value) { return set_number(options.kdc_timeout, value); }},
    {"uncached_service", add_uncached},
};

// Takes what a configuration file sets; the rest of `options` stays.
Checked<void> set_file(ClientOptions& options, const std::string& path) {
  std::string message;
  auto read = read_client_config(path, OtherTables::allowed, message);
  if (!read) return Problem{.message = message};
  options.principal = std::move(read->principal);
  options.keytab = std::move(read->keytab);
  options.locator = std::move(read->locator);
  options.allow_rc4 = read->allow_rc4;
  options.pa_for_user = read->pa_for_user;
  options.own_service_ticket = read->own_service_ticket;
  options.ticket_life = read->ticket_life;
  return {};
}

Checked<void> set_option(ClientOptions& options, const std::string& key, const std::string& value) {
  if (key == "config") return set_file(options, value);
  for (const Setting& setting : kSettings) {
    if (setting.key != key) continue;
    if (setting.set(options, value)) return {};
    return Problem{.message = "\"" + key + "\" cannot be \"" + value + "\""};
  }
  return Problem{.message = "there is no setting \"" + key + "\""};
}

// Programs that know nothing of us are configured by a file: STEAD_CONFIG, else /etc/stead/stead.toml where it exists. A
// file with an error is read again at the next call. Called with the mutex held.
Checked<void> begin(Defaults& defaults) {
  if (defaults.begun) return {};
  constexpr const char* kSystemFile = "/etc/stead/stead.toml";
  const char* named = ::secure_getenv("STEAD_CONFIG");
  const bool is_named = named != nullptr && *named != '\0';
  if (is_named || ::access(kSystemFile, F_OK) == 0) {
    if (auto set = set_file(defaults.options, is_named ? named : kSystemFile); !set) return set.error();
  }
  defaults.begun = true;
  return {};
}

SECURITY_STATUS set_default(const std::string& key, const std::string& value) {
  const std::lock_guard lock(defaults().mutex);
  if (key != "config") {
    if (const auto begun = begin(defaults()); !begun) return fail(SEC_E_INVALID_PARAMETER, to_string(begun.error()));
  }
  ClientOptions options = defaults().options;
  if (const auto set = set_option(options, key, value); !set)
    return fail(SEC_E_INVALID_PARAMETER, to_string(set.error()));
  defaults().options = std::move(options);
  defaults().begun = true;
  defaults().clients.clear();  // clients in use stay open
  return SEC_E_OK;
}

SECURITY_STATUS open_for_caller(const char* config, SHIM_CLIENT& handle) {
  ClientOptions options = configured({}, {});
  if (config != nullptr) {
    if (const auto set = set_file(options, config); !set) return fail(SEC_E_INVALID_PARAMETER, to_string(set.error()));
    fill_from_krb5_conf(options);
  }
  auto opened = open_client(std::move(options));
  if (!opened) return fail(SEC_E_NO_CREDENTIALS, to_string(opened.error()));
  auto& table = clients();
  handle = table.to_handle(table.insert(std::move(*opened)));
  return SEC_E_OK;
}

}  // namespace

void hold_configuration() {
  defaults().mutex.lock();
}
void release_configuration() {
  defaults().mutex.unlock();
}

ClientOptions configured(const std::string& principal, const std::string& keytab) {
  ClientOptions options;
  {
    const std::lock_guard lock(defaults().mutex);
    if (const auto begun = begin(defaults()); !begun) throw std::runtime_error(to_string(begun.error()));
    options = defaults().options;
  }
  if (!principal.empty()) options.principal = principal;
  if (!keytab.empty()) options.keytab = keytab;
  fill_from_krb5_conf(options);
  return options;
}

Checked<ClientPtr> client_for(ClientOptions options) {
  if (options.principal.empty()) {
    const auto entries = read_keytab(options.keytab);
    if (!entries) return entries.error();
    if (entries->empty()) return Problem{.message = "keytab " + options.keytab + " is empty"};
    options.principal = to_string(entries->front().principal);
  }
  const std::string key = options.principal + '\n' + options.keytab;
  const std::lock_guard lock(defaults().mutex);
  if (ClientPtr known = defaults().clients.find(key)) return known;
  auto opened = open_client(std::move(options));
  if (opened) defaults().clients.insert(key, *opened);
  return opened;
}

ClientPtr keyless_client_for(ClientOptions options, const std::string& realm) {
  const std::lock_guard lock(defaults().mutex);
  const std::string key = '\n' + to_upper(realm);
  ClientPtr known = defaults().clients.find(key);
  if (known) return known;
  known = open_keyless_client(std::move(options), realm);
  defaults().clients.insert(key, known);
  return known;
}

}  // namespace stead::sspi

using namespace stead::sspi;

extern "C" SECURITY_STATUS ShimSetDefaultConfig(const char* key, const char* value) noexcept try {
  const stead::ForkGate at_work;
  if (key == nullptr || value == nullptr) return fail(SEC_E_INVALID_PARAMETER, "a key and a value are needed");
  return set_default(key, value);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS ShimOpenClient(const char* config, SHIM_CLIENT* client) noexcept try {
  const stead::ForkGate at_work;
  if (client == nullptr) return fail(SEC_E_INVALID_PARAMETER, "there is no place for the handle");
  return open_for_caller(config, *client);
} catch (...) {
  return caught();
}

extern "C" SECURITY_STATUS ShimCloseClient(SHIM_CLIENT* client) noexcept try {
  const stead::ForkGate at_work;
  return clients().erase(clients().to_id(client)) ? SEC_E_OK : invalid_handle();
} catch (...) {
  return caught();
}
