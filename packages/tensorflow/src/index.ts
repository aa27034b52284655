export { install, type Installation, type InstallOptions } from './install/install.ts';
export { InstallError } from './install/install-error.ts';
export type { InstallProgress } from './install/progress.ts';
export { loadTensorflow, type Tensorflow } from './load.ts';
export { status, type TensorflowStatus } from './status.ts';
