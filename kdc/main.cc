#include <cstdio>
#include <exception>

#include "kdc/command_line.h"

int main(int argc, char** argv) try {
  return stead::kdc::run_command_line(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "stead-kdc: %s\n", error.what());
  return 1;
} catch (...) {
  std::fprintf(stderr, "stead-kdc: an unknown error\n");
  return 1;
}
