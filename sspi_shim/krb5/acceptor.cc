// Implements stead/acceptor.h: judge_plain_token first, and libgssapi where that does not take the token.
#include "stead/acceptor.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/gss_acceptor.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/krb5/plain_token.h"
#include "sspi_shim/krb5/presented_ticket.h"
#include "sspi_shim/protocol/messages/spnego.h"

namespace stead {
namespace {

// For how long a key that was removed from the keytab still decrypts tickets. libgssapi finds an added key at once.
constexpr std::chrono::seconds kSettingsLife{2};

// The settings of judge_plain_token, read again when they are old. Thread-safe.
class SettingsCache {
 public:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    std::shared_ptr<const AcceptSettings> settings;  // null: libgssapi alone can judge
    Clock::time_point read_at{};
    [[nodiscard]] bool is_old() const { return Clock::now() - read_at > kSettingsLife; }
  };
  SettingsCache(std::string keytab, std::vector<Principal> services)
      : keytab_(std::move(keytab)), services_(std::move(services)) {}

  // Blocks.
  [[nodiscard]] std::shared_ptr<const AcceptSettings> fresh() {
    const std::lock_guard lock(mutex_);
    if (entry_.is_old()) {
      auto settings = read_accept_settings(keytab_, services_);
      entry_ = {settings ? std::make_shared<const AcceptSettings>(std::move(*settings)) : nullptr, Clock::now()};
    }
    return entry_.settings;
  }
  // What was read last, of any age; nothing while another thread reads. Does not block.
  [[nodiscard]] std::optional<Entry> last() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return std::nullopt;
    return entry_;
  }

 private:
  const std::string keytab_;
  const std::vector<Principal> services_;
  std::mutex mutex_;
  Entry entry_;
};

class PlainAtOnce : public KerberosAcceptor::AtOnce {
 public:
  explicit PlainAtOnce(std::shared_ptr<SettingsCache> cache) : cache_(std::move(cache)) {}

  std::optional<AcceptedClient> accept(Bytes token, Bytes bindings, BindingsPolicy policy) override {
    if (entry_.is_old()) {
      if (auto last = cache_->last()) entry_ = std::move(*last);
    }
    if (entry_.is_old() || !entry_.settings) return std::nullopt;
    const AcceptSettings& settings = *entry_.settings;
    const auto now = std::chrono::system_clock::now();
    auto plain = judge_plain_token(token, bindings, policy, settings, now);
    if (!plain) return std::nullopt;
    const auto answer = settings.replay_cache.remember_at_once(
        plain->replay_tag, std::chrono::floor<std::chrono::seconds>(now), settings.replay_life());
    if (answer != ReplayCache::Answer::fresh) return std::nullopt;
    return std::move(plain->client);
  }

 private:
  std::shared_ptr<SettingsCache> cache_;
  SettingsCache::Entry entry_;
};

// A refusal as KerberosAcceptor reports it.
RefusedClient refused_client(const AcceptFailure& failure) {
  using Kind = AcceptFailure::Kind;
  if (failure.kind == Kind::ntlm)
    return {
        "the browser sent NTLM: it found no Kerberos ticket for this host name (is an SPN of the front end's account "
        "missing for it, or the site not in the intranet zone?)",
        true};
  if (failure.kind == Kind::other_service) return {failure.text + ", which is no HTTP service of the keytab"};
  return {failure.text};
}

// SPNEGO in several legs, by libgssapi.
// Offer, Kerberos token, MIC over the list of mechanisms; one more for mechanisms' own sake.
constexpr int kMaxLegs = 4;

bool is_kerberos(const Buffer& mechanism) {
  return mechanism == mech_oid::kerberos || mechanism == mech_oid::ms_kerberos;
}

class SpnegoExchange final : public KerberosAcceptor::Exchange {
 public:
  explicit SpnegoExchange(std::shared_ptr<const GssAcceptor> gss) : gss_(std::move(gss)) {}
  std::variant<AcceptedClient, UnfinishedClient, RefusedClient> next(Bytes token, Bytes bindings,
                                                                     BindingsPolicy policy) override;

 private:
  // Looks at the Kerberos token in a leg, before libgssapi does. Nothing: the leg may go on.
  [[nodiscard]] std::optional<RefusedClient> inspect(Bytes token);

  std::shared_ptr<const GssAcceptor> gss_;
  GssContext context_;
  std::optional<PresentedTicket> presented_;  // of the leg that had the AP-REQ
  int legs_ = 0;
  bool ended_ = false;
};

std::optional<RefusedClient> SpnegoExchange::inspect(Bytes token) {
  if (legs_ == 1) {
    if (!KerberosAcceptor::begins_exchange(token)) return RefusedClient{"the token begins no exchange with Kerberos"};
    return std::nullopt;  // it has no Kerberos token, or one that libgssapi does not read: that of another mechanism
  }
  const auto response = decode_neg_token_resp(token);
  if (!response) return RefusedClient{"the token does not continue the exchange: " + response.error().message()};
  if (response->response_token.empty()) {
    if (presented_) return std::nullopt;  // the MIC alone
    return RefusedClient{"the client chose Kerberos and sent no Kerberos token"};
  }
  if (presented_) return RefusedClient{"the client sent a second Kerberos token"};
  if (is_ntlm_token(token))
    return RefusedClient{"the browser sent NTLM: it found no Kerberos ticket for this host name", true};
  auto ap_req = ap_req_of_token(token);
  if (!ap_req) return RefusedClient{"the token has no AP-REQ: " + ap_req.error().message()};
  auto presented = decode_presented_ticket(std::move(*ap_req));
  if (!presented) return RefusedClient{"the token's AP-REQ is malformed: " + presented.error().message()};
  if (const auto refusal = gss_->refusal_of(*presented)) return refused_client(*refusal);
  presented_ = std::move(*presented);
  return std::nullopt;
}

std::variant<AcceptedClient, UnfinishedClient, RefusedClient> SpnegoExchange::next(Bytes token, Bytes bindings,
                                                                                   BindingsPolicy policy) {
  if (ended_ || ++legs_ > kMaxLegs) return RefusedClient{"the exchange has ended"};
  ended_ = true;  // unless the end of this function says otherwise
  if (auto refusal = inspect(token)) return std::move(*refusal);
  const bool binds = policy != BindingsPolicy::ignore && !bindings.empty();
  auto accepted = gss_->continue_context(context_, token, binds ? std::optional(bindings) : std::nullopt);
  if (!accepted) return refused_client(accepted.error());
  if (!accepted->complete) {
    ended_ = false;
    return UnfinishedClient{.reply = std::move(accepted->reply)};
  }
  if (!presented_) return RefusedClient{"the exchange ended without a Kerberos token"};
  if (policy == BindingsPolicy::require && !accepted->channel_bound)
    return RefusedClient{"the client sent no channel bindings, and they are required"};
  return AcceptedClient{.user = std::move(accepted->client),
                        .reply = std::move(accepted->reply),
                        .ticket = encode(presented_->ap_req.ticket),
                        .channel_bound = accepted->channel_bound,
                        .ap_req = std::move(presented_->ap_req_der)};
}

class KeytabAcceptor : public KerberosAcceptor {
 public:
  using Answer = std::variant<AcceptedClient, RefusedClient>;
  KeytabAcceptor(std::shared_ptr<const GssAcceptor> gss, std::shared_ptr<SettingsCache> settings)
      : gss_(std::move(gss)), settings_(std::move(settings)) {}

  Answer accept(Bytes token, Bytes bindings, BindingsPolicy policy) const override {
    if (auto answer = accept_plain(token, bindings, policy)) return std::move(*answer);
    return accept_by_gssapi(token, bindings, policy);
  }

  std::unique_ptr<AtOnce> at_once() const override { return std::make_unique<PlainAtOnce>(settings_); }
  std::unique_ptr<Exchange> begin() const override { return std::make_unique<SpnegoExchange>(gss_); }

 private:
  [[nodiscard]] std::optional<Answer> accept_plain(Bytes token, Bytes bindings, BindingsPolicy policy) const {
    const auto settings = settings_->fresh();
    if (!settings) return std::nullopt;
    const auto now = std::chrono::system_clock::now();
    auto plain = judge_plain_token(token, bindings, policy, *settings, now);
    if (!plain) return std::nullopt;
    switch (settings->replay_cache.remember(plain->replay_tag, std::chrono::floor<std::chrono::seconds>(now),
                                            settings->replay_life())) {
      case ReplayCache::Answer::fresh:
        return std::move(plain->client);
      case ReplayCache::Answer::replay:
        return RefusedClient{"Request is a replay: " + plain->client.user + "'s token was here before"};
      case ReplayCache::Answer::unusable:
        break;  // libgssapi gives the reason
    }
    return std::nullopt;
  }

  [[nodiscard]] Answer accept_by_gssapi(Bytes token, Bytes bindings, BindingsPolicy policy) const {
    const bool binds = policy != BindingsPolicy::ignore && !bindings.empty();
    auto accepted = gss_->accept_once(token, binds ? std::optional(bindings) : std::nullopt);
    if (!accepted) return refused_client(accepted.error());
    AcceptedToken& result = accepted->token;
    if (policy == BindingsPolicy::require && !result.channel_bound)
      return RefusedClient{"the client sent no channel bindings, and they are required"};
    return AcceptedClient{.user = std::move(result.client),
                          .reply = std::move(result.reply),
                          .ticket = encode(accepted->presented.ap_req.ticket),
                          .channel_bound = result.channel_bound,
                          .ap_req = std::move(accepted->presented.ap_req_der)};
  }

  std::shared_ptr<const GssAcceptor> gss_;
  std::shared_ptr<SettingsCache> settings_;
};

Checked<std::shared_ptr<const KerberosAcceptor>> open_acceptor(const KerberosAcceptor::Options& options) {
  const auto entries = read_keytab(options.keytab);
  if (!entries) return entries.error();
  std::vector<Principal> services;
  const auto own = parse_principal(options.principal);
  for (const KeytabEntry& entry : *entries) {
    const auto& name = entry.principal.name.components;
    // A keytab may hold keys of host/ and other services: a ticket for one of those does not belong in a browser.
    const bool is_http = name.size() > 1 && equal_ignoring_case(name.front(), "HTTP");
    if (is_http || (own && same_service(entry.principal, *own))) services.push_back(entry.principal);
  }
  if (services.empty()) return Problem{.message = "keytab " + options.keytab + " has no key of an HTTP service"};
  auto gss = GssAcceptor::open({.keytab = options.keytab, .services = services, .allow_rc4 = options.allow_rc4});
  if (!gss) return gss.error();
  return std::make_shared<const KeytabAcceptor>(std::move(*gss),
                                                std::make_shared<SettingsCache>(options.keytab, std::move(services)));
}

}  // namespace

bool v0::KerberosAcceptor::begins_exchange(std::span<const std::uint8_t> token) {
  const auto init = decode_neg_token_init(token);
  if (!init || std::ranges::none_of(init->mech_types, is_kerberos)) return false;
  return init->mech_token.empty() || !is_kerberos(init->mech_types.front());
}

bool v0::KerberosAcceptor::continues_exchange(std::span<const std::uint8_t> token) {
  return decode_neg_token_resp(token).has_value();
}

std::shared_ptr<const KerberosAcceptor> v0::KerberosAcceptor::open(const Options& options, std::string& message) {
  auto opened = open_acceptor(options);
  if (opened) return std::move(*opened);
  message = to_string(opened.error());
  return nullptr;
}

}  // namespace stead
