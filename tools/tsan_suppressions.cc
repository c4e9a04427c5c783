// Suppressions that every binary of --config=tsan carries.

extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  // absl::Mutex hands a thread's record, fresh from mmap, to other threads
  // through atomics that GCC's ThreadSanitizer does not see in that order.
  return "race:AbslInternalPerThreadSem\n";
}
