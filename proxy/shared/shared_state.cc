#include "proxy/shared/shared_state.h"

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

#include "proxy/observe/log_exception.h"
#include "proxy/shared/redis_link.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/openssl_error.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

constexpr auto as_result = asio::as_tuple(asio::deferred);
constexpr std::chrono::milliseconds kAnswerTime{300};
constexpr std::size_t kPage = 1000;        // announcements that are read at a time
constexpr std::size_t kMaxSeen = 100'000;  // announcements that are not taken twice
constexpr std::size_t kMaxValue = 128 * 1024;

std::chrono::sys_seconds now_seconds() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string seconds_of(std::chrono::sys_seconds time) {
  return std::to_string(time.time_since_epoch().count());
}

std::string digest_of(Bytes value) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(value.data(), value.size(), digest.data());
  return to_hex(Bytes(digest).first(16));
}

}  // namespace

// Used on its own thread, but for `up`.
class SharedState::Parts {
 public:
  Parts(const SharedSettings& settings, SessionKeys keys, Topics topics, std::shared_ptr<asio::ssl::context> tls)
      : settings_(settings), keys_(std::move(keys)), topics_(std::move(topics)), cleaner_(io_), tls_(std::move(tls)) {}

  void start();
  void stop();

  [[nodiscard]] bool is_up() const { return up_; }
  [[nodiscard]] asio::any_io_executor executor() { return io_.get_executor(); }
  void announce(SharedTopic topic, const Announcement& announcement);
  void put(const std::string& name, const Buffer& value, std::chrono::seconds life);
  void erase(const std::string& name);
  asio::awaitable<bool> is_first(std::string digest, std::chrono::seconds life);
  asio::awaitable<std::optional<Buffer>> get(std::string name);

 private:
  struct Unsent {
    SharedTopic topic;
    std::string sealed;
    std::chrono::sys_seconds expires;
  };

  [[nodiscard]] std::string key(std::string_view rest) const { return settings_.prefix + ':' + std::string(rest); }
  void went_up();
  void went_down(const std::string& why);
  asio::awaitable<void> catch_up();
  asio::awaitable<void> fill_server();
  asio::awaitable<void> read_all(SharedTopic topic);
  asio::awaitable<void> clean();
  void send_unsent();
  void send(const Unsent& announcement);
  void keep(SharedTopic topic, const std::string& sealed, std::chrono::sys_seconds expires);
  void take(SharedTopic topic, std::string_view sealed);
  void published(const RedisReply& message);
  // Null: no answer in time.
  asio::awaitable<std::optional<RedisReply>> ask(std::vector<std::string> arguments, std::chrono::milliseconds time);

  const SharedSettings settings_;
  const SessionKeys keys_;
  const Topics topics_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  asio::steady_timer cleaner_;
  const std::shared_ptr<asio::ssl::context> tls_;
  std::shared_ptr<RedisLink> commands_, listener_;
  std::deque<Unsent> unsent_;
  std::unordered_set<std::string> seen_, seen_before_;  // digests of announcements; the older set is dropped first
  std::atomic<bool> up_ = false;
  bool catching_up_ = false, said_down_ = false, stopped_ = false;
  std::thread thread_;
};

void SharedState::Parts::start() {
  RedisLink::Events of_commands{
      .up = [this] { went_up(); }, .down = [this](const std::string& why) { went_down(why); }, .published = {}};
  RedisLink::Events of_listener{.up =
                                    [this] {
                                      const std::string channel = key("announcements");
                                      listener_->send({"SUBSCRIBE", channel}, [this](const RedisReply* reply) {
                                        if (reply != nullptr) went_up();
                                      });
                                    },
                                .down = [this](const std::string& why) { went_down(why); },
                                .published = [this](const RedisReply& message) { published(message); }};
  commands_ = std::make_shared<RedisLink>(executor(), *settings_.redis, tls_, std::move(of_commands));
  listener_ = std::make_shared<RedisLink>(executor(), *settings_.redis, tls_, std::move(of_listener));
  commands_->start();
  listener_->start();
  asio::co_spawn(io_, clean(), log_exception);
  thread_ = std::thread([this] {
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (...) {
        log_exception(std::current_exception());
      }
    }
  });
}

void SharedState::Parts::stop() {
  asio::post(io_, [this] {
    stopped_ = true;
    commands_->stop();
    listener_->stop();
    cleaner_.cancel();
    work_.reset();
  });
  thread_.join();
}

void SharedState::Parts::went_up() {
  if (!commands_->is_up() || !listener_->is_up() || std::exchange(catching_up_, true)) return;
  asio::co_spawn(io_, catch_up(), [this](const std::exception_ptr& problem) {
    catching_up_ = false;
    log_exception(problem);
  });
}

void SharedState::Parts::went_down(const std::string& why) {
  up_ = false;
  if (std::exchange(said_down_, true)) return;
  spdlog::warn(
      "[shared] {}: {}. Until it answers, sign-outs and failed passwords count on this replica only, and users who "
      "come from another replica with a Kerberos session are asked for a ticket again",
      to_string(*settings_.redis), why);
}

// The listener is subscribed already: nothing is announced between this and that.
asio::awaitable<void> SharedState::Parts::catch_up() {
  co_await fill_server();
  for (const SharedTopic topic : kSharedTopics) co_await read_all(topic);
  if (!commands_->is_up() || !listener_->is_up()) co_return;
  up_ = true;
  said_down_ = false;
  send_unsent();
  spdlog::info("[shared] {}: connected", to_string(*settings_.redis));
}

// A server that keeps nothing on a disk has lost all announcements when it starts again.
asio::awaitable<void> SharedState::Parts::fill_server() {
  std::vector<std::string> command{"SET", key("filled"), "1", "NX"};
  const auto set = co_await ask(std::move(command), RedisLink::kReplyTime);
  if (!set || !set->is_ok()) co_return;
  for (const SharedTopic topic : kSharedTopics)
    for (const Announcement& known : topics_.known(topic))
      keep(topic, seal_announcement(keys_, topic, known), known.expires);
}

asio::awaitable<void> SharedState::Parts::read_all(SharedTopic topic) {
  for (std::size_t from = 0;; from += kPage) {
    std::vector<std::string> command{"ZRANGEBYSCORE", key(name_of(topic)),  seconds_of(now_seconds()), "+inf",
                                     "LIMIT",         std::to_string(from), std::to_string(kPage)};
    const auto page = co_await ask(std::move(command), RedisLink::kReplyTime);
    if (!page || page->kind != RedisReply::Kind::list) co_return;
    for (const RedisReply& announcement : page->list) take(topic, announcement.text);
    if (page->list.size() < kPage) co_return;
  }
}

// Removes announcements that have ended.
asio::awaitable<void> SharedState::Parts::clean() {
  while (!stopped_) {
    cleaner_.expires_after(std::chrono::minutes(5));
    (void)co_await cleaner_.async_wait(as_result);
    for (const SharedTopic topic : kSharedTopics)
      commands_->send({"ZREMRANGEBYSCORE", key(name_of(topic)), "-inf", seconds_of(now_seconds())}, {});
  }
}

void SharedState::Parts::announce(SharedTopic topic, const Announcement& announcement) {
  const Unsent unsent{
      .topic = topic, .sealed = seal_announcement(keys_, topic, announcement), .expires = announcement.expires};
  (void)seen_.insert(digest_of(as_bytes(unsent.sealed)));  // it comes back
  if (unsent_.size() >= kMaxUnsent) unsent_.pop_front();
  unsent_.push_back(unsent);
  if (up_) send_unsent();
}

void SharedState::Parts::send_unsent() {
  std::deque<Unsent> now;
  now.swap(unsent_);
  for (const Unsent& announcement : now) send(announcement);
}

void SharedState::Parts::send(const Unsent& announcement) {
  keep(announcement.topic, announcement.sealed, announcement.expires);
  const std::string message = std::string(name_of(announcement.topic)) + ' ' + announcement.sealed;
  commands_->send({"PUBLISH", key("announcements"), message}, [this, announcement](const RedisReply* reply) {
    if (reply == nullptr && unsent_.size() < kMaxUnsent) unsent_.push_back(announcement);
  });
}

void SharedState::Parts::keep(SharedTopic topic, const std::string& sealed, std::chrono::sys_seconds expires) {
  commands_->send({"ZADD", key(name_of(topic)), seconds_of(expires), sealed}, {});
}

void SharedState::Parts::published(const RedisReply& message) {
  const std::string_view text = message.list[2].text;
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return;
  if (const auto topic = shared_topic(text.substr(0, blank))) take(*topic, text.substr(blank + 1));
}

void SharedState::Parts::take(SharedTopic topic, std::string_view sealed) {
  std::string digest = digest_of(as_bytes(sealed));
  if (seen_.contains(digest) || seen_before_.contains(digest)) return;
  const auto announcement = open_announcement(keys_, topic, sealed);
  if (!announcement || announcement->expires <= now_seconds()) return;
  if (seen_.size() >= kMaxSeen) {
    seen_before_.swap(seen_);
    seen_.clear();
  }
  seen_.insert(std::move(digest));
  topics_.take(topic, *announcement);
}

void SharedState::Parts::put(const std::string& name, const Buffer& value, std::chrono::seconds life) {
  if (value.size() > kMaxValue || life.count() <= 0) return;
  const std::string sealed = keys_.seal(value, {.purpose = "ticket", .host = name});
  commands_->send({"SET", key("ticket:" + digest_of(as_bytes(name))), sealed, "EX", std::to_string(life.count())}, {});
}

void SharedState::Parts::erase(const std::string& name) {
  commands_->send({"DEL", key("ticket:" + digest_of(as_bytes(name)))}, {});
}

asio::awaitable<std::optional<Buffer>> SharedState::Parts::get(std::string name) {
  std::vector<std::string> command{"GET", key("ticket:" + digest_of(as_bytes(name)))};
  const auto found = co_await ask(std::move(command), kAnswerTime);
  if (!found || found->kind != RedisReply::Kind::text) co_return std::nullopt;
  co_return keys_.open_sealed(found->text, {.purpose = "ticket", .host = name}, kMaxValue * 3 / 2);
}

asio::awaitable<bool> SharedState::Parts::is_first(std::string digest, std::chrono::seconds life) {
  std::vector<std::string> command{"SET", key("token:" + digest), "1", "NX", "EX", std::to_string(life.count())};
  const auto set = co_await ask(std::move(command), kAnswerTime);
  co_return !set || set->kind != RedisReply::Kind::nothing;
}

asio::awaitable<std::optional<RedisReply>> SharedState::Parts::ask(std::vector<std::string> arguments,
                                                                   std::chrono::milliseconds time) {
  struct Answer {
    explicit Answer(asio::io_context& io) : timer(io) {}
    asio::steady_timer timer;
    std::optional<RedisReply> reply;
    bool done = false;
  };
  const auto answer = std::make_shared<Answer>(io_);
  answer->timer.expires_after(time);
  const std::vector<std::string_view> views(arguments.begin(), arguments.end());
  commands_->send(views, [answer](const RedisReply* reply) {
    if (reply != nullptr) answer->reply = *reply;
    answer->done = true;
    answer->timer.cancel();
  });
  if (!answer->done) (void)co_await answer->timer.async_wait(as_result);
  co_return answer->reply;
}

Checked<std::shared_ptr<asio::ssl::context>> shared_tls(const SharedSettings& settings) {
  if (!settings.redis->tls) return std::shared_ptr<asio::ssl::context>();
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  ERR_clear_error();
  const bool loaded = settings.ca.empty()
                          ? SSL_CTX_set_default_verify_paths(context->native_handle()) == 1
                          : SSL_CTX_load_verify_locations(context->native_handle(), settings.ca.c_str(), nullptr) == 1;
  if (!loaded) return Problem{.message = "[shared] ca: " + take_openssl_error(), .where = settings.ca, .fix = {}};
  return context;
}

SharedState::SharedState(const SharedSettings& settings, SessionKeys keys, Topics topics,
                         std::shared_ptr<asio::ssl::context> tls)
    : parts_(std::make_unique<Parts>(settings, std::move(keys), std::move(topics), std::move(tls))) {
  parts_->start();
}

SharedState::~SharedState() {
  parts_->stop();
}

bool SharedState::is_up() const {
  return parts_->is_up();
}

void SharedState::announce(SharedTopic topic, Announcement announcement) {
  asio::post(parts_->executor(), [parts = parts_.get(), topic, announcement = std::move(announcement)] {
    parts->announce(topic, announcement);
  });
}

void SharedState::put(std::string name, Bytes value, std::chrono::seconds life) {
  asio::post(parts_->executor(), [parts = parts_.get(), name = std::move(name),
                                  value = Buffer(value.begin(), value.end()), life] { parts->put(name, value, life); });
}

void SharedState::erase(std::string name) {
  asio::post(parts_->executor(), [parts = parts_.get(), name = std::move(name)] { parts->erase(name); });
}

asio::awaitable<bool> SharedState::is_first(Bytes token, std::chrono::seconds life) {
  if (!is_up()) co_return true;
  std::function<asio::awaitable<bool>()> work = [parts = parts_.get(), digest = digest_of(token), life] {
    return parts->is_first(digest, life);
  };
  co_return co_await asio::co_spawn(parts_->executor(), std::move(work),
                                    asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

asio::awaitable<std::optional<Buffer>> SharedState::get(std::string name) {
  if (!is_up()) co_return std::nullopt;
  std::function<asio::awaitable<std::optional<Buffer>>()> work = [parts = parts_.get(), name = std::move(name)] {
    return parts->get(name);
  };
  co_return co_await asio::co_spawn(parts_->executor(), std::move(work),
                                    asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
}

}  // namespace stead::proxy
