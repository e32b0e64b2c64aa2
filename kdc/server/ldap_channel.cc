#include "kdc/server/ldap_channel.h"

#include <boost/asio/write.hpp>
#include <string>
#include <utility>

#include "kdc/ldap/wire/ldap_request.h"

namespace stead::kdc {

Checked<TlsContext> make_tls_context(const Controller& controller) {
  if (controller.certificate.empty()) return TlsContext{};
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  Error error;
  context->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
  std::string file = controller.certificate;
  if (!error) context->use_certificate_chain_file(file, error);
  if (!error) {
    file = controller.key;
    context->use_private_key_file(file, asio::ssl::context::pem, error);
  }
  if (error) return Problem{"cannot use " + file + ": " + error.message(), controller.name, {}};
  return context;
}

bool LdapChannel::is_confidential() const {
  return has_tls() || (layer_ != nullptr && layer_->protection() == Protection::seal);
}

asio::awaitable<Error> LdapChannel::read_some() {
  Error error;
  std::size_t size = 0;
  if (tls_) {
    auto [why, read] = co_await tls_->async_read_some(asio::buffer(chunk_), as_result);
    error = why;
    size = read;
  } else {
    auto [why, read] = co_await socket_.async_read_some(asio::buffer(chunk_), as_result);
    error = why;
    size = read;
  }
  if (!error) append(layer_ ? wrapped_ : plain_, Bytes(chunk_).first(size));
  co_return error;
}

Error LdapChannel::unwrap() {
  std::size_t used = 0;
  while (wrapped_.size() - used >= 4) {
    const Bytes rest = Bytes(wrapped_).subspan(used);
    const std::size_t size = load_be32(rest.data());
    if (size > kMaxSealedBuffer) return make_error_code(WireErrc::too_large);
    if (rest.size() - 4 < size) break;
    const auto content = layer_->unwrap(rest.subspan(4, size));
    if (!content) return content.error();
    append(plain_, *content);
    used += 4 + size;
  }
  wrapped_.erase(wrapped_.begin(), wrapped_.begin() + std::ptrdiff_t(used));
  return {};
}

asio::awaitable<Result<Buffer>> LdapChannel::read_message(std::size_t limit) {
  for (;;) {
    const auto size = ldap_message_size(plain_, limit);
    if (!size) co_return size.error();
    if (*size != 0 && plain_.size() >= *size) {
      const auto end = plain_.begin() + std::ptrdiff_t(*size);
      Buffer message(plain_.begin(), end);
      plain_.erase(plain_.begin(), end);
      co_return message;
    }
    const Error failed = co_await read_some();
    if (failed) co_return failed;
    if (!layer_) continue;
    if (const Error broken = unwrap()) co_return broken;
  }
}

asio::awaitable<bool> LdapChannel::write(Buffer messages) {
  if (layer_) {
    messages = layer_->wrap(messages);
    if (messages.empty()) co_return false;
  }
  Error error;
  if (tls_) {
    auto [why, size] = co_await asio::async_write(*tls_, asio::buffer(messages), as_result);
    error = why;
  } else {
    auto [why, size] = co_await asio::async_write(socket_, asio::buffer(messages), as_result);
    error = why;
  }
  co_return !error;
}

asio::awaitable<bool> LdapChannel::start_tls(TlsContext context) {
  context_ = std::move(context);
  tls_.emplace(socket_, *context_);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, as_result);
  co_return !error;
}

}  // namespace stead::kdc
