// For tests: runs a program as its users do, with pipes.

#ifndef COHORT_APPS_COMMON_PROGRAM_RUN_H_
#define COHORT_APPS_COMMON_PROGRAM_RUN_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace cohort::apps {

struct Ended {
  int status = -1;  // the exit status, or minus the signal
  std::string out;
  std::string err;
};

// A run of a program, with pipes for its standard streams. Signals are as a shell leaves them. For
// one thread.
class ProgramRun {
 public:
  // `out_instead`: a descriptor for its standard output in place of the pipe.
  ProgramRun(std::string program, std::vector<std::string> arguments, int out_instead = -1);

  void Write(const std::string& text);

  // Whether the program has taken all that was written, within a minute.
  bool TakesAll();

  // The next bytes of its output, at least one; empty at the end.
  std::string ReadSome();

  // Whether the program has come to where it handles the signal, within a minute. False
  // when it has ended.
  bool Catches(int signal) const;

  void Signal(int signal) const;

  void CloseOut();

  // Waits for the end. Its input is closed before that, or only after.
  Ended End(bool close_in = true);

  pid_t pid() const { return pid_; }

 private:
  int in_[2];
  int out_[2];
  int err_[2];
  pid_t pid_;
};

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_PROGRAM_RUN_H_
