#include "proxy/tls/server_tls.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {

Checked<std::shared_ptr<ServerTls>> ServerTls::open(const Config& config, std::shared_ptr<TicketKeys> own_keys) {
  if (!config.has_tls()) return std::shared_ptr<ServerTls>();
  auto out = std::make_shared<ServerTls>();
  out->ticket_keys_ = std::move(own_keys);
  if (!config.ticket_key_file.empty()) {
    auto keys = TicketKeys::read(config.ticket_key_file, config.ticket_key_where);
    if (!keys) return keys.error();
    out->ticket_keys_ = std::move(*keys);
  }
  auto clients = ClientCertificates::open(config, out->warnings_);
  if (!clients) return clients.error();
  out->clients_ = std::move(*clients);
  const TlsListener::Common common{
      .http2 = config.http2, .clients = out->clients_.get(), .ticket_keys = *out->ticket_keys_};
  const auto open = [&](const TlsSettings& settings) -> Checked<std::unique_ptr<TlsListener>> {
    if (settings.certificates.empty()) return std::unique_ptr<TlsListener>();
    return TlsListener::open(settings, common, out->warnings_);
  };
  auto first = open(config.tls);
  if (!first) return first.error();
  out->default_ = std::move(*first);
  for (const ListenerTls& listener : config.listener_tls) {
    auto other = open(listener.settings);
    if (!other) return other.error();
    out->others_.emplace_back(listener.at, std::move(*other));
  }
  // Addresses may share certificates.
  std::sort(out->warnings_.begin(), out->warnings_.end());
  out->warnings_.erase(std::unique(out->warnings_.begin(), out->warnings_.end()), out->warnings_.end());
  return out;
}

std::vector<std::string> ServerTls::files(const Config& config) {
  std::vector<std::string> out;
  const auto add = [&out](const TlsSettings& settings) {
    for (const CertificateFiles& files : settings.certificates)
      for (const std::string* const file : {&files.certificate, &files.key, &files.ocsp}) out.push_back(*file);
  };
  add(config.tls);
  for (const ListenerTls& listener : config.listener_tls) add(listener.settings);
  out.push_back(config.ticket_key_file);
  if (config.certificate_sign_in) {
    out.push_back(config.certificate_ca);
    out.insert(out.end(), config.certificate_crls.begin(), config.certificate_crls.end());
  }
  std::erase(out, "");
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

const TlsListener* ServerTls::at(const Endpoint& listener) const {
  const auto found =
      std::find_if(others_.begin(), others_.end(), [&](const auto& other) { return other.first == listener; });
  return found != others_.end() ? found->second.get() : default_.get();
}

bool ServerTls::speaks_http_2(SSL* ssl) {
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  if (ssl != nullptr) SSL_get0_alpn_selected(ssl, &protocol, &size);
  return std::string_view(reinterpret_cast<const char*>(protocol), size) == "h2";
}

}  // namespace stead::proxy
