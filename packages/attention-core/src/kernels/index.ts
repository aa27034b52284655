/** Registers every kernel and gradient that this package adds to tfjs. */
import './conv2d-backprop.ts';
import './conv3d-backprop-input.ts';
import './depthwise-conv2d-backprop.ts';
import './dilated-convolution-gradients.ts';
import './fewer-native-ops.ts';
import './gradients.ts';
import './indices-in-range.ts';
import './kernel-repairs.ts';
import './philox-uniform.ts';
import './pooling-gradients.ts';
import './same-padding.ts';
import './unsorted-segment-max.ts';
import './unsorted-segment-sum.ts';
import './wasm-arithmetic.ts';
import './wasm-hiding.ts';
import './wasm-matmul.ts';
import './wasm-memory.ts';
import './wasm-movement.ts';
import './wasm-split.ts';
// after the reductions of wasm-arithmetic.ts, which it stands before
import './empty-reductions.ts';
