// PostgreSQL, with each query run as its user, by a ticket in the user's name.
//
// libpq takes GSSAPI's default credentials. KRB5CCNAME, which usually says where those are, belongs to the whole
// process: setting it for one user while another connects would connect the second user as the first, and a lock around
// setenv and PQconnectdb makes every user wait for the slowest. MIT's GSSAPI also has a default for the calling thread,
// gss_krb5_ccache_name(). So:
//  - Each new connection has a MEMORY ccache of its own, under a name that is used once, with this user's ticket to the
//    database alone: no TGT, nothing on disk, nothing that another user could find.
//  - libpq is driven by its calls that do not block. The ccache is the thread's default during exactly one call, without
//    a suspension, so users who connect at the same time on one thread do not interfere.
//  - At any other time the thread's default is a ccache that is always empty: a call without a user has no identity.
//  - Before its first query a connection is asked for its principal (pg_stat_gssapi). If that is not the user, the
//    connection is closed.
//  - Idle connections are kept by the user's principal, no longer than the ticket lives.
// For libraries that start threads of their own, a helper process for each user, with KRB5CCNAME in its environment,
// would do the same; libpq starts none.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stead/s4u.h"

namespace sample {

struct DatabaseOptions {
  std::string spn;         // "postgres/db.corp.contoso.com": the ticket's service, and the host name for libpq
  std::string connection;  // "hostaddr=127.0.0.1 port=5432 dbname=shop". With an address for the host, libpq asks no
                           // DNS, which blocks
  std::size_t idle_for_each_user = 2;
  std::chrono::seconds idle{60};
  std::chrono::seconds deadline{10};  // for opening a connection, and for a query
};

struct QueryFailure {
  enum class Kind {
    not_delegated,  // the directory refuses a ticket in the user's name
    unreachable,    // no KDC could be reached
    database,       // the database cannot be reached, or does not let the user in, or refuses the query
  } kind;
  std::string text;  // for the log
};

class PostgresConnection;

// For one thread, that of the client's executor.
class UserDatabase {
 public:
  UserDatabase(std::shared_ptr<stead::Client> client, DatabaseOptions options);
  ~UserDatabase();
  // Runs a query as the user; the first column of its first row, empty where it has none.
  boost::asio::awaitable<std::variant<std::string, QueryFailure>> query(stead::Identity user, std::string sql,
                                                                        std::vector<std::string> parameters = {});

 private:
  using Connection = std::unique_ptr<PostgresConnection>;
  boost::asio::awaitable<std::variant<Connection, QueryFailure>> connect(stead::Identity user);
  Connection take_idle(const std::string& principal);
  void keep(Connection connection);

  std::shared_ptr<stead::Client> client_;
  DatabaseOptions options_;
  std::map<std::string, std::vector<Connection>> idle_;  // by principal
};

}  // namespace sample
