// Why an image was not resized.

#ifndef COHORT_APPS_IMAGE_RESIZER_IMAGE_ERROR_H_
#define COHORT_APPS_IMAGE_RESIZER_IMAGE_ERROR_H_

#include <stdexcept>
#include <string>
#include <string_view>

namespace cohort::image_resizer {

enum class ErrorKind : int {
  kNotAnImage,    // neither a JPEG nor a PNG
  kUnsupported,   // one of a kind that is not read, such as 12 bits or lossless JPEG
  kDamaged,       // cut off or corrupt
  kTooLarge,      // over the pixel limit
  kTooManyScans,  // over the scan limit
};

// "not an image", "unsupported", "damaged", "too large", "too many scans".
std::string_view NameOf(ErrorKind kind);

// Its text begins with the name of its kind: "damaged: the data ends too early". So the text is all
// that has to cross from a worker: ipc::register_exception<ImageError>().
class ImageError : public std::runtime_error {
 public:
  ImageError(ErrorKind kind, std::string_view reason);

  // From another one's text. What begins with no kind's name is kDamaged.
  explicit ImageError(const std::string& text);

  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_IMAGE_ERROR_H_
