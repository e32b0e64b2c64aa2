#pragma once
// Accepts clients by GSSAPI with the keys of a keytab: the one caller of gss_accept_sec_context, under
// KerberosAcceptor, AcceptSecurityContext and samples/backend. It refuses tickets for other services and RC4 before
// libgssapi sees them: libgssapi takes a ticket for any service whose key is in the keytab.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/problem.h"
#include "sspi_shim/krb5/gss_handles.h"
#include "sspi_shim/krb5/presented_ticket.h"

namespace stead {

// Why a token is not accepted.
struct AcceptFailure {
  enum class Kind {
    ntlm,             // NTLMSSP in place of Kerberos
    no_ticket,        // no AP-REQ in it
    malformed,        // the AP-REQ does not decode
    other_service,    // the ticket is for a service that is not one of ours
    weak_encryption,  // the ticket is encrypted with RC4, without allow_rc4
    unfinished,       // the client needs more than one token
    gssapi,           // libgssapi refuses it: `major` and `minor`
  };
  Kind kind{};
  std::string text;  // one line, for the log
  OM_uint32 major = 0, minor = 0;
};
template <class T>
using Accepting = boost::system::result<T, AcceptFailure>;

// What libgssapi made of one token.
struct AcceptedToken {
  bool complete = false;        // false: the client has to send another
  Buffer reply;                 // for the client; may be empty
  std::string client;           // "alice@REALM", where complete
  OM_uint32 flags = 0;          // GSS_C_…_FLAG
  std::chrono::seconds life{};  // of the context
  bool channel_bound = false;   // the client sent the channel bindings that were given
};

// A client that needed one token.
struct AcceptedOnce {
  PresentedTicket presented;
  AcceptedToken token;
};

// Thread-safe. Its calls block a little: libgssapi's replay cache is a file.
class GssAcceptor {
 public:
  struct Options {
    std::string keytab;               // a file, or TYPE:rest
    std::vector<Principal> services;  // whose tickets are accepted; empty: those of every key in the keytab
    bool allow_rc4 = false;           // tickets encrypted with RC4
  };
  // Reads the keytab.
  [[nodiscard]] static Checked<std::shared_ptr<const GssAcceptor>> open(Options options);

  // The kinds other_service and weak_encryption; nothing: the ticket may be shown to libgssapi.
  [[nodiscard]] std::optional<AcceptFailure> refusal_of(const PresentedTicket& ticket) const;
  // Gives one token to a context, which is empty before the client's first. `bindings`: application data of the
  // channel; nothing: the client's bindings are ignored. The kind of a failure is gssapi.
  [[nodiscard]] Accepting<AcceptedToken> continue_context(GssContext& context, Bytes token,
                                                          const std::optional<Bytes>& bindings) const;
  // All of it, for a client that needs one token: refuses what is no Kerberos token, then as above.
  [[nodiscard]] Accepting<AcceptedOnce> accept_once(Bytes token, const std::optional<Bytes>& bindings) const;

 private:
  explicit GssAcceptor(Options options) : options_(std::move(options)) {}
  Options options_;
  GssCredential credential_;
};

}  // namespace stead
