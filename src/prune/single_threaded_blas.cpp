#include "prune/single_threaded_blas.h"

#include <cblas.h>

#include <mutex>

namespace mj {
namespace {

std::mutex guards_mutex;
int guards = 0;
int former_threads = 1;

}  // namespace

SingleThreadedBlas::SingleThreadedBlas() {
  const std::scoped_lock lock(guards_mutex);
  if (guards++ == 0) {
    former_threads = openblas_get_num_threads();
    openblas_set_num_threads(1);
  }
}

SingleThreadedBlas::~SingleThreadedBlas() {
  const std::scoped_lock lock(guards_mutex);
  if (--guards == 0) {
    openblas_set_num_threads(former_threads);
  }
}

}  // namespace mj
