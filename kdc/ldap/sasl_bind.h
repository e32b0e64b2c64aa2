#pragma once
// SASL GSSAPI (RFC 4752) and GSS-SPNEGO as the acceptor's side, without sockets, and the security layer that they
// agree on.
#include <gssapi/gssapi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "kdc/ldap/gss_keys.h"
#include "kdc/ldap/ldap_caller.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/protocol/errors/error.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::kdc {

enum class Protection { none, sign, seal };

// Signs or seals what follows a bind. Used by one connection at a time.
class SecurityLayer {
 public:
  // The context is given up to it. `max_sent`: the size of a wrapped buffer that the client reads.
  SecurityLayer(gss_ctx_id_t context, Protection protection, std::uint32_t max_sent);
  ~SecurityLayer();
  SecurityLayer(const SecurityLayer&) = delete;
  SecurityLayer& operator=(const SecurityLayer&) = delete;

  // Wrapped buffers, each behind its length in four octets. Empty: the context has failed.
  [[nodiscard]] Buffer wrap(Bytes plain);
  // The content of one buffer, without its length. Fails with integrity, also for a buffer that is signed but not sealed
  // where sealing was agreed on.
  [[nodiscard]] Result<Buffer> unwrap(Bytes wrapped);
  [[nodiscard]] Protection protection() const { return protection_; }

 private:
  gss_ctx_id_t context_;
  Protection protection_;
  std::uint32_t max_plain_ = 0;
};

constexpr std::uint32_t kMaxSealedBuffer = 256 * 1024;  // of a client; what RFC 4752's offer says

// Who a client is by its ticket.
struct SaslIdentity {
  std::string principal;              // "alice@ROOT.FABRIKAM.COM"
  std::optional<PacLogonInfo> logon;  // of a PAC whose signature was verified
};

enum class SaslMechanism { gssapi, gss_spnego };

// One bind, of as many steps as the client needs.
class SaslBind {
 public:
  // `layers`: whether signing and sealing may be agreed on; not within TLS.
  SaslBind(SaslMechanism mechanism, std::shared_ptr<const GssKeys> keys, bool layers);
  ~SaslBind();
  SaslBind(const SaslBind&) = delete;
  SaslBind& operator=(const SaslBind&) = delete;

  struct Step {
    enum class Kind { go_on, done, refused } kind = Kind::refused;
    Buffer token;     // for the client
    std::string why;  // for the log, of a refusal
  };
  // Blocking a little: libgssapi's replay cache is a file.
  [[nodiscard]] Step step(Bytes token);

  // Once done.
  [[nodiscard]] const SaslIdentity& identity() const { return identity_; }
  // Null: neither signing nor sealing. At most once.
  [[nodiscard]] std::unique_ptr<SecurityLayer> take_layer();

 private:
  enum class State { negotiating, offering, choosing, done };
  Step negotiate(Bytes token);
  Step offer();
  Step choose(Bytes token);
  bool read_identity(gss_name_t name);

  SaslMechanism mechanism_;
  std::shared_ptr<const GssKeys> keys_;
  bool layers_;
  State state_ = State::negotiating;
  gss_ctx_id_t context_ = GSS_C_NO_CONTEXT;
  std::uint32_t flags_ = 0;
  Protection protection_ = Protection::none;
  std::uint32_t max_sent_ = 0;
  SaslIdentity identity_;
};

}  // namespace stead::kdc
