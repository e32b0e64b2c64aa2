#include "stead/acceptor.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "sspi_shim/krb5/gss_handles.h"
#include "sspi_shim/krb5/keytab.h"
#include "sspi_shim/krb5/plain_token.h"
#include "sspi_shim/protocol/messages/ap_messages.h"
#include "sspi_shim/protocol/messages/spnego.h"

namespace stead {
namespace {

constexpr OM_uint32 kChannelBoundFlag = 2048;  // GSS_C_CHANNEL_BOUND_FLAG, where the header is older than the library

// How long a key that was taken out of the keytab still opens tickets. One that was put in is found by libgssapi at
// once.
constexpr std::chrono::seconds kSettingsLife{2};

// The settings, read again when they are old.
class KeptSettings {
 public:
  using Clock = std::chrono::steady_clock;
  struct Read {
    std::shared_ptr<const AcceptSettings> settings;  // null: libgssapi alone can judge
    Clock::time_point at{};
    [[nodiscard]] bool is_old() const { return Clock::now() - at > kSettingsLife; }
  };
  KeptSettings(std::string keytab, std::vector<Principal> services)
      : keytab_(std::move(keytab)), services_(std::move(services)) {}

  // Blocks.
  [[nodiscard]] std::shared_ptr<const AcceptSettings> fresh() {
    const std::lock_guard lock(mutex_);
    if (read_.is_old()) {
      auto settings = read_accept_settings(keytab_, services_);
      read_ = {settings ? std::make_shared<const AcceptSettings>(std::move(*settings)) : nullptr, Clock::now()};
    }
    return read_.settings;
  }
  // What was read last; nothing where another thread is at it.
  [[nodiscard]] std::optional<Read> last() {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return std::nullopt;
    return read_;
  }

 private:
  const std::string keytab_;
  const std::vector<Principal> services_;
  std::mutex mutex_;
  Read read_;
};

class PlainAtOnce : public KerberosAcceptor::AtOnce {
 public:
  explicit PlainAtOnce(std::shared_ptr<KeptSettings> kept) : kept_(std::move(kept)) {}

  std::optional<AcceptedClient> accept(Bytes token, Bytes bindings, BindingsPolicy policy) override {
    if (read_.is_old()) {
      if (auto last = kept_->last()) read_ = std::move(*last);
    }
    if (read_.is_old() || !read_.settings) return std::nullopt;
    const AcceptSettings& settings = *read_.settings;
    const auto now = std::chrono::system_clock::now();
    auto plain = judge_plain_token(token, bindings, policy, settings, now);
    if (!plain) return std::nullopt;
    const auto answer = settings.replay_cache.remember_at_once(
        plain->replay_tag, std::chrono::floor<std::chrono::seconds>(now), settings.replay_life());
    if (answer != ReplayCache::Answer::fresh) return std::nullopt;
    return std::move(plain->client);
  }

 private:
  std::shared_ptr<KeptSettings> kept_;
  KeptSettings::Read read_;
};

class GssAcceptor : public KerberosAcceptor {
 public:
  GssAcceptor(const std::string& keytab, std::vector<Principal> services, bool allow_rc4)
      : settings_(std::make_shared<KeptSettings>(keytab, services)),
        services_(std::move(services)),
        allow_rc4_(allow_rc4) {}

  GssCredential credential;

  std::variant<AcceptedClient, RefusedClient> accept(Bytes token, Bytes bindings,
                                                     BindingsPolicy policy) const override {
    if (auto answer = accept_plain(token, bindings, policy)) return std::move(*answer);
    return accept_by_gssapi(token, bindings, policy);
  }

  std::unique_ptr<AtOnce> at_once() const override { return std::make_unique<PlainAtOnce>(settings_); }

 private:
  std::optional<std::variant<AcceptedClient, RefusedClient>> accept_plain(Bytes token, Bytes bindings,
                                                                          BindingsPolicy policy) const {
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
        break;  // libgssapi says why
    }
    return std::nullopt;
  }

  std::variant<AcceptedClient, RefusedClient> accept_by_gssapi(Bytes token, Bytes bindings,
                                                               BindingsPolicy policy) const {
    if (is_ntlm_token(token))
      return RefusedClient{
          "the browser sent NTLM: it found no Kerberos ticket for this host name (is an SPN of the front end's account "
          "missing for it, or the site not in the intranet zone?)",
          true};
    const auto ap_req_der = ap_req_of_negotiate_token(token);
    if (!ap_req_der)
      return RefusedClient{"the token is neither SPNEGO with a Kerberos token in it nor a Kerberos token"};
    auto ap_req = decode_ap_req(*ap_req_der);
    if (!ap_req) return RefusedClient{"the token's AP-REQ is malformed: " + ap_req.error().message()};
    // The library would take a ticket for any service whose key is ours; a client that asked for another service was
    // misled.
    const Principal service{ap_req->ticket.sname, ap_req->ticket.realm};
    if (std::none_of(services_.begin(), services_.end(),
                     [&](const Principal& ours) { return same_service(ours, service); }))
      return RefusedClient{"the ticket is for " + to_string(service) + ", which is no HTTP service of the keytab"};
    if (!allow_rc4_ && is_weak(ap_req->ticket.enc_part.etype))
      return RefusedClient{"the ticket is encrypted with " + enctype_name(ap_req->ticket.enc_part.etype) +
                           ", and allow_rc4 is not set"};

    gss_channel_bindings_struct channel{};
    channel.application_data = borrow_gss_buffer(bindings);
    const bool bind = policy != BindingsPolicy::ignore && !bindings.empty();
    gss_buffer_desc input = borrow_gss_buffer(token);
    GssContext context;
    GssName name;
    GssBuffer reply;
    OM_uint32 minor = 0, flags = 0;
    const OM_uint32 major = gss_accept_sec_context(&minor, &context.value, credential.value, &input,
                                                   bind ? &channel : GSS_C_NO_CHANNEL_BINDINGS, &name.value, nullptr,
                                                   &reply.value, &flags, nullptr, nullptr);
    if (GSS_ERROR(major)) return RefusedClient{gss_message(major, minor)};
    if (major & GSS_S_CONTINUE_NEEDED) return RefusedClient{"the client wants more than one round of tokens"};
    const bool bound = bind && (flags & kChannelBoundFlag) != 0;
    if (policy == BindingsPolicy::require && !bound)
      return RefusedClient{"the client sent no channel bindings, and they are required"};

    GssBuffer text;
    gss_OID type = GSS_C_NO_OID;
    if (const OM_uint32 failed = gss_display_name(&minor, name.value, &text.value, &type); GSS_ERROR(failed))
      return RefusedClient{gss_message(failed, minor)};
    return AcceptedClient{.user = std::string(as_text(text.bytes())),
                          .reply = to_buffer(reply.bytes()),
                          .ticket = encode(ap_req->ticket),
                          .channel_bound = bound,
                          .ap_req = *ap_req_der};
  }

  std::shared_ptr<KeptSettings> settings_;
  std::vector<Principal> services_;
  bool allow_rc4_;
};

}  // namespace

std::shared_ptr<const KerberosAcceptor> v0::KerberosAcceptor::open(const Options& options, std::string& message) {
  const std::string& keytab = options.keytab;
  const auto entries = read_keytab(keytab, message);
  if (!entries) return nullptr;
  std::vector<Principal> services;
  const auto own = parse_principal(options.principal);
  for (const KeytabEntry& entry : *entries) {
    const auto& name = entry.principal.name.components;
    // A keytab has host/ and others too: a ticket that was meant for those is not for a browser to bring here.
    const bool is_http = name.size() > 1 && equal_ignoring_case(name.front(), "HTTP");
    if (is_http || (own && same_service(entry.principal, *own))) services.push_back(entry.principal);
  }
  if (services.empty()) {
    message = "keytab " + keytab + " has no key of an HTTP service";
    return nullptr;
  }
  auto acceptor = std::make_shared<GssAcceptor>(keytab, std::move(services), options.allow_rc4);
  if (!acquire_acceptor(keytab, acceptor->credential, message)) return nullptr;
  return acceptor;
}

}  // namespace stead
