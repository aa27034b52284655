/**
 * Heed's own WebAssembly (AssemblyScript, 128-bit SIMD). It works in place on the heap of tfjs's WASM backend, whose memory it
 * imports. All addresses and strides are in bytes, all numbers float32. `build.ts` puts it into src/kernels/simd-module.ts.
 */
export { exp, tanh } from './elementwise';
export { maximum, minimum } from './extremes';
export { keepFinite, maskedSoftmax } from './hiding';
export { matmul, matmulScratch } from './matmul';
export { columnSums } from './reduce';
export { transpose } from './transpose';
