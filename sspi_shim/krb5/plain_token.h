#pragma once
// The judgment of the token that nearly every client sends, without libgssapi: a Kerberos AP-REQ, bare or the first
// choice within SPNEGO, AES throughout, for a key of the keytab, with GSSAPI's checksum, in one round. It takes no
// token that libgssapi would refuse (kg_accept_krb5 and krb5_rd_req are what it follows, check for check); whatever it
// does not take, libgssapi judges, and words the refusal.
//
// "Accepting a client: GSSAPI" was the decision, for it is security-critical and well kept there. Measured
// (tests/bench/run proxy), a token cost the proxy 175 µs of CPU, nearly all of it in gss_accept_sec_context; so judged,
// 60 µs with all else. What that costs is a second judge; the tests set each kind of token before both, and
// tests/fuzz/fuzz_plain_token whatever a fuzzer makes of one. Plugins of libkrb5 that look into authorization data are
// not asked.
#include <chrono>
#include <optional>

#include "sspi_shim/krb5/accept_settings.h"
#include "stead/acceptor.h"

namespace stead {

struct PlainToken {
  AcceptedClient client;
  Buffer replay_tag;  // for the replay cache, which has not been asked
};
// As KerberosAcceptor::accept, at this time. No I/O.
[[nodiscard]] std::optional<PlainToken> judge_plain_token(Bytes token, Bytes bindings, BindingsPolicy policy,
                                                          const AcceptSettings& settings,
                                                          std::chrono::system_clock::time_point now);

}  // namespace stead
