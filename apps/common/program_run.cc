#include "apps/common/program_run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <utility>

namespace cohort::apps {
namespace {

void Pipe(int (&fds)[2]) {
  if (pipe2(fds, O_CLOEXEC) != 0) std::abort();
}

// Never returns.
void Become(std::string program, std::vector<std::string> arguments, int in, int out, int err) {
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  signal(SIGINT, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  std::vector<char*> argv = {program.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  _exit(127);
}

std::string ReadAll(int fd) {
  std::string all;
  char space[4096];
  for (ssize_t n = 0; fd >= 0 && (n = read(fd, space, sizeof space)) > 0;) {
    all.append(space, static_cast<std::size_t>(n));
  }
  close(fd);
  return all;
}

// As bits, from that of signal 1 on.
unsigned long CaughtSignals(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  unsigned long signals = 0;
  for (std::string word; in >> word;) {
    if (word == "SigCgt:") in >> std::hex >> signals;
  }
  return signals;
}

bool HasEnded(pid_t pid) {
  siginfo_t ended = {};
  waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT);
  return ended.si_pid != 0;
}

}  // namespace

ProgramRun::ProgramRun(std::string program, std::vector<std::string> arguments, int out_instead) {
  Pipe(in_);
  Pipe(out_);
  Pipe(err_);
  pid_ = fork();
  if (pid_ == 0) {
    const int out = out_instead >= 0 ? out_instead : out_[1];
    Become(std::move(program), std::move(arguments), in_[0], out, err_[1]);
  }
  close(in_[0]);
  close(out_[1]);
  close(err_[1]);
}

void ProgramRun::Write(const std::string& text) {
  if (write(in_[1], text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
}

bool ProgramRun::TakesAll() {
  for (int tries = 0; tries < 60'000; ++tries) {
    int waiting = 0;
    if (ioctl(in_[1], FIONREAD, &waiting) == 0 && waiting == 0) return true;
    poll(nullptr, 0, 1);
  }
  return false;
}

std::string ProgramRun::ReadSome() {
  char space[4096];
  const ssize_t n = read(out_[0], space, sizeof space);
  return std::string(space, n > 0 ? static_cast<std::size_t>(n) : 0);
}

bool ProgramRun::Catches(int signal) const {
  for (int tries = 0; tries < 60'000 && !HasEnded(pid_); ++tries) {
    if ((CaughtSignals(pid_) >> (signal - 1) & 1) != 0) return true;
    poll(nullptr, 0, 1);
  }
  return false;
}

void ProgramRun::Signal(int signal) const { kill(pid_, signal); }

void ProgramRun::CloseOut() {
  close(out_[0]);
  out_[0] = -1;
}

Ended ProgramRun::End(bool close_in) {
  if (close_in) close(in_[1]);
  Ended ended;
  ended.out = ReadAll(out_[0]);
  ended.err = ReadAll(err_[0]);
  int status = 0;
  waitpid(pid_, &status, 0);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  if (!close_in) close(in_[1]);
  return ended;
}

}  // namespace cohort::apps
