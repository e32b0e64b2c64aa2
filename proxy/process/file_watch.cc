#include "proxy/process/file_watch.h"

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace stead::proxy {

FileWatch::FileWatch(std::vector<std::string> files, std::string known, std::function<void()> changed,
                     std::chrono::milliseconds every)
    : files_(std::move(files)), known_(std::move(known)), changed_(std::move(changed)), every_(every) {
  thread_ = std::thread([this] { run(); });
}

FileWatch::~FileWatch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

// Device, inode, size and time of each file. A file that is renamed into place has another inode.
std::string FileWatch::state_of(const std::vector<std::string>& files) {
  std::string out;
  for (const std::string& file : files) {
    struct stat is{};
    if (::stat(file.c_str(), &is) == 0) {
      for (const auto number :
           {static_cast<long long>(is.st_dev), static_cast<long long>(is.st_ino), static_cast<long long>(is.st_size),
            static_cast<long long>(is.st_mtim.tv_sec), static_cast<long long>(is.st_mtim.tv_nsec)})
        out.append(std::to_string(number)).append(" ");
    }
    out.append("\n");
  }
  return out;
}

void FileWatch::run() {
  std::string last = known_;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, every_, [this] { return ending_; })) {
    std::string now = state_of(files_);
    if (now == last && now != known_) {
      known_ = now;
      lock.unlock();
      changed_();
      lock.lock();
    }
    last = std::move(now);
  }
}

}  // namespace stead::proxy
