// stead explain TRACE.json: prints the steps of a recorded trace for a person.
#include <algorithm>
#include <cstddef>
#include <fstream>
#include <ios>
#include <iostream>
#include <istream>
#include <iterator>
#include <memory>
#include <string>

#include "sspi_shim/cli/command.h"
#include "sspi_shim/s4u/trace/trace_json.h"

namespace stead::cli {
namespace {

std::string place_of(const std::string& text, std::size_t offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
  const auto line = 1 + std::count(text.begin(), end, '\n');
  const auto last = text.rfind('\n', offset == 0 ? 0 : offset - 1);
  const auto column = line == 1 ? offset + 1 : offset - last;
  return std::to_string(line) + ":" + std::to_string(column);
}

int run(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return complain(Exit::usage, path + ":1:1: cannot be read");
  }
  std::istream& in = path == "-" ? std::cin : file;
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::size_t offset = 0;
  std::string what;
  const auto trace = read_trace(text, offset, what);
  if (!trace) {
    std::cerr << path << ':' << place_of(text, offset) << ": " << what << '\n';
    return Exit::usage;
  }
  std::cout << stead::explain(*trace);
  return Exit::done;
}

}  // namespace

void add_explain(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("explain", "Print the steps of a recorded trace in words");
  auto path = std::make_shared<std::string>();
  command->add_option("TRACE", *path, "The output of `stead s4u --json`; - reads standard input")->required();
  command->callback([path, &status] { status = run(*path); });
}

}  // namespace stead::cli
