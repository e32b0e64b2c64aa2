#pragma once
// The one error of everything that an operator sets up: files, configuration, start-up. Peers' bytes and KDCs' answers
// have error codes of their own (stead/result.h).
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace stead {

struct Problem {
  std::string message;               // what is wrong, one line, without a full stop
  std::string where{};               // "FILE:LINE:COLUMN", "FILE", "ADDRESS:PORT"; empty where the message says it
  std::string fix{};                 // what to do about it; empty where the message makes it plain
  boost::system::error_code code{};  // for a public function that returns one, as Client::open; else empty
};

// "WHERE: MESSAGE; FIX", as the programs print it.
[[nodiscard]] inline std::string to_string(const Problem& problem) {
  std::string out = problem.where.empty() ? std::string() : problem.where + ": ";
  out += problem.message;
  if (!problem.fix.empty()) out += "; " + problem.fix;
  return out;
}

// A value, or the Problem for which there is none. A function that reads a file or opens something returns this.
template <class T>
using Checked = boost::system::result<T, Problem>;

// For boost::system::result: value() was called where there is a Problem.
[[noreturn]] inline void throw_exception_from_error(const Problem& problem, const boost::source_location&) {
  throw std::runtime_error(to_string(problem));
}

}  // namespace stead
