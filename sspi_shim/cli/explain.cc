// stead explain TRACE.json: the steps of a recorded trace for a person, as text or as a picture.
#include <fstream>
#include <ios>
#include <iostream>
#include <istream>
#include <iterator>
#include <memory>
#include <string>

#include "sspi_shim/cli/command.h"
#include "sspi_shim/s4u/trace/trace_json.h"
#include "sspi_shim/s4u/trace/trace_picture.h"

namespace stead::cli {
namespace {

enum class Form { text, svg, html };

std::string in_form(const Trace& trace, Form form) {
  if (form == Form::svg) return to_svg(trace);
  return form == Form::html ? to_html(trace) : stead::explain(trace);
}

int run(const std::string& path, Form form) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return complain(Exit::usage, path + ":1:1: cannot be read");
  }
  std::istream& in = path == "-" ? std::cin : file;
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const Checked<Trace> trace = read_trace(text, path);
  if (!trace) return complain(Exit::usage, to_string(trace.error()));
  std::cout << in_form(*trace, form);
  return Exit::done;
}

}  // namespace

void add_explain(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("explain", "Print the steps of a recorded trace in words, or draw them");
  auto path = std::make_shared<std::string>();
  command->add_option("TRACE", *path, "The output of `stead s4u --json`; - reads standard input")->required();
  auto svg = std::make_shared<bool>(false), html = std::make_shared<bool>(false);
  auto* const as_svg = command->add_flag("--svg", *svg, "Print a sequence picture, SVG");
  command->add_flag("--html", *html, "Print a page with the picture, the reason and the commands")->excludes(as_svg);
  command->callback([path, svg, html, &status] {
    status = run(*path, *svg ? Form::svg : *html ? Form::html : Form::text);
  });
}

}  // namespace stead::cli
