export { allClose, type Numbers, type Tolerance } from './all-close.ts';
export { useBackend, type BackendName } from './backend.ts';
export {
  expectGradientsToMatchDifferences,
  expectVariableGradientsToMatchDifferences,
  type GradientCheckOptions,
} from './gradient-check.ts';
export { describeModelContract, type ContractModel, type ModelContract } from './model-contract.ts';
export { storedFiles, type StoredFiles } from './stored-files.ts';
export {
  describeTaskContract,
  type ContractFitOptions,
  type ContractTask,
  type TaskContract,
} from './task-contract.ts';
