// How libjpeg's errors become exceptions.
//
// libjpeg ends a call that fails by a jump out of it, and that may skip no destructor. So all calls
// are made in Run(), from a function that owns nothing; what owns memory stands outside, and the
// exception is thrown there, when the jump has ended.

#ifndef COHORT_APPS_IMAGE_RESIZER_JPEG_ERRORS_H_
#define COHORT_APPS_IMAGE_RESIZER_JPEG_ERRORS_H_

// jpeglib.h needs stdio's FILE.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <array>
#include <csetjmp>
#include <string>
#include <type_traits>
#include <vector>

#include "apps/image_resizer/image_error.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

class JpegErrors {
 public:
  explicit JpegErrors(Damage damage);

  // The library points here: it stays where it is.
  JpegErrors(const JpegErrors&) = delete;
  JpegErrors& operator=(const JpegErrors&) = delete;

  // For cinfo.err.
  jpeg_error_mgr* manager() { return &callbacks_.manager; }

  // Throws ImageError, or std::bad_alloc, when the library gives up within `call`, which is left in
  // the middle then. It must not throw, and neither it nor what it calls may own anything.
  template <typename Call>
  void Run(Call call) {
    static_assert(std::is_trivially_destructible_v<Call>, "a jump skips destructors");
    if (setjmp(callbacks_.jump) != 0) Throw();
    call();
  }

  // Ends the present Run() with this error. `reason` must last.
  [[noreturn]] static void Fail(j_common_ptr codec, ErrorKind kind, const char* reason);

  // Whether the picture data ended within the first row of blocks, for good.
  bool data_ended_at_once() const { return callbacks_.data_ended_at_once; }

  // What the library has complained of, each once.
  std::vector<std::string> warnings() const;

 private:
  struct Text {
    char text[JMSG_LENGTH_MAX];
  };

  // The library's pointer to the manager is one to all of it.
  struct Callbacks {
    jpeg_error_mgr manager = {};
    std::jmp_buf jump = {};
    Damage damage = Damage::kRefuse;
    ErrorKind kind = ErrorKind::kDamaged;
    bool out_of_memory = false;
    bool data_ended_at_once = false;
    Text error = {};
    std::array<Text, 8> warnings = {};
    std::array<int, 8> warning_codes = {};
    std::size_t warning_count = 0;
  };

  static Callbacks& Of(j_common_ptr codec);
  static void OnError(j_common_ptr codec);
  static void OnMessage(j_common_ptr codec, int level);
  static void Note(j_common_ptr codec);

  [[noreturn]] void Throw() const;

  Callbacks callbacks_;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_JPEG_ERRORS_H_
