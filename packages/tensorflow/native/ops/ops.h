// Heed's own TensorFlow ops: what takes many of TensorFlow's, each of which reads and writes all of memory, in one pass.

#ifndef HEED_OPS_H_
#define HEED_OPS_H_

namespace heed {

/** Registers the ops with TensorFlow, once in a process. */
void RegisterOps();

}  // namespace heed

#endif  // HEED_OPS_H_
