#include "apps/image_resizer/name_list.h"

#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "absl/strings/str_split.h"
#include "apps/common/interrupt.h"

namespace cohort::image_resizer {

std::vector<std::string> SplitNameList(std::string_view list) {
  const bool has_nul = list.find('\0') != list.npos;
  if (!has_nul && list.find('\n') != list.npos) {
    throw std::runtime_error(
        "standard input: each name must be followed by a NUL byte, as find -print0 writes it");
  }
  return absl::StrSplit(list, '\0', absl::SkipEmpty());
}

std::string ReadToEnd(int fd) {
  std::string all;
  char space[65536];
  while (apps::WaitReadable(fd)) {
    const ssize_t n = read(fd, space, sizeof space);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw std::system_error(errno, std::generic_category(), "standard input");
    if (n == 0) break;
    all.append(space, static_cast<std::size_t>(n));
  }
  return all;
}

}  // namespace cohort::image_resizer
