// What sign-in reads when it starts and when the configuration is read again: keys, keytab, sign-outs.
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "proxy/sign_in/shared_topics.h"
#include "proxy/sign_in/sign_in.h"
#include "proxy/sign_in/sign_in_state.h"
#include "sspi_shim/krb5/keytab.h"

namespace stead::proxy {
namespace {

void warn_of_forwarded_tgts(const Config& config) {
  for (const Route& route : config.routes) {
    if (route.delegation != Delegation::forwarded_tgt) continue;
    spdlog::warn(
        "route {}{}: delegation = \"forwarded-tgt\" is unconstrained: a forwarded TGT lets its holder act as the user "
        "at every service. Prefer \"s4u\", which reaches only the services that an administrator allowed",
        route.host, route.path);
  }
}

// Null if the file cannot be used, as where the key is in a folder that only root may write to.
std::shared_ptr<SignOutFile> open_sign_outs(const std::string& key_file, SignInMemory& memory) {
  if (memory.sign_outs && memory.key_file == key_file) return memory.sign_outs;
  auto file = std::make_shared<SignOutFile>(key_file + ".signed-out");
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (const auto loaded = file->load(memory.revocations, now); !loaded) {
    spdlog::warn(
        "Sign-outs cannot be saved: {}; they hold until this process ends, and after a restart signed-out sessions are "
        "valid again",
        to_string(loaded.error()));
    return nullptr;
  }
  memory.key_file = key_file;
  memory.sign_outs = file;
  return file;
}

Checked<std::shared_ptr<const KerberosAcceptor>> open_acceptor(const ClientOptions& options) {
  std::string message;
  auto acceptor = KerberosAcceptor::open(
      {.keytab = options.keytab, .principal = options.principal, .allow_rc4 = options.allow_rc4}, message);
  if (!acceptor) return Problem{.message = message};
  return acceptor;
}

Checked<std::shared_ptr<OwnKeys>> open_own_keys(const ClientOptions& options) {
  const auto principal = parse_principal(options.principal);
  if (!principal) return Problem{.message = options.principal + " is no principal"};
  const auto entries = read_keys_of(options.keytab, *principal);
  if (!entries) return entries.error();
  return std::make_shared<OwnKeys>(keys_of(*entries, WeakKeys::included),
                                   read_from_keytab(options.keytab, *principal, WeakKeys::included));
}

// Connects with the other replicas; the connection stays when the configuration is read again.
Checked<void> share(const SharedSettings& settings, const SessionKeys& keys, SignInMemory& memory) {
  if (!settings.redis) {
    share_failures(*memory.throttle, nullptr);
    memory.shared.reset();
    return {};
  }
  auto tls = shared_tls(settings);
  if (!tls) return tls.error();
  if (memory.files == KeyFiles::only_read) return {};
  if (memory.shared && memory.shared_settings == settings && memory.shared_keys->are_same(keys)) return {};
  memory.shared.reset();
  memory.shared = std::make_shared<SharedState>(settings, keys, shared_topics(memory), std::move(*tls));
  memory.shared_settings = settings;
  memory.shared_keys = keys;
  share_failures(*memory.throttle, memory.shared);
  return {};
}

}  // namespace

std::shared_ptr<SignInMemory> make_sign_in_memory() {
  return make_sign_in_memory(KeyFiles::made);
}

std::shared_ptr<SignInMemory> make_sign_in_memory(KeyFiles files) {
  return std::make_shared<SignInMemory>(files);
}

void use_login_limits(SignInMemory& memory, const Limits& limits) {
  memory.throttle->set_options(throttle_options(limits));
}

Checked<std::shared_ptr<SignInState>> open_sign_in_state(const Config& config,
                                                         const std::shared_ptr<SignInMemory>& memory) {
  const bool only_read = memory->files == KeyFiles::only_read;
  auto keys = only_read ? SessionKeys::look_at(config.session_key_file) : SessionKeys::open(config.session_key_file);
  if (!keys) return keys.error();
  warn_of_forwarded_tgts(config);
  auto state = std::make_shared<SignInState>(config, std::move(*keys), memory);
  if (config.kerberos) {
    auto acceptor = open_acceptor(config.client);
    if (!acceptor) return acceptor.error();
    state->acceptor = std::move(*acceptor);
  }
  if (!only_read) state->sign_outs = open_sign_outs(config.session_key_file, *memory);
  if (config.certificate_sign_in || !config.groups.patterns.empty()) {
    auto own_keys = open_own_keys(config.client);
    if (!own_keys) return own_keys.error();
    state->own_keys = std::move(*own_keys);
  }
  if (auto shared = share(config.shared, state->keys, *memory); !shared) return shared.error();
  state->shared = memory->shared;
  return state;
}

}  // namespace stead::proxy
