import type { KernelRegressionOptions } from './kernel-regression.ts';

/** What the demo begins with, and what its picture shows without scripts. */
export const KERNEL_REGRESSION_START: KernelRegressionOptions = {
  points: [
    [0.3, 0.9],
    [0.9, 2.4],
    [1.5, 3.3],
    [2.1, 3.4],
    [2.7, 2.9],
    [3.3, 2.1],
    [3.9, 1.6],
    [4.5, 1.3],
  ],
  places: Array.from({ length: 61 }, (_, i) => i / 12), // 0 to 5
  form: 'kernel',
  width: 0.5,
  query: 2,
};
