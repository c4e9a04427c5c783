// prime_counter: counts primes, and says whether numbers are prime. See --help and
// docs/apps/prime_counter.md.

#include <cstdlib>
#include <exception>

#include "apps/common/exit_code.h"
#include "apps/common/interrupt.h"
#include "apps/common/output.h"
#include "apps/prime_counter/command.h"
#include "apps/prime_counter/options.h"

namespace cohort::prime_counter {
namespace {

Outcome Run(const Options& options) try {
  return options.command == Command::kIs ? RunIs(options) : RunCount(options);
} catch (const std::exception& error) {
  apps::Say(kName, error.what());
  return {apps::kSomeFailed};
}

}  // namespace
}  // namespace cohort::prime_counter

int main(int argc, char** argv) {
  namespace apps = cohort::apps;
  namespace prime_counter = cohort::prime_counter;
  apps::IgnoreBrokenPipes();
  const prime_counter::ParsedOptions parsed = prime_counter::ParseOptions(argc, argv);
  if (!parsed.options) return parsed.exit_status;
  apps::CatchInterrupts();
  const prime_counter::Outcome outcome = prime_counter::Run(*parsed.options);
  if (outcome.threads_left) std::_Exit(outcome.exit_status);
  return outcome.exit_status;
}
