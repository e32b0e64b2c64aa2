#include "proxy/core.h"

#include <openssl/rand.h>

#include <array>
#include <cstring>
#include <ctime>

namespace stead::proxy {
namespace {
constexpr std::chrono::milliseconds kTick{250};
}

RequestIds::RequestIds() {
  std::array<std::uint64_t, 2> seed{};
  RAND_bytes(reinterpret_cast<unsigned char*>(seed.data()), sizeof seed);
  start_ = seed[0];
  state_ = seed[1];
}

void RequestIds::assign_next(std::string& id) {
  // splitmix64: a counter, well stirred.
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  constexpr std::string_view kDigits = "0123456789abcdef";
  id.resize(32);
  for (std::size_t i = 0; i < 16; ++i) {
    id[i] = kDigits[(start_ >> (60 - 4 * i)) & 15];
    id[16 + i] = kDigits[(z >> (60 - 4 * i)) & 15];
  }
}

Core::Core(unsigned number, Shared& common)
    : index(number),
      shared(common),
      pool(io.get_executor(), common.config, *common.upstream_tls, watchdog, metrics),
      log(*common.access_log),
      timer_(io) {}

Core::~Core() {
  end_connections();
}

void Core::end_connections() {
  // Connections refer to what is declared behind the loop: they end here, not when the loop's own memory goes.
  timer_.cancel();
  pool.clear();
  watchdog.close_all();
  io.restart();
  io.poll();
}

void Core::start_ticking() {
  tick();
}

void Core::tick() {
  const auto now = Clock::now();
  watchdog.sweep(now);
  log.flush();
  if (tickets) metrics.keep_statistics(tickets->client().statistics());
  if (++ticks_ % 4 == 0) pool.sweep(now);
  timer_.expires_after(kTick);
  timer_.async_wait([this](const Error& error) {
    if (!error) tick();
  });
}

void Core::drain() {
  draining = true;
  pool.clear();
  watchdog.close_idle();
}

const std::string& Core::http_date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_at_) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 64> text{};
    date_.assign(text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    date_at_ = now;
  }
  return date_;
}

}  // namespace stead::proxy
