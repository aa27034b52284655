import { kernelRegression, type KernelRegression } from '../src/demos/kernel-regression/kernel-regression.ts';
import { KERNEL_REGRESSION_START } from '../src/demos/kernel-regression/kernel-regression-start.ts';

declare const data: KernelRegression;
export { data };

/** What the demo shows at first, computed when the site is built. */
export default {
  load: (): KernelRegression => kernelRegression(KERNEL_REGRESSION_START, () => {}),
};
