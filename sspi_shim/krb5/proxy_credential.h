#pragma once
// The ProxyCredential that a Client returns: every ProxyCredentialPtr points to one.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "sspi_shim/krb5/credential.h"

namespace stead {

class IssuedProxyCredential final : public ProxyCredential {
 public:
  IssuedProxyCredential(Credential evidence, CredentialPtr own_tgt)
      : evidence_(std::move(evidence)), own_tgt_(std::move(own_tgt)) {}
  [[nodiscard]] const Credential& evidence() const {
    return evidence_;
  }  // the user's ticket to us, with its session key
  [[nodiscard]] const Credential& own_tgt() const { return *own_tgt_; }
  [[nodiscard]] std::string client() const override { return to_string(evidence_.client, evidence_.client_realm); }
  [[nodiscard]] std::string impersonator() const override {
    return to_string(own_tgt_->client, own_tgt_->client_realm);
  }
  [[nodiscard]] std::chrono::sys_seconds end_time() const override {
    return std::min(evidence_.endtime, own_tgt_->endtime);
  }

 private:
  Credential evidence_;
  CredentialPtr own_tgt_;
};

}  // namespace stead
