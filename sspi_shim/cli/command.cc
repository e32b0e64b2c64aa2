#include "sspi_shim/cli/command.h"

#include <iostream>
#include <string>

namespace stead::cli {

int complain(Exit exit, const std::string& text) {
  std::cerr << "stead: " << text << '\n';
  return exit;
}

}  // namespace stead::cli
