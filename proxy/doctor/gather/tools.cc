#include "proxy/doctor/gather/tools.h"

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sspi_shim/protocol/crypto/enctype_rules.h"

namespace stead::doctor {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kQuestionTime{10000};  // all exchanges of one question

}  // namespace

Tools::Tools(boost::asio::any_io_executor on, proxy::Config proxy_config)
    : executor(on),
      config(std::move(proxy_config)),
      self(*parse_principal(config.client.principal)),
      locator(make_dc_locator(executor, config.client.locator)),
      driver(executor, make_kdc_transport(executor, locator, config.client.kdc_timeout, config.client.locator), locator,
             Driver::Levels::learned) {
  if (config.client.allow_rc4) context.etypes.push_back(EncType::rc4_hmac);
  auto made = make_dns_resolver(executor, config.client.locator.nameservers);
  if (made) domain_dns = *made;
  made = make_dns_resolver(executor, {});
  if (made) system_dns = *made;
}

std::vector<Key> Tools::keys_of(const Principal& name) const {
  std::vector<Key> out;
  for (const KeytabEntry& entry : keytab) {
    if (same_service(entry.principal, name) && (config.client.allow_rc4 || !is_weak(entry.key.type())))
      out.push_back(entry.key);
  }
  return out;
}

CallPtr Tools::new_call() const {
  auto call = std::make_shared<Call>();
  call->deadline = std::chrono::steady_clock::now() + kQuestionTime;
  call->about.front_end = self;
  return call;
}

Awaitable<void> run_all(asio::any_io_executor executor, std::vector<Task> tasks) {
  struct Waiting {
    explicit Waiting(const asio::any_io_executor& on) : done(on, asio::steady_timer::time_point::max()) {}
    std::size_t left = 0;
    asio::steady_timer done;
  };
  auto waiting = std::make_shared<Waiting>(executor);
  waiting->left = tasks.size();
  for (Task& task : tasks) {
    asio::co_spawn(executor, std::move(task), [waiting](std::exception_ptr failed) {
      if (--waiting->left == 0) waiting->done.cancel();
      if (failed) std::rethrow_exception(failed);
    });
  }
  while (waiting->left > 0) co_await waiting->done.async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace stead::doctor
