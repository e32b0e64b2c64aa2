#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/tls/server_tls.h"
#include "proxy/tls/tls_policy.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kTickets = 2;  // that a client gets by a handshake, as OpenSSL's default

// The protocols of ALPN (RFC 7301), the preferred one first.
constexpr std::string_view kHttp2AndHttp1 = "\x02h2\x08http/1.1", kHttp1 = "\x08http/1.1";

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void* protocols) {
  const auto& ours = *static_cast<const std::string_view*>(protocols);
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// The first host name of the extension (RFC 6066 §3), in lower case. Empty: there is none, or it is malformed, which
// OpenSSL refuses later.
std::string server_name_of(SSL* ssl) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1) return {};
  constexpr std::size_t kHead = 5;  // of the list: length (2); of its first entry: type (1), length (2)
  if (size < kHead || data[2] != TLSEXT_NAMETYPE_host_name) return {};
  const std::size_t length = std::size_t{data[3]} << 8 | data[4];
  if (length > size - kHead || length > TLSEXT_MAXLEN_host_name) return {};
  return to_lower({reinterpret_cast<const char*>(data) + kHead, length});
}

std::string_view fingerprint_in(SSL_SESSION* session) {
  void* data = nullptr;
  std::size_t size = 0;
  if (SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 || data == nullptr) return {};
  return {static_cast<const char*>(data), size};
}

bool has_fingerprint(const OwnCertificate& certificate, std::string_view fingerprint) {
  return fingerprint.size() == certificate.fingerprint.size() &&
         std::memcmp(fingerprint.data(), certificate.fingerprint.data(), fingerprint.size()) == 0;
}

}  // namespace

// --- made once ------------------------------------------------------------------------------------------------------

Checked<std::unique_ptr<TlsListener>> TlsListener::open(const TlsSettings& settings, Common common,
                                                        std::vector<std::string>& warnings) {
  std::unique_ptr<TlsListener> out(new TlsListener(common));
  std::vector<CertificateIndex::Entry> entries;
  for (const CertificateFiles& files : settings.certificates) {
    auto loaded = OwnCertificate::load(files, warnings);
    if (!loaded) return loaded.error();
    entries.push_back({.names = (*loaded)->names, .key_type = EVP_PKEY_get_base_id((*loaded)->key.get())});
    out->certificates_.push_back(std::move(*loaded));
  }
  out->index_ = std::make_unique<CertificateIndex>(entries);
  if (auto made = out->make_contexts(settings); !made) return made.error();
  return out;
}

Checked<void> TlsListener::make_contexts(const TlsSettings& settings) {
  for (const CertificateIndex::Set& set : index_->sets()) {
    SslContextPtr context(SSL_CTX_new(TLS_server_method()));
    if (!context) throw std::bad_alloc();
    use_policy(context.get(), settings.policy);
    set_callbacks(context.get());
    for (const std::size_t number : set) {
      auto used = certificates_[number]->use_in(context.get(), settings.certificates[number]);
      if (!used) return used;
    }
    contexts_.push_back(std::move(context));
  }
  return boost::system::in_place_value;
}

// All contexts have the same: the one of the first certificate begins each handshake.
void TlsListener::set_callbacks(SSL_CTX* context) const {
  SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);  // a login form has a password
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol,
                             const_cast<std::string_view*>(common_.http2 ? &kHttp2AndHttp1 : &kHttp1));
  SSL_CTX_set_client_hello_cb(context, on_client_hello, nullptr);
  SSL_CTX_set_tlsext_servername_callback(context, on_server_name);
  SSL_CTX_set_tlsext_status_cb(context, on_status_request);
  if (common_.clients != nullptr) common_.clients->use_in(context);
  // Sessions are in tickets alone: a cache would cost memory for each client, and a lock between cores.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(context, std::chrono::seconds(TicketKeys::kTicketLife).count());
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket_key);
  SSL_CTX_set_session_ticket_cb(context, on_new_ticket, on_ticket, nullptr);
  constexpr std::string_view kSessionContext = "stead";
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                 kSessionContext.size());
}

// --- in each handshake ----------------------------------------------------------------------------------------------

TlsHandshake* TlsListener::handshake_of(SSL* ssl) {
  return static_cast<TlsHandshake*>(SSL_get_app_data(ssl));
}

// After a HelloRetryRequest this happens a second time, with a ClientHello that may differ: nothing of the first stays.
void TlsListener::choose(SSL* ssl, TlsHandshake& handshake) const {
  handshake.set_ = index_->find(handshake.server_name);
  SSL_CTX* const context = contexts_[handshake.set_].get();
  if (SSL_get_SSL_CTX(ssl) != context && SSL_set_SSL_CTX(ssl, context) == nullptr) throw std::bad_alloc();
  handshake.asks_for_certificate = common_.clients != nullptr && common_.clients->asked_by(handshake.server_name);
  SSL_set_verify(ssl, handshake.asks_for_certificate ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (handshake.asks_for_certificate)
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
  else
    SSL_clear_options(ssl, SSL_OP_NO_TICKET);
  SSL_set_num_tickets(ssl, handshake.asks_for_certificate ? 0 : kTickets);
}

const OwnCertificate* TlsListener::certificate_of(SSL* ssl) const {
  const X509* const shown = SSL_get_certificate(ssl);
  const auto found = std::find_if(certificates_.begin(), certificates_.end(),
                                  [shown](const auto& each) { return each->leaf.get() == shown; });
  return found != certificates_.end() ? found->get() : nullptr;
}

const OwnCertificate* TlsListener::certificate_of(SSL_SESSION* session) const {
  const auto found = std::find_if(
      certificates_.begin(), certificates_.end(),
      [fingerprint = fingerprint_in(session)](const auto& each) { return has_fingerprint(*each, fingerprint); });
  return found != certificates_.end() ? found->get() : nullptr;
}

bool TlsListener::may_resume(SSL_SESSION* session, const TlsHandshake& handshake) const {
  const std::string_view fingerprint = fingerprint_in(session);
  const CertificateIndex::Set& set = index_->sets()[handshake.set_];
  return !handshake.asks_for_certificate && std::any_of(set.begin(), set.end(), [&](std::size_t number) {
    return has_fingerprint(*certificates_[number], fingerprint);
  });
}

void TlsListener::finish(SSL* ssl, TlsHandshake& handshake) const {
  handshake.certificate = SSL_session_reused(ssl) == 1 ? certificate_of(SSL_get0_session(ssl)) : certificate_of(ssl);
}

// --- callbacks: no exception may pass through OpenSSL ---------------------------------------------------------------

int TlsListener::on_client_hello(SSL* ssl, int* alert, void*) noexcept try {
  TlsHandshake& handshake = *handshake_of(ssl);
  handshake.server_name = server_name_of(ssl);
  handshake.listener_->choose(ssl, handshake);
  return SSL_CLIENT_HELLO_SUCCESS;
} catch (...) {
  *alert = SSL_AD_INTERNAL_ERROR;
  return SSL_CLIENT_HELLO_ERROR;
}

int TlsListener::on_server_name(SSL* ssl, int*, void*) noexcept {
  return handshake_of(ssl)->server_name.empty() ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_OK;
}

int TlsListener::on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                               EVP_MAC_CTX* mac, int making) noexcept try {
  TicketKeys& keys = handshake_of(ssl)->listener_->common_.ticket_keys;
  return prepare_ticket(keys, making == 1 ? TicketUse::make : TicketUse::open, name, iv, cipher, mac);
} catch (...) {
  return -1;
}

// A session that is resumed has its certificate's fingerprint already.
int TlsListener::on_new_ticket(SSL* ssl, void*) noexcept {
  SSL_SESSION* const session = SSL_get_session(ssl);
  if (!fingerprint_in(session).empty()) return 1;
  const OwnCertificate* const certificate = handshake_of(ssl)->listener_->certificate_of(ssl);
  if (certificate == nullptr) return 1;
  const auto& fingerprint = certificate->fingerprint;
  return SSL_SESSION_set1_ticket_appdata(session, fingerprint.data(), fingerprint.size());
}

SSL_TICKET_RETURN TlsListener::on_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char*, std::size_t,
                                         SSL_TICKET_STATUS status, void*) noexcept {
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) return SSL_TICKET_RETURN_IGNORE_RENEW;
  const TlsHandshake& handshake = *handshake_of(ssl);
  if (!handshake.listener_->may_resume(session, handshake)) return SSL_TICKET_RETURN_IGNORE_RENEW;
  // Clients use a ticket of TLS 1.3 once, so that nobody sees that two connections are theirs (RFC 8446 §C.4).
  return status == SSL_TICKET_SUCCESS && SSL_version(ssl) < TLS1_3_VERSION ? SSL_TICKET_RETURN_USE
                                                                           : SSL_TICKET_RETURN_USE_RENEW;
}

int TlsListener::on_status_request(SSL* ssl, void*) noexcept {
  const OwnCertificate* const certificate = handshake_of(ssl)->listener_->certificate_of(ssl);
  if (certificate == nullptr || !certificate->staple.is_good_at(std::chrono::system_clock::now()))
    return SSL_TLSEXT_ERR_NOACK;
  const auto& response = certificate->staple.response;
  void* const copy = OPENSSL_memdup(response.data(), response.size());
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(ssl, static_cast<unsigned char*>(copy), static_cast<long>(response.size()));
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace stead::proxy
