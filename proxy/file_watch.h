#pragma once
// Tells of files that others renew: certificates, keys, revocation lists. Looks at them from a thread of its own once a
// second, since they may lie on anything that can be mounted.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace stead::proxy {

class FileWatch {
 public:
  // `changed` is called on the watch's thread when one of the files is another than before and all of them have been
  // still for one look: who writes a file in place, or several one after the other, is not read half way.
  FileWatch(std::vector<std::string> files, std::function<void()> changed,
            std::chrono::milliseconds every = std::chrono::seconds(1));
  ~FileWatch();  // waits for a `changed` that runs
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

 private:
  [[nodiscard]] std::string look() const;
  void run();

  const std::vector<std::string> files_;
  const std::function<void()> changed_;
  const std::chrono::milliseconds every_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace stead::proxy
