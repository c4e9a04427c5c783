#include "pools/usable_cpus.h"

#include "pools/internal/usable_cpus.h"

namespace cohort {

int usable_cpus() { return internal::UsableCpus(); }

}  // namespace cohort
