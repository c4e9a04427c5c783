// Ctrl-C as a request to stop and report, not as the end.

#ifndef COHORT_APPS_COMMON_INTERRUPT_H_
#define COHORT_APPS_COMMON_INTERRUPT_H_

namespace cohort::apps {

// Takes over SIGINT and SIGTERM for the rest of the process: the first `requests` of them, one or
// two, are requests, the next one ends the process as usual. One that comes within a quarter of a
// second after another does not count: timeout(1) sends two at once. A signal that is ignored at
// the start (as a shell does for background jobs) stays ignored. Call once, in main, before threads
// start.
void CatchInterrupts(int requests = 1);

// How many signals have asked for the end: with more urgency each time. Cheap.
int InterruptsRequested();

inline bool InterruptRequested() { return InterruptsRequested() > 0; }

// Blocks until `fd` can be read or is at its end, and says so; false when interrupted instead.
bool WaitReadable(int fd);

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_INTERRUPT_H_
