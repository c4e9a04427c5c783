// Files that have their names only when they are whole.
//
//   NewFile file("out/a.jpg");
//   file.Write(bytes);
//   file.Publish(IfExists::kFail);
//
// Until Publish() the bytes are in a hidden file beside it, which is removed when the object is
// dropped: nobody ever sees half a file under the name, whatever goes wrong. A process that is
// killed in the middle can leave the hidden one behind.
//
// Errors: std::system_error, whose code is the system's. For one thread.

#ifndef COHORT_APPS_COMMON_NEW_FILE_H_
#define COHORT_APPS_COMMON_NEW_FILE_H_

#include <string>
#include <string_view>
#include <utility>

namespace cohort::apps {

enum class IfExists {
  kReplace,  // in one step: others see the old one or the new one
  kFail,     // std::errc::file_exists
};

class NewFile {
 public:
  // `path`: in a folder that exists.
  explicit NewFile(std::string path);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();

  void Write(std::string_view bytes);

  // Gives it its name. The last call, but where the name was taken: then set_path() gives it
  // another chance.
  void Publish(IfExists if_exists);

  // Another name than that of the constructor, in the same folder.
  void set_path(std::string path) { path_ = std::move(path); }

  // While it has no name yet: for what else a file has, such as its times.
  int fd() const { return fd_; }

 private:
  void Close();

  std::string path_;
  std::string temporary_;
  int fd_ = -1;
};

// What hidden files of this kind begin with.
inline constexpr std::string_view kTemporaryPrefix = ".cohort-";

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_NEW_FILE_H_
