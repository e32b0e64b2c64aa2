#pragma once
// Notices when files are replaced: certificates, keys, revocation lists. Polls once a second on a thread of its own,
// since not every file system reports changes.
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
  // What files are like: equal texts mean that none was replaced or written between.
  [[nodiscard]] static std::string state_of(const std::vector<std::string>& files);
  // `known`: state_of() before the files were read, so that a change since then is not missed. Calls `changed` on the watch's thread once a file differs from before and none has changed since the previous poll.
  // So files that are written in place, or one after the other, are not read half written.
  FileWatch(std::vector<std::string> files, std::string known, std::function<void()> changed,
            std::chrono::milliseconds every = std::chrono::seconds(1));
  ~FileWatch();  // waits until a running `changed` has returned
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

 private:
  void run();

  const std::vector<std::string> files_;
  std::string known_;
  const std::function<void()> changed_;
  const std::chrono::milliseconds every_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace stead::proxy
