#pragma once
// Verifies the Negotiate token of a client with the keytab of this service (a GSSAPI acceptor), and returns what
// delegation needs: the client's name and its service ticket, which is the evidence for S4U2Proxy. accept() takes one
// token. A client that needs several tokens is accepted by an Exchange, one for each connection.
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
  bool channel_bound = false;        // the token has bindings, and they match the given ones
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

// Channel bindings tie a token to one TLS connection, so that nobody can pass it on over another.
enum class BindingsPolicy {
  ignore,   // bindings are not checked
  allow,    // bindings that the client sent must match the given ones; with none given, they are not checked
  require,  // the client must send bindings, and they must match the given ones; with none given, all is refused
};

class KerberosAcceptor {
 public:
  struct Options {
    std::string keytab;
    // Does not restrict: tickets for this principal are accepted, and for each HTTP/… principal of the keytab. Empty:
    // for the latter alone. To accept one name only, give a keytab that has no other.
    std::string principal;
    bool allow_rc4 = false;  // accept tickets encrypted with RC4
  };
  // Reads the keytab: blocks. On failure (it cannot be read, or has no such key) returns null and sets `message` to one
  // line that names the keytab.
  [[nodiscard]] static std::shared_ptr<const KerberosAcceptor> open(const Options& options, std::string& message);
  virtual ~KerberosAcceptor() = default;
  // Thread-safe. Blocks on the replay cache: call it on a thread pool. That is libkrb5's, a file (KRB5RCACHENAME or
  // default_rcache_name of krb5.conf; else in KRB5RCACHEDIR, TMPDIR or /var/tmp). `token`: what follows "Negotiate " in
  // Authorization, base64-decoded. `bindings`: the application data of the channel bindings (RFC 5929). Pass them on
  // every TLS connection: empty means that the channel has none (plain HTTP), and then `allow` checks nothing.
  [[nodiscard]] virtual std::variant<AcceptedClient, RefusedClient> accept(std::span<const std::uint8_t> token,
                                                                           std::span<const std::uint8_t> bindings,
                                                                           BindingsPolicy policy) const = 0;

  // Accepts most tokens without blocking, for an event loop. Call this first, and KerberosAcceptor::accept() on a
  // thread pool if it returns nothing. Each object is for one thread. It works with what accept() read last, for two
  // seconds.
  class AtOnce {
   public:
    virtual ~AtOnce() = default;
    // The client of a valid token. Nothing: accept() must judge the token. That is so for a token that looks invalid or
    // unusual; for every token if the replay cache's file is not in memory (tmpfs), since it may block; and for a valid
    // token every two seconds, so that accept() reads the keytab and krb5.conf again.
    [[nodiscard]] virtual std::optional<AcceptedClient> accept(std::span<const std::uint8_t> token,
                                                               std::span<const std::uint8_t> bindings,
                                                               BindingsPolicy policy) = 0;
  };
  // The object may outlive this acceptor.
  [[nodiscard]] virtual std::unique_ptr<AtOnce> at_once() const = 0;

  // SPNEGO with several tokens of the client (RFC 4178 §3.2): it prefers another mechanism than Kerberos, or its first
  // token has no Kerberos token. If begins_exchange() is true for a token, make one Exchange for its connection, and
  // give it this token and all that follow on the same connection, and none of another connection. Not thread-safe;
  // next() blocks as accept() does.
  class Exchange {
   public:
    virtual ~Exchange() = default;
    // UnfinishedClient: send its reply with 401; the next token comes on the same connection. AcceptedClient and
    // RefusedClient end the exchange: every call after them gives RefusedClient. Four tokens at most.
    [[nodiscard]] virtual std::variant<AcceptedClient, UnfinishedClient, RefusedClient> next(
        std::span<const std::uint8_t> token, std::span<const std::uint8_t> bindings, BindingsPolicy policy) = 0;
  };
  // True for a first token that begins such an exchange and offers Kerberos. accept() refuses it; give it to next().
  [[nodiscard]] static bool begins_exchange(std::span<const std::uint8_t> token);
  // True for a token that can only follow in such an exchange (NegTokenResp). accept() refuses it; give it to next() of
  // its connection's Exchange, and refuse it if the connection has none.
  [[nodiscard]] static bool continues_exchange(std::span<const std::uint8_t> token);
  // A new Exchange. It may outlive this acceptor.
  [[nodiscard]] virtual std::unique_ptr<Exchange> begin() const = 0;
};

}  // namespace v0
}  // namespace stead
