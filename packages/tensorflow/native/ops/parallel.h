// Threads for ops of the C API, which has no way to TensorFlow's own.

#ifndef HEED_PARALLEL_H_
#define HEED_PARALLEL_H_

#include "kernels.h"

namespace heed {

void ParallelFor(long count, long part, void (*body)(const void *context, Range), const void *context);

/**
 * Calls `body` with ranges of at most `part` that make up [0, count), on all processors, and returns when all are done. Which thread
 * takes which part is not determined, so parts must not add to the same numbers.
 */
template <class Body>
void ParallelFor(long count, long part, const Body &body) {
  ParallelFor(
      count, part, [](const void *context, Range range) { (*static_cast<const Body *>(context))(range); }, &body);
}

/** How many threads take part, the caller's among them: TF_NUM_INTRAOP_THREADS, or one for each processor. */
int ThreadCount();

}  // namespace heed

#endif  // HEED_PARALLEL_H_
