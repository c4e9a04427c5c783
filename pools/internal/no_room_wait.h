// While one of these is on a thread's stack, what that thread submits to a pool with a bounded
// queue does not wait for room. For calls that were accepted long ago and whose moment has come:
// their memory is taken already, and a thread that many calls count on must not be held up.

#ifndef COHORT_POOLS_INTERNAL_NO_ROOM_WAIT_H_
#define COHORT_POOLS_INTERNAL_NO_ROOM_WAIT_H_

namespace cohort::internal {

class NoRoomWait {
 public:
  NoRoomWait() noexcept { ++Depth(); }
  ~NoRoomWait() { --Depth(); }
  NoRoomWait(const NoRoomWait&) = delete;
  NoRoomWait& operator=(const NoRoomWait&) = delete;

  static bool IsActive() noexcept { return Depth() > 0; }

 private:
  static int& Depth() noexcept {
    static thread_local int depth = 0;
    return depth;
  }
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_NO_ROOM_WAIT_H_
