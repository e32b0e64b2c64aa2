#pragma once
// The values of tests/vectors/pac.txt by name.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/hex.h"

namespace stead {

inline Buffer pac_vector(const std::string& name) {
  static const std::map<std::string, std::string> values = [] {
    std::map<std::string, std::string> out;
    std::ifstream file(STEAD_VECTORS "/pac.txt");
    std::string line, current;
    while (std::getline(file, line)) {
      if (line.empty() || line[0] == '#') continue;
      if (line[0] == ' ') {
        out[current] += line;
      } else {
        current = line.substr(0, line.find(' '));
        out[current] = line.substr(line.find('=') + 1);
      }
    }
    return out;
  }();
  const auto at = values.find(name);
  if (at == values.end()) ADD_FAILURE() << "tests/vectors/pac.txt has no " << name;
  return at == values.end() ? Buffer() : from_hex(at->second);
}

}  // namespace stead
