// stead explain TRACE.json: prints the steps of a recorded trace for a person.
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

int run(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return complain(Exit::usage, path + ":1:1: cannot be read");
  }
  std::istream& in = path == "-" ? std::cin : file;
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const Checked<Trace> trace = read_trace(text, path);
  if (!trace) return complain(Exit::usage, to_string(trace.error()));
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
