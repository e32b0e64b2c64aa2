#pragma once
// A file descriptor, closed at the end.
#include <unistd.h>

namespace stead::proxy {

struct File {
  explicit File(int descriptor) : fd(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  int fd;  // -1: none
};

}  // namespace stead::proxy
