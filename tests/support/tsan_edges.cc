// What orders threads inside Debian's libraries, told to the thread sanitizer: they are not built
// for it, so without this it takes most hand-overs through gRPC for races. Linked into every
// program of the preset tsan; a definition here takes the place of the library's own and calls it.
//
// Each edge is one that the library promises, so that an unordered access of ours is reported as
// before, also when it is made within a call of gRPC:
//  - absl::Mutex and CondVar, which gRPC is built on, sleep on futexes that are not intercepted;
//  - what is written before a batch of gRPC begins is seen by whoever learns of its end;
//  - what is written before a server starts is seen by whoever takes an event of a queue;
//  - of those who are done with a call, the last has OnDone called, after all that they wrote.
//
// The names are those of absl 20220623 and gRPC 1.51; with others a program stops at its first
// call.
#include <dlfcn.h>
#include <link.h>
#include <sanitizer/tsan_interface.h>

#include <cstdint>
#include <cstdlib>
#ifdef PECULIAR_WITH_GRPC
#include <grpc/grpc.h>
#include <grpcpp/support/server_callback.h>
#endif

#include "absl/synchronization/mutex.h"

namespace {

// The definition that this file's hides, by its symbol.
template <typename Function>
Function Next(const char* mangled) {
  void* const found = dlsym(RTLD_NEXT, mangled);
  if (found == nullptr) std::abort();
  return reinterpret_cast<Function>(found);
}

}  // namespace

#define ABSL_SYMBOL(rest) "_ZN4absl7debian3" rest

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto next = Next<void (*)(Mutex*)>(ABSL_SYMBOL("5Mutex4LockEv"));
  next(this);
  __tsan_acquire(this);
}

bool Mutex::TryLock() {
  static const auto next = Next<bool (*)(Mutex*)>(ABSL_SYMBOL("5Mutex7TryLockEv"));
  const bool locked = next(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void Mutex::Unlock() {
  static const auto next = Next<void (*)(Mutex*)>(ABSL_SYMBOL("5Mutex6UnlockEv"));
  __tsan_release(this);
  next(this);
}

void CondVar::Wait(Mutex* mutex) {
  static const auto next =
      Next<void (*)(CondVar*, Mutex*)>(ABSL_SYMBOL("7CondVar4WaitEPNS0_5MutexE"));
  __tsan_release(mutex);
  next(this, mutex);
  __tsan_acquire(mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static const auto next = Next<bool (*)(CondVar*, Mutex*, Duration)>(
      ABSL_SYMBOL("7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE"));
  __tsan_release(mutex);
  const bool late = next(this, mutex, timeout);
  __tsan_acquire(mutex);
  return late;
}

ABSL_NAMESPACE_END
}  // namespace absl

extern "C" {

// Memory that a library touches through malloc, memcpy and the like is its own affair.
const char* __tsan_default_options() { return "ignore_noninstrumented_modules=1"; }

// gRPC's own services (health, the answer to unknown methods) live in the library and count there
// who is done; they run the templates of its headers that are built here. No code of ours is
// called by them.
const char* __tsan_default_suppressions() {
  return "race:Handler<grpc::ByteBuffer, grpc::ByteBuffer>\n";
}

}  // extern "C"

#ifdef PECULIAR_WITH_GRPC
namespace {

// Stands in for the functor of a batch whose end is told by a call.
struct BatchEnd : grpc_completion_queue_functor {
  explicit BatchEnd(grpc_completion_queue_functor* batch) : inner(batch) {
    functor_run = Run;
    inlineable = batch->inlineable;
  }
  static void Run(grpc_completion_queue_functor* self, int ok) {
    auto* const end = static_cast<BatchEnd*>(self);
    grpc_completion_queue_functor* const inner = end->inner;
    delete end;
    __tsan_acquire(inner);
    inner->functor_run(inner, ok);
  }
  grpc_completion_queue_functor* inner;
};

// A stand-in for all starts of servers.
char server_starts;

bool IsCode(std::uintptr_t address) {
  const auto visit = [](dl_phdr_info* object, std::size_t, void* sought) {
    const auto place = *static_cast<const std::uintptr_t*>(sought);
    for (int i = 0; i < object->dlpi_phnum; ++i) {
      const auto& part = object->dlpi_phdr[i];
      const std::uintptr_t begin = object->dlpi_addr + part.p_vaddr;
      if (part.p_type == PT_LOAD && (part.p_flags & PF_X) != 0 && place >= begin &&
          place < begin + part.p_memsz) {
        return 1;
      }
    }
    return 0;
  };
  return dl_iterate_phdr(visit, &address) != 0;
}

}  // namespace

extern "C" {

grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* ops, size_t count, void* tag,
                                      void* reserved) {
  static const auto next = Next<decltype(&grpc_call_start_batch)>("grpc_call_start_batch");
  __tsan_release(tag);
  // A functor begins with the function to run, the tag of a queue that is waited for with a vtable.
  if (tag != nullptr && IsCode(*static_cast<const std::uintptr_t*>(tag))) {
    tag = new BatchEnd(static_cast<grpc_completion_queue_functor*>(tag));
  }
  return next(call, ops, count, tag, reserved);
}

void grpc_server_start(grpc_server* server) {
  static const auto next = Next<decltype(&grpc_server_start)>("grpc_server_start");
  __tsan_release(&server_starts);
  next(server);
}

grpc_event grpc_completion_queue_next(grpc_completion_queue* queue, gpr_timespec deadline,
                                      void* reserved) {
  static const auto next =
      Next<decltype(&grpc_completion_queue_next)>("grpc_completion_queue_next");
  const grpc_event event = next(queue, deadline, reserved);
  if (event.type == GRPC_OP_COMPLETE) {
    __tsan_acquire(event.tag);
    __tsan_acquire(&server_starts);
  }
  return event;
}

grpc_event grpc_completion_queue_pluck(grpc_completion_queue* queue, void* tag,
                                       gpr_timespec deadline, void* reserved) {
  static const auto next =
      Next<decltype(&grpc_completion_queue_pluck)>("grpc_completion_queue_pluck");
  const grpc_event event = next(queue, tag, deadline, reserved);
  if (event.type == GRPC_OP_COMPLETE) __tsan_acquire(event.tag);
  return event;
}

}  // extern "C"

// The library counts down as well, unseen, and its count may be the one that reaches zero.
namespace grpc::internal {

void ServerCallbackCall::ScheduleOnDone(bool inline_ondone) {
  static const auto next = Next<void (*)(ServerCallbackCall*, bool)>(
      "_ZN4grpc8internal18ServerCallbackCall14ScheduleOnDoneEb");
  __tsan_acquire(&callbacks_outstanding_);
  next(this, inline_ondone);
}

void ServerCallbackCall::CallOnCancel(ServerReactor* reactor) {
  static const auto next = Next<void (*)(ServerCallbackCall*, ServerReactor*)>(
      "_ZN4grpc8internal18ServerCallbackCall12CallOnCancelEPNS0_13ServerReactorE");
  __tsan_acquire(&on_cancel_conditions_remaining_);
  next(this, reactor);
}

}  // namespace grpc::internal
#endif
