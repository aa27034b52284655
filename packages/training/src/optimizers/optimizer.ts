import { Module, type NamedParameter } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { flattenTensors, splitFlat } from './flat.ts';
import { fits, type NamePattern } from './freeze.ts';

/** Parameters that are treated alike, and how they differ from the optimizer's own options. */
export interface ParameterGroup {
  /** Which parameters belong here, by name: a test, or a pattern that the name must match. The first group that fits takes it. */
  readonly match: NamePattern;
  /** Replaces the optimizer's weight decay. */
  readonly weightDecay?: number;
  /** Multiplies the learning rate. Default 1. */
  readonly learningRateScale?: number;
}

/** One group as an optimizer works on it: its weights laid end to end are one vector of `size` numbers. */
export interface FlatGroup {
  readonly index: number;
  readonly parameters: readonly NamedParameter[];
  readonly size: number;
  readonly weightDecay: number;
  readonly learningRateScale: number;
}

/**
 * Changes weights by their gradients.
 *
 * All weights of a group are updated as one vector, so that an update is a dozen large operations, not a dozen for each weight.
 * Whatever an optimizer remembers is held in `tf.Variable`s made at construction (its `stateDict()`), and an update consists of
 * tensor operations only: it can be recorded by `compile`.
 *
 * A parameter to which no gradient leads gets the gradient zero.
 */
export abstract class Optimizer extends Module {
  readonly groups: readonly FlatGroup[];

  /** The trained parameters in the order of `flatten` and of the gradients. */
  readonly parameters: readonly NamedParameter[];

  /** What `config()` gives: decides whether a checkpoint fits. */
  private readonly settings: Readonly<Record<string, unknown>>;

  /**
   * @param parameters what to train, e.g. `model.trainableParameters()`; a variable under two names is one parameter, by its first name
   * @throws if there is nothing to train, a name occurs twice, or a weight is not float32
   */
  protected constructor(
    parameters: readonly NamedParameter[],
    settings: Readonly<Record<string, unknown>> & { readonly weightDecay: number },
    groups: readonly ParameterGroup[],
  ) {
    super();
    checkParameters(parameters);
    this.groups = makeGroups(withoutRepeats(parameters), groups, settings.weightDecay);
    this.parameters = this.groups.flatMap((group) => group.parameters);
    this.settings = settings;
  }

  /**
   * One update.
   *
   * @param gradients one vector per group, as `flatten` makes them
   * @param learningRate float32 scalar
   */
  apply(gradients: readonly tf.Tensor1D[], learningRate: tf.Scalar): void {
    if (gradients.length !== this.groups.length) {
      throw new Error(
        `Optimizer.apply: one gradient per group is needed, got ${gradients.length} for ${this.groups.length}`,
      );
    }
    tf.tidy(() => {
      this.beginUpdate();
      for (const group of this.groups) {
        const weights = flattenTensors(group.parameters.map(({ variable }) => variable)); // [P]
        const rate = group.learningRateScale === 1 ? learningRate : tf.mul(learningRate, group.learningRateScale);
        assignFlat(group, this.updated(group, weights, gradients[group.index], rate));
      }
    });
  }

  /**
   * Gradients as one vector per group, which the caller owns.
   *
   * @param gradients in the order of `parameters`, `null` for none
   * @throws if a gradient has another shape than its parameter
   */
  flatten(gradients: ReadonlyArray<tf.Tensor | null | undefined>): tf.Tensor1D[] {
    for (const [i, { name, variable }] of this.parameters.entries()) {
      const shape = gradients[i]?.shape ?? variable.shape;
      if (String(shape) !== String(variable.shape)) {
        throw new Error(
          `Optimizer.flatten: the gradient of ${name} must have its shape [${variable.shape}], got [${shape}]`,
        );
      }
    }
    return tf.tidy(() => {
      let offset = 0;
      return this.groups.map((group) => {
        const own = group.parameters.map(({ variable }, i) => gradients[offset + i] ?? tf.zerosLike(variable));
        offset += group.parameters.length;
        return flattenTensors(own);
      });
    });
  }

  /** What defines this optimizer, as JSON: its kind, options and groups. */
  config(): Record<string, unknown> {
    return {
      ...this.settings,
      groups: this.groups.map(({ parameters, weightDecay, learningRateScale }) => ({
        parameters: parameters.map(({ name, variable }) => `${name} [${variable.shape}]`),
        weightDecay,
        learningRateScale,
      })),
    };
  }

  /** Called once per update, before the groups. */
  protected abstract beginUpdate(): void;

  /** The group's new weights [P], from its weights [P] and gradient [P]; assigns the group's slots. */
  protected abstract updated(
    group: FlatGroup,
    weights: tf.Tensor1D,
    gradient: tf.Tensor1D,
    learningRate: tf.Tensor,
  ): tf.Tensor;
}

/** A variable that an optimizer keeps per group: zeros [P] at first, not trained itself. */
export function zeroSlot(group: FlatGroup): tf.Variable<tf.Rank.R1> {
  return tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([group.size]), false));
}

/** Throws unless `low ≤ value < high`. */
export function checkRange(optimizer: string, option: string, value: number, low: number, high = Infinity): void {
  if (!(value >= low && value < high)) {
    throw new Error(`${optimizer}: ${option} must be in [${low}, ${high}), got ${value}`);
  }
}

function checkParameters(parameters: readonly NamedParameter[]): void {
  if (parameters.length === 0)
    throw new Error('Optimizer: there must be a parameter to train, got none (are all frozen?)');
  const seen = new Set<string>();
  for (const { name, variable } of parameters) {
    if (seen.has(name)) throw new Error(`Optimizer: parameter names must differ, got "${name}" twice`);
    if (variable.dtype !== 'float32') throw new Error(`Optimizer: ${name} must be float32, got ${variable.dtype}`);
    seen.add(name);
  }
}

function withoutRepeats(parameters: readonly NamedParameter[]): readonly NamedParameter[] {
  const seen = new Set<tf.Variable>();
  return parameters.filter(({ variable }) => !seen.has(variable) && seen.add(variable));
}

function makeGroups(
  parameters: readonly NamedParameter[],
  groups: readonly ParameterGroup[],
  weightDecay: number,
): readonly FlatGroup[] {
  const members = new Map<ParameterGroup | undefined, NamedParameter[]>();
  for (const group of [...groups, undefined]) members.set(group, []);
  for (const parameter of parameters)
    members.get(groups.find(({ match }) => fits(match, parameter.name)))!.push(parameter);
  for (const group of groups) {
    if (members.get(group)!.length === 0)
      throw new Error(`Optimizer: group ${String(group.match)} must match a parameter, got none`);
  }
  return [...members]
    .filter(([, own]) => own.length > 0)
    .map(([group, own], index) => ({
      index,
      parameters: own,
      size: own.reduce((sum, { variable }) => sum + variable.size, 0),
      weightDecay: group?.weightDecay ?? weightDecay,
      learningRateScale: group?.learningRateScale ?? 1,
    }));
}

function assignFlat(group: FlatGroup, weights: tf.Tensor): void {
  const variables = group.parameters.map(({ variable }) => variable);
  const parts = splitFlat(weights, variables);
  for (const [i, variable] of variables.entries()) variable.assign(parts[i]);
}
