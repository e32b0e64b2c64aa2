#pragma once
// Judges a client's Negotiate token with the keys of our keytab, and takes out of it what delegation needs: the client's name and its
// service ticket, which becomes evidence. One round: a client that needs more than one token is refused, since no state may
// hang on its connection. GSSAPI judges; what nearly all clients send is judged by the same rules without libgssapi, which takes
// ten times as long, for it reads krb5.conf and the keytab for each token.
//
//   const auto acceptor = stead::KerberosAcceptor::open({.keytab = path, .principal = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"}, message);
//   const auto answer   = acceptor->accept(token, {}, stead::BindingsPolicy::allow);
//   const auto identity = client->from_ticket(std::get<stead::AcceptedClient>(answer).ticket);
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace stead {
inline namespace [[gnu::visibility("default")]] v0 {

struct AcceptedClient {
  std::string user;                  // "alice@ROOT.FABRIKAM.COM"
  std::vector<std::uint8_t> reply;   // for WWW-Authenticate: Negotiate; empty: the client asked for none
  std::vector<std::uint8_t> ticket;  // DER Ticket to us: evidence for S4U2Proxy
  bool channel_bound = false;
  std::vector<std::uint8_t> ap_req;  // DER, as it came: a forwarded TGT is in it
};
struct RefusedClient {
  std::string reason;  // for the log, one line; the client learns nothing of it
  bool is_ntlm = false;
};

enum class BindingsPolicy {
  ignore,   // not looked at
  allow,    // must hold where the client sent them
  require,  // must be there and hold
};

class KerberosAcceptor {
 public:
  struct Options {
    std::string keytab;
    std::string principal;   // ours; besides it, tickets for HTTP/anything of the keytab are taken
    bool allow_rc4 = false;  // tickets encrypted with RC4
  };
  // `message`: one line that names the keytab.
  [[nodiscard]] static std::shared_ptr<const KerberosAcceptor> open(const Options& options, std::string& message);
  virtual ~KerberosAcceptor() = default;
  // Blocks a little (the replay cache is a file, where KRB5RCACHEDIR says): for a thread pool. Thread-safe. `bindings`: application
  // data of the channel, empty: none (plain HTTP), in which case `require` refuses.
  [[nodiscard]] virtual std::variant<AcceptedClient, RefusedClient> accept(std::span<const std::uint8_t> token,
                                                                           std::span<const std::uint8_t> bindings,
                                                                           BindingsPolicy policy) const = 0;

  // For an event loop, which may not block: asked first, and accept() on a thread pool where it does not say. For one thread.
  class AtOnce {
   public:
    virtual ~AtOnce() = default;
    // The client of a token that is plainly good. Nothing: accept() has to judge it; so it is with every token where the replay cache
    // may block (its file is not in memory: tmpfs), and with one token in a while so that the keytab and krb5.conf are read again.
    [[nodiscard]] virtual std::optional<AcceptedClient> accept(std::span<const std::uint8_t> token,
                                                               std::span<const std::uint8_t> bindings,
                                                               BindingsPolicy policy) = 0;
  };
  [[nodiscard]] virtual std::unique_ptr<AtOnce> at_once() const = 0;
};

}  // namespace v0
}  // namespace stead
