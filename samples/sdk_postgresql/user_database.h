// Runs PostgreSQL queries as the user they are for, with a ticket in the user's name.
//
// libpq takes GSSAPI's default credentials. KRB5CCNAME, which usually names them, belongs to the whole process: if it
// is set for one user while another connects, the connection gets the wrong user, and a lock around setenv and
// PQconnectdb makes every user wait for the slowest. MIT's GSSAPI also has a default for the calling thread,
// gss_krb5_ccache_name(). This class uses that one:
//  - Each new connection has a MEMORY ccache of its own, with a name that is used once. It holds the user's ticket to
//  the
//    database and nothing else: no TGT, nothing on disk, nothing for the next user to find.
//  - libpq is driven by its non-blocking calls. The ccache is the thread's default during each such call and at no
//  other
//    time; no coroutine suspends in between, so that users on the same thread stay apart.
//  - At all other times the thread's default is a ccache that stays empty: a call without a user has no identity, and
//  not
//    the process's.
//  - Before its first query, a connection is asked for its principal (pg_stat_gssapi has the one that the server saw).
//  A
//    connection of another user is closed.
//  - Idle connections are kept by the user's principal, until the ticket ends at the latest.
// A library that starts threads of its own (libpq does not) needs one process for each user instead, with KRB5CCNAME in
// its environment.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stead/s4u.h"

namespace sample {

struct DatabaseOptions {
  std::string spn;         // "postgres/db.corp.contoso.com": the service of the ticket, and the host for libpq
  std::string connection;  // "hostaddr=127.0.0.1 port=5432 dbname=shop". With an address, libpq does not look the
                           // host up in DNS, which would block
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
  // Runs a query as the user. The result is the first column of the first row; empty: there is no row.
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
