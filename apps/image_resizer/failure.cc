#include "apps/image_resizer/failure.h"

#include <string.h>

#include <cstddef>
#include <new>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "apps/image_resizer/image_error.h"
#include "futures/errors.h"

namespace cohort::image_resizer {
namespace {

// An image's error begins with its kind.
Failure FailureOf(const ImageError& error) {
  const std::string kind(NameOf(error.kind()));
  const std::string_view text = error.what();
  return {kind, std::string(absl::StripPrefix(text, kind + ": "))};
}

// "; the pool killed it, for ...", where it did so for what the worker had answered.
std::string_view WhyKilled(std::string_view text) {
  const std::size_t begin = text.rfind("; the pool killed it, for ");
  if (begin == text.npos) return {};
  text.remove_prefix(begin);
  return text.substr(0, text.find('\n'));
}

// The backtrace is left out: it is the decoder's.
Failure FailureOf(const WorkerDied& death) {
  if (death.signal() == 0) {
    return {"crashed", absl::StrCat("the worker ended with status ", death.exit_status())};
  }
  return {"crashed", absl::StrCat("the worker was ended by signal ", death.signal(), " (",
                                  strsignal(death.signal()), ")", WhyKilled(death.what()))};
}

}  // namespace

Failure FailureOf(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const ImageError& image_error) {
    return FailureOf(image_error);
  } catch (const WorkerDied& death) {
    return FailureOf(death);
  } catch (const TimeoutError&) {
    return {"timeout", "it took longer than --timeout allows"};
  } catch (const std::bad_alloc&) {
    return {"out of memory", "it needs more than --max-memory allows a worker"};
  } catch (const std::exception& other) {
    return {"failed", other.what()};
  }
}

}  // namespace cohort::image_resizer
