// Preloaded into a program (LD_PRELOAD), counts its allocations into the file that
// COUNT_ALLOCATIONS names, 8 bytes that anyone may read while it runs: malloc, calloc, realloc of
// nothing, operator new and aligned ones, but for what a program allocates before main. The heap is
// glibc's: where a program is linked with another, libstdc++ must be preloaded too, after this.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace {

std::atomic<std::int64_t> uncounted{0};
std::atomic<std::atomic<std::int64_t>*> counter{&uncounted};

void Count() { counter.load(std::memory_order_relaxed)->fetch_add(1, std::memory_order_relaxed); }

__attribute__((constructor)) void Begin() {
  const char* path = std::getenv("COUNT_ALLOCATIONS");
  if (path == nullptr) return;
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, sizeof(std::int64_t)) != 0) _exit(70);
  void* shared = mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared == MAP_FAILED) _exit(70);
  close(file);
  counter = static_cast<std::atomic<std::int64_t>*>(shared);
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  Count();
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  Count();
  return __libc_calloc(count, size);
}

void* realloc(void* before, std::size_t size) {
  if (before == nullptr) Count();
  return __libc_realloc(before, size);
}

void free(void* before) { __libc_free(before); }

void* memalign(std::size_t alignment, std::size_t size) {
  Count();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  *result = memalign(alignment, size);
  return *result == nullptr ? 12 : 0;  // ENOMEM
}

}  // extern "C"
