#pragma once
// Judges the kind of token that nearly every client sends, without libgssapi: a Kerberos AP-REQ, raw or SPNEGO's first
// choice, with AES, for a key of the keytab, with GSSAPI's checksum, in one round. It follows kg_accept_krb5 and
// krb5_rd_req check for check and accepts no token that libgssapi would refuse. libgssapi judges every other token and
// gives the reason of a refusal.
//
// It exists for speed: by tests/bench/run proxy, a token costs the proxy 60 µs of CPU in all, and 175 µs with
// gss_accept_sec_context. The price is a second implementation of a security check: the tests give each kind of token
// to both, and tests/fuzz/fuzz_plain_token gives both what a fuzzer makes. Plugins of libkrb5 for authorization data
// are not called.
#include <chrono>
#include <optional>

#include "sspi_shim/krb5/accept_settings.h"
#include "stead/acceptor.h"

namespace stead {

struct PlainToken {
  AcceptedClient client;
  Buffer replay_tag;  // for the replay cache, which the caller has yet to ask
};
// As KerberosAcceptor::accept at the time `now`. Nothing: libgssapi has to judge the token. No I/O.
[[nodiscard]] std::optional<PlainToken> judge_plain_token(Bytes token, Bytes bindings, BindingsPolicy policy,
                                                          const AcceptSettings& settings,
                                                          std::chrono::system_clock::time_point now);

}  // namespace stead
