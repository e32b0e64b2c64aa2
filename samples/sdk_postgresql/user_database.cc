#include "user_database.h"

#include <gssapi/gssapi_krb5.h>
#include <krb5.h>
#include <libpq-fe.h>
#include <poll.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sample {
namespace asio = boost::asio;

namespace {

using Clock = std::chrono::steady_clock;
using Direction = asio::posix::stream_descriptor::wait_type;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

// The default ccache of GSSAPI calls on this thread, for a block that does not suspend.
class UseCcache {
 public:
  explicit UseCcache(const std::string& ccache) { set(ccache.c_str()); }
  ~UseCcache() { set_nobody(); }
  UseCcache(const UseCcache&) = delete;
  UseCcache& operator=(const UseCcache&) = delete;
  static void set_nobody() { set("MEMORY:nobody"); }

 private:
  static void set(const char* name) {
    OM_uint32 minor = 0;
    if (GSS_ERROR(gss_krb5_ccache_name(&minor, name, nullptr))) throw std::bad_alloc();  // the only way it fails
  }
};

// A ccache in memory, destroyed with the object; libkrb5 wipes its tickets.
class MemoryCcache {
 public:
  MemoryCcache() {
    static std::atomic<unsigned long> next{1};
    name_ = "MEMORY:postgres-" + std::to_string(next++);
  }
  ~MemoryCcache() {
    krb5_context context = nullptr;
    krb5_ccache ccache = nullptr;
    if (krb5_init_context(&context) != 0) return;
    if (krb5_cc_resolve(context, name_.c_str(), &ccache) == 0) krb5_cc_destroy(context, ccache);
    krb5_free_context(context);
  }
  MemoryCcache(const MemoryCcache&) = delete;
  MemoryCcache& operator=(const MemoryCcache&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
};

struct ReleaseAtEnd {
  asio::posix::stream_descriptor& descriptor;
  ~ReleaseAtEnd() { descriptor.release(); }
};

// Waits until a socket that libpq owns is ready. False: the deadline has passed.
asio::awaitable<bool> ready(int socket, Direction direction, Clock::time_point deadline) {
  using namespace asio::experimental::awaitable_operators;
  const auto executor = co_await asio::this_coro::executor;
  asio::posix::stream_descriptor descriptor(executor);
  boost::system::error_code error;
  descriptor.assign(socket, error);
  if (error) co_return false;
  const ReleaseAtEnd libpq_closes_it{descriptor};
  asio::steady_timer timer(executor, deadline);
  const auto first = co_await (descriptor.async_wait(direction, as_result) || timer.async_wait(as_result));
  co_return first.index() == 0 && !std::get<0>(std::get<0>(first));
}

// The role's name: "alice" of alice@ROOT.FABRIKAM.COM. The server's pg_ident.conf decides which principals may use
// which role.
std::string role_of(const std::string& principal) {
  return principal.substr(0, principal.rfind('@'));
}

std::string one_line(const char* text) {
  std::string out = text;
  while (!out.empty() && out.back() == '\n') out.pop_back();
  for (char& c : out) c = c == '\n' ? ' ' : c;
  return out;
}

}  // namespace

class PostgresConnection {
 public:
  PostgresConnection(std::string principal, Clock::time_point end) : principal_(std::move(principal)), end_(end) {}
  ~PostgresConnection() { PQfinish(connection_); }
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  [[nodiscard]] const std::string& principal() const { return principal_; }
  // A server that sends something on an idle connection closes it.
  [[nodiscard]] bool usable(Clock::time_point now) const {
    pollfd socket{PQsocket(connection_), POLLIN, 0};
    return healthy_ && now < end_ && now < idle_until && ::poll(&socket, 1, 0) == 0;
  }
  [[nodiscard]] std::string error() const {
    return timed_out_ ? "no answer in time" : one_line(PQerrorMessage(connection_));
  }
  Clock::time_point idle_until = Clock::time_point::max();

  asio::awaitable<bool> open(const DatabaseOptions& options, const std::string& ccache) {
    const auto slash = options.spn.find('/');
    const std::string service = options.spn.substr(0, slash), host = options.spn.substr(slash + 1),
                      role = role_of(principal_);
    const char* keywords[] = {"gssencmode", "dbname", "user", "host", "krbsrvname", nullptr};
    const char* values[] = {"require", options.connection.c_str(), role.c_str(), host.c_str(), service.c_str(),
                            nullptr};
    const auto deadline = Clock::now() + options.deadline;
    {
      const UseCcache user(ccache);
      connection_ = PQconnectStartParams(keywords, values, 1);
    }
    if (connection_ == nullptr) throw std::bad_alloc();
    if (PQstatus(connection_) == CONNECTION_BAD) co_return false;
    for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
      if (state == PGRES_POLLING_FAILED) co_return false;
      const auto direction = state == PGRES_POLLING_READING ? Direction::wait_read : Direction::wait_write;
      if (!co_await ready_by(direction, deadline)) co_return false;
      const UseCcache user(ccache);
      state = PQconnectPoll(connection_);
    }
    PQsetnonblocking(connection_, 1);
    healthy_ = true;
    co_return true;
  }

  // The first column of the first row; nothing: see error().
  asio::awaitable<std::optional<std::string>> run(const std::string& sql, const std::vector<std::string>& parameters,
                                                  std::chrono::seconds limit) {
    std::vector<const char*> values;
    for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
    const auto deadline = Clock::now() + limit;
    const bool was_healthy = std::exchange(healthy_, false);
    if (!was_healthy) co_return std::nullopt;
    if (PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                          nullptr, 0) != 1)
      co_return std::nullopt;
    for (int left = PQflush(connection_); left != 0; left = PQflush(connection_)) {
      if (left < 0) co_return std::nullopt;
      if (!co_await ready_by(Direction::wait_write, deadline)) co_return std::nullopt;
    }
    std::optional<std::string> answer;
    for (;;) {
      while (PQisBusy(connection_) == 1) {
        if (!co_await ready_by(Direction::wait_read, deadline)) co_return std::nullopt;
        if (PQconsumeInput(connection_) != 1) co_return std::nullopt;
      }
      const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQgetResult(connection_), PQclear);
      if (!result) break;
      const auto status = PQresultStatus(result.get());
      if (status == PGRES_COMMAND_OK) answer = "";
      if (status == PGRES_TUPLES_OK) answer = PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
    }
    healthy_ = PQstatus(connection_) == CONNECTION_OK;
    co_return answer;
  }

 private:
  asio::awaitable<bool> ready_by(Direction direction, Clock::time_point deadline) {
    const bool is_ready = co_await ready(PQsocket(connection_), direction, deadline);
    timed_out_ = !is_ready;
    co_return is_ready;
  }

  std::string principal_;
  Clock::time_point end_;
  PGconn* connection_ = nullptr;
  bool healthy_ = false;  // open, and no query is under way
  bool timed_out_ = false;
};

UserDatabase::UserDatabase(std::shared_ptr<stead::Client> client, DatabaseOptions options)
    : client_(std::move(client)), options_(std::move(options)) {}
UserDatabase::~UserDatabase() = default;

asio::awaitable<std::variant<UserDatabase::Connection, QueryFailure>> UserDatabase::connect(stead::Identity user) {
  using Kind = QueryFailure::Kind;
  const stead::Outcome<stead::TicketPtr> ticket = co_await client_->ticket_for(user, options_.spn);
  if (!ticket) {
    const stead::Failure& failure = ticket.error();
    const auto& diagnosis = failure.trace.diagnosis;
    co_return QueryFailure{failure.kind == stead::FailureKind::unreachable ? Kind::unreachable : Kind::not_delegated,
                           failure.text + (diagnosis ? " (" + diagnosis->code + ")" : "")};
  }
  const MemoryCcache ccache;
  if (const auto exported = stead::export_ccache(**ticket, ccache.name()); !exported)
    co_return QueryFailure{Kind::database, "the ticket cannot be handed to libpq: " + exported.error().message()};
  const std::string principal = (*ticket)->client();
  auto connection = std::make_unique<PostgresConnection>(
      principal, Clock::now() + ((*ticket)->end_time() - std::chrono::system_clock::now()));
  const bool open = co_await connection->open(options_, ccache.name());
  if (!open) co_return QueryFailure{Kind::database, connection->error()};
  const auto seen = co_await connection->run(
      "SELECT principal FROM pg_stat_gssapi WHERE pid = pg_backend_pid() AND encrypted", {}, options_.deadline);
  if (!seen) co_return QueryFailure{Kind::database, connection->error()};
  if (*seen != principal)
    co_return QueryFailure{Kind::database, "the database takes " + principal + " for \"" + *seen + "\""};
  co_return connection;
}

UserDatabase::Connection UserDatabase::take_idle(const std::string& principal) {
  const auto now = Clock::now();
  for (auto user = idle_.begin(); user != idle_.end();) {
    std::erase_if(user->second, [&](const Connection& connection) { return !connection->usable(now); });
    user = user->second.empty() ? idle_.erase(user) : std::next(user);
  }
  const auto found = idle_.find(principal);
  if (found == idle_.end()) return nullptr;
  Connection connection = std::move(found->second.back());
  found->second.pop_back();
  return connection;
}

void UserDatabase::keep(Connection connection) {
  const auto now = Clock::now();
  connection->idle_until = now + options_.idle;
  auto& kept = idle_[connection->principal()];
  if (kept.size() < options_.idle_for_each_user && connection->usable(now)) kept.push_back(std::move(connection));
}

asio::awaitable<std::variant<std::string, QueryFailure>> UserDatabase::query(stead::Identity user, std::string sql,
                                                                             std::vector<std::string> parameters) {
  UseCcache::set_nobody();
  Connection connection = take_idle(user.principal());
  if (!connection) {
    std::variant<Connection, QueryFailure> opened = co_await connect(user);
    if (auto* failure = std::get_if<QueryFailure>(&opened)) co_return std::move(*failure);
    connection = std::move(std::get<Connection>(opened));
  }
  std::optional<std::string> answer = co_await connection->run(sql, parameters, options_.deadline);
  if (!answer) co_return QueryFailure{QueryFailure::Kind::database, connection->error()};
  keep(std::move(connection));
  co_return std::move(*answer);
}

}  // namespace sample
