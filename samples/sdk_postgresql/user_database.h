// PostgreSQL, each query as the user it is for, by a ticket of his to it.
//
// Whose ticket libpq uses. libpq takes GSSAPI's default credentials, and KRB5CCNAME, which usually says where those
// are, belongs to the whole process: setting it for one user while another connects gives the latter's connection to
// the former, and a lock around setenv and PQconnectdb makes every user wait for the slowest. MIT's GSSAPI also has a
// default that belongs to the calling thread, gss_krb5_ccache_name(). So:
//  - Each connection that is opened has a MEMORY ccache of its own, under a name that is used once, with this user's
//  ticket to the
//    database in it and nothing else: no TGT, nothing on disk, nothing that the next user could find.
//  - libpq is driven by the calls that do not block. The ccache is the thread's default for exactly one of them at a
//  time, with no
//    suspension in between, so users whose connections are opened at the same time on the same thread do not meet.
//  - At every other time the thread's default is a ccache that is never filled: a call without a user has no identity,
//  not the process's.
//  - Before its first query a connection is asked whose it is (pg_stat_gssapi has the principal that the server saw).
//  One that is not
//    the user's is closed and gives nothing.
//  - Idle connections are kept by the user's principal, no longer than his ticket.
// Each user's processes (one helper a user, with KRB5CCNAME in its environment) would do the same for libraries that
// start threads of their own; libpq starts none.
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
  std::string spn;  // "postgres/db.corp.contoso.com": the ticket that is asked for, and the host that libpq is told
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
