export { acrobot } from './environments/classic-control/acrobot.ts';
export { cartPole } from './environments/classic-control/cart-pole.ts';
export { checkEnvironment } from './environments/check-environment.ts';
export { defineEnvironment, type EnvironmentDefinition, type Transition } from './environments/define-environment.ts';
export type { Environment, Info, Picture, ResetRequest, ResetResult, StepResult } from './environments/environment.ts';
export { mountainCar } from './environments/classic-control/mountain-car.ts';
export { passiveTMaze } from './environments/passive-t-maze.ts';
export { pendulum } from './environments/classic-control/pendulum.ts';
export { circle, line, path, picture, rectangle } from './rendering/picture.ts';
export { renderEpisode } from './rendering/render-episode.ts';
export { flatSize, flattenInto } from './spaces/flatten.ts';
export { sampleSpace } from './spaces/sample-space.ts';
export {
  box,
  describeSpace,
  dict,
  discrete,
  multiDiscrete,
  outsideOf,
  type Box,
  type Dict,
  type Discrete,
  type MultiDiscrete,
  type Space,
  type SpaceValue,
} from './spaces/space.ts';
export {
  EnvironmentVector,
  type Autoreset,
  type EnvironmentVectorOptions,
  type NextStepResult,
  type SameStepResult,
  type VectorReset,
  type VectorState,
  type VectorStep,
  type VectorStepOf,
} from './vectors/environment-vector.ts';
export { frameStack } from './wrappers/frame-stack.ts';
export {
  normaliseObservations,
  normaliseRewards,
  type Normalised,
  type NormaliseOptions,
} from './wrappers/normalise.ts';
export { previousAction } from './wrappers/previous-action.ts';
export { RunningMoments, type Moments } from './wrappers/running-moments.ts';
export { selectObservation } from './wrappers/select-observation.ts';
export { timeLimit } from './wrappers/time-limit.ts';
export { wrap } from './wrappers/wrap.ts';
export type { HideSteps } from './evaluation/play-episodes.ts';
export { createMlpPolicy, MlpPolicy, type MlpPolicyConfig } from './models/mlp-policy/mlp-policy.ts';
export type { GtrxlConfig, MlpConfig, PolicyConfig, RecurrentConfig } from './policies/create-policy.ts';
export {
  Policy,
  type Memory,
  type SegmentInputs,
  type SegmentOutputs,
  type StepInputs,
  type StepOutputs,
} from './policies/policy.ts';
export { advantages, type Steps } from './rollouts/advantages.ts';
export type { FinishedEpisode } from './rollouts/rollout-collector.ts';
export { ppoLoss, type PpoLossInputs, type PpoLossOptions } from './losses/ppo-loss.ts';
export { PpoAgent } from './tasks/ppo-agent/ppo-agent.ts';
export type {
  ActOptions,
  Decision,
  EpisodeSoFar,
  EvaluateOptions,
  MakeEnvironment,
  PpoAgentConfig,
  PpoAgentOptions,
  PpoEvaluation,
  PpoFitOptions,
  PpoHistory,
} from './tasks/ppo-agent/ppo-agent-config.ts';
export { createGtrxlPolicy, GtrxlPolicy, type GtrxlPolicyConfig } from './models/gtrxl-policy/gtrxl-policy.ts';
export {
  createRecurrentPolicy,
  RecurrentPolicy,
  type RecurrentPolicyConfig,
} from './models/recurrent-policy/recurrent-policy.ts';
export {
  GatedTransformer,
  type GatedTransformerConfig,
  type GatedTransformerInputs,
  type GatedTransformerOutputs,
} from './layers/gated-transformer/gated-transformer.ts';
export { GruGate } from './layers/gated-transformer/gru-gate.ts';
export {
  createDecisionTransformer,
  DecisionTransformer,
  type DecisionTransformerConfig,
  type TrajectoryBatch,
  type TrajectoryPredictions,
} from './models/decision-transformer/decision-transformer.ts';
export {
  decisionTransformerConfigFrom,
  decisionTransformerNames,
  publishedDecisionTransformerConfig,
} from './models/decision-transformer/decision-transformer.names.ts';
export { keyToDoor, type KeyToDoorOptions } from './environments/key-to-door.ts';
export type { ReturnEvaluation } from './evaluation/play-to-return.ts';
export type { DecidedAction } from './policies/decided-action.ts';
export { DecisionAgent } from './tasks/decision-agent/decision-agent.ts';
export type {
  DecisionActOptions,
  DecisionAgentConfig,
  DecisionEvaluateOptions,
  DecisionFitOptions,
  DecisionInput,
} from './tasks/decision-agent/decision-agent-config.ts';
export { randomTrajectories, returnOf, type Trajectory, type TrajectorySet } from './trajectories/trajectory.ts';
