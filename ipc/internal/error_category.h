// The error categories that every process has, as a byte.

#ifndef COHORT_IPC_INTERNAL_ERROR_CATEGORY_H_
#define COHORT_IPC_INTERNAL_ERROR_CATEGORY_H_

#include <cstdint>
#include <optional>
#include <system_error>

#include "ipc/message.h"

namespace cohort::ipc::internal {

// Empty for any other category.
std::optional<uint8_t> KnownCategory(const std::error_category& category) noexcept;

// Throws CodecError for any other category.
uint8_t CategoryToByte(const std::error_category& category);
const std::error_category& CategoryOfByte(Reader& reader);

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_ERROR_CATEGORY_H_
