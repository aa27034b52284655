/**
 * What the site's worker uses of TensorFlow.js: its core with gradients and chained ops. The package `@tensorflow/tfjs` adds layers, converters, data
 * pipelines, and the CPU and WebGL backends, a megabyte that no page here uses; the site's build resolves it to this file.
 */
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';

export * from '@tensorflow/tfjs-core';
