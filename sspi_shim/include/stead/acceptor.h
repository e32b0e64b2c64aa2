#pragma once
// Verifies the Negotiate token of a client with the keytab of this service (a GSSAPI acceptor), and returns what
// delegation needs: the client's name and its service ticket, which is the evidence for S4U2Proxy. accept() takes one
// token; a client that needs more of them is accepted by an Exchange, which belongs to the client's connection.
//
// The tokens of nearly all clients are verified without libgssapi, by the same rules: libgssapi reads krb5.conf and the
// keytab for each token and takes ten times as long. All other tokens go to libgssapi.
//
//   const auto acceptor = stead::KerberosAcceptor::open(
//       {.keytab = path, .principal = "HTTP/frontend.root.fabrikam.com@ROOT.FABRIKAM.COM"}, message);
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
  std::vector<std::uint8_t> reply;   // token for WWW-Authenticate: Negotiate; empty: the client requested none
  std::vector<std::uint8_t> ticket;  // DER Ticket to this service: for Client::from_ticket
  bool channel_bound = false;        // the token is bound to the given channel
  std::vector<std::uint8_t> ap_req;  // DER, as received: for Client::from_forwarded_tgt
};
struct RefusedClient {
  std::string reason;    // one line for the log; do not send it to the client
  bool is_ntlm = false;  // the client sent an NTLM token
};

// SPNEGO goes on: the client has to send another token on the same connection.
struct UnfinishedClient {
  std::vector<std::uint8_t> reply;  // token for 401 with WWW-Authenticate: Negotiate
};

enum class BindingsPolicy {
  ignore,   // bindings are not checked
  allow,    // bindings that the client sent must match
  require,  // the client must send bindings, and they must match
};

class KerberosAcceptor {
 public:
  struct Options {
    std::string keytab;
    std::string principal;   // of this service; tickets for other HTTP/… principals of the keytab are accepted too
    bool allow_rc4 = false;  // accept tickets encrypted with RC4
  };
  // Reads the keytab: blocks. On failure returns null and sets `message` to one line that names the keytab.
  [[nodiscard]] static std::shared_ptr<const KerberosAcceptor> open(const Options& options, std::string& message);
  virtual ~KerberosAcceptor() = default;
  // Thread-safe. Blocks on the replay cache, a file in KRB5RCACHEDIR: call it on a thread pool. `token`: what follows
  // "Negotiate " in Authorization, base64-decoded. `bindings`: the application data of the channel bindings (RFC 5929);
  // empty: the channel has none (plain HTTP), and `require` refuses.
  [[nodiscard]] virtual std::variant<AcceptedClient, RefusedClient> accept(std::span<const std::uint8_t> token,
                                                                           std::span<const std::uint8_t> bindings,
                                                                           BindingsPolicy policy) const = 0;

  // Accepts most tokens without blocking, for an event loop. Call this first, and KerberosAcceptor::accept() on a thread
  // pool if it returns nothing. Each object is for one thread.
  class AtOnce {
   public:
    virtual ~AtOnce() = default;
    // The client of a valid token. Returns nothing for a token that accept() must judge: one that looks invalid or
    // unusual; every token, if the replay cache's file is not in memory (tmpfs) and may block; and now and then a valid
    // one, so that accept() reads the keytab and krb5.conf again.
    [[nodiscard]] virtual std::optional<AcceptedClient> accept(std::span<const std::uint8_t> token,
                                                               std::span<const std::uint8_t> bindings,
                                                               BindingsPolicy policy) = 0;
  };
  [[nodiscard]] virtual std::unique_ptr<AtOnce> at_once() const = 0;

  // SPNEGO in several legs (RFC 4178 §3.2): the client prefers another mechanism than Kerberos, or its first token has no
  // Kerberos token. Keep it for the connection of its first token, and give it that connection's tokens only. Not
  // thread-safe; next() blocks as accept() does. After AcceptedClient and RefusedClient it has ended.
  class Exchange {
   public:
    virtual ~Exchange() = default;
    [[nodiscard]] virtual std::variant<AcceptedClient, UnfinishedClient, RefusedClient> next(
        std::span<const std::uint8_t> token, std::span<const std::uint8_t> bindings, BindingsPolicy policy) = 0;
  };
  // True for a first token that begins such an exchange and offers Kerberos. accept() refuses it.
  [[nodiscard]] static bool begins_exchange(std::span<const std::uint8_t> token);
  // True for the tokens that follow. accept() refuses them.
  [[nodiscard]] static bool continues_exchange(std::span<const std::uint8_t> token);
  [[nodiscard]] virtual std::unique_ptr<Exchange> begin() const = 0;
};

}  // namespace v0
}  // namespace stead
