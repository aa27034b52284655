/**
 * Decision Transformer: acting as predicting what follows from the return that is wanted. A causal Transformer reads return, state and action of every step,
 * and says at each state which action comes next.
 *
 * - Chen et al. 2021, "Decision transformer: reinforcement learning via sequence modeling".
 * - Hugging Face's `DecisionTransformerModel`: the same arithmetic and weight names (see decision-transformer.names.ts), GPT-2's blocks with ReLU.
 *
 * Deviations. Padding stands at a sequence's end, where causal attention never sees it; Hugging Face's stands in front and is masked.
 */
import {
  buffer,
  causal,
  dropout,
  Embedding,
  EncoderBlock,
  LayerNorm,
  Linear,
  Module,
  Random,
  weight,
  type RandomStream,
} from '@heed/attention-core';
import { parseConfig } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';

/** JSON, and enough to make the model again. */
export interface DecisionTransformerConfig {
  /** S: numbers of a state. */
  readonly stateSize: number;
  /** A: numbers of an action; one-hot for choices. */
  readonly actionSize: number;
  /** M: a multiple of `heads`. */
  readonly modelWidth: number;
  readonly layers: number;
  readonly heads: number;
  /** The longest episode, in steps: steps have learned positions. */
  readonly maximumSteps: number;
  readonly dropout: number;
  /** Whether predicted actions go through tanh: for numbers in [−1, 1], not for logits of choices. */
  readonly tanhActions: boolean;
  /** Rows of GPT-2's own table of positions, of which only the first is used, for all tokens. */
  readonly positions: number;
}

const count = z.number().int().min(1);
const schema = z
  .strictObject({
    stateSize: count,
    actionSize: count,
    modelWidth: count,
    layers: count,
    heads: count,
    maximumSteps: count,
    dropout: z.number().min(0).lt(1),
    tanhActions: z.boolean(),
    positions: count,
  })
  .refine(({ modelWidth, heads }) => modelWidth % heads === 0, {
    path: ['modelWidth'],
    message: 'must be a multiple of heads',
  });

/** T steps of B episodes. What stands after an episode's last step does not count. */
export type TrajectoryBatch = {
  /** [B, T]: the sum of rewards that is still to come, or wanted. */
  readonly returnsToGo: tf.Tensor2D;
  /** [B, T, S] */
  readonly states: tf.Tensor3D;
  /** [B, T, A]; the last one is not looked at where its action is asked for. */
  readonly actions: tf.Tensor3D;
  /** int32 [B, T]: numbers of the steps within their episode. */
  readonly times: tf.Tensor2D;
};

export interface TrajectoryPredictions extends tf.TensorContainerObject {
  /** [B, T, A]: from each state, and all before it. */
  actions: tf.Tensor3D;
  /** [B, T, S]: the next state, from each action, and all before it. */
  states: tf.Tensor3D;
  /** [B, T]: the next return, likewise. */
  returns: tf.Tensor2D;
}

/** Maps are captured under `layer 1`, `layer 2`, …; their tokens are return, state and action of each step. */
export class DecisionTransformer extends Module {
  readonly config: Readonly<DecisionTransformerConfig>;
  readonly times: Embedding;
  readonly returns: Linear;
  readonly states: Linear;
  readonly actions: Linear;
  readonly embeddingNorm: LayerNorm;
  /** GPT-2's own positions: Hugging Face's model adds the first to all tokens. */
  readonly positions: tf.Variable<tf.Rank.R2>;
  /** GPT-2's own tokens, which nothing reads: kept so that Hugging Face's files are whole. */
  readonly tokens: tf.Variable<tf.Rank.R2>;
  readonly layers: readonly EncoderBlock[];
  readonly norm: LayerNorm;
  readonly nextState: Linear;
  readonly nextAction: Linear;
  readonly nextReturn: Linear;

  /** @throws if a field of the config is out of range, naming it and its value */
  constructor(config: DecisionTransformerConfig, random: Random) {
    super();
    this.config = parseConfig('DecisionTransformer', schema, config);
    const { stateSize, actionSize, modelWidth, layers, heads, maximumSteps, positions, dropout: rate } = this.config;
    const linear = (inputs: number, outputs: number) => new Linear({ inputs, outputs, random });
    this.times = new Embedding({ size: maximumSteps, width: modelWidth, deviation: 0.02, random });
    this.returns = linear(1, modelWidth);
    this.states = linear(stateSize, modelWidth);
    this.actions = linear(actionSize, modelWidth);
    this.embeddingNorm = new LayerNorm({ width: modelWidth });
    this.positions = weight<tf.Rank.R2>(random.normals(positions * modelWidth, 0, 0.02), [positions, modelWidth]);
    this.tokens = buffer<tf.Rank.R2>(new Float32Array(modelWidth), [1, modelWidth]);
    const block = { modelWidth, heads, activation: 'relu', dropout: rate, random } as const;
    this.layers = Array.from({ length: layers }, (_, i) => new EncoderBlock({ ...block, name: `layer ${i + 1}` }));
    this.norm = new LayerNorm({ width: modelWidth });
    this.nextState = linear(modelWidth, stateSize);
    this.nextAction = linear(modelWidth, actionSize);
    this.nextReturn = linear(modelWidth, 1);
  }

  forward(
    { returnsToGo, states, actions, times }: TrajectoryBatch,
    { random }: { readonly random?: RandomStream | undefined } = {},
  ): TrajectoryPredictions {
    const { modelWidth, dropout: rate, tanhActions } = this.config;
    const [batch, length] = times.shape;
    return tf.tidy(() => {
      const when = this.times.forward(times); // [B, T, M]
      const tokens = tf.stack(
        [
          tf.add(this.returns.forward(tf.expandDims(returnsToGo, 2)), when),
          tf.add(this.states.forward(states), when),
          tf.add(this.actions.forward(actions), when),
        ],
        2,
      ); // [B, T, 3, M]
      const sequence = this.embeddingNorm.forward(tf.reshape(tokens, [batch, 3 * length, modelWidth]));
      const first = tf.slice(this.positions, [0, 0], [1, modelWidth]);
      const embedded = dropout(tf.add(sequence, first), rate, random); // [B, 3T, M]
      const mask = causal();
      const hidden = this.norm.forward(
        this.layers.reduce<tf.Tensor>((x, layer) => layer.forward(x, { mask, random }), embedded),
      );
      const [, atStates, atActions] = tf.unstack(tf.reshape(hidden, [batch, length, 3, modelWidth]), 2); // [B, T, M] each
      const predicted = this.nextAction.forward(atStates);
      return {
        actions: (tanhActions ? tf.tanh(predicted) : predicted) as tf.Tensor3D,
        states: this.nextState.forward(atActions) as tf.Tensor3D,
        returns: tf.squeeze(this.nextReturn.forward(atActions), [2]),
      };
    });
  }
}

/** A new model, the same for the same config and seed. @throws if a field of the config is out of range, naming it and its value */
export function createDecisionTransformer(config: DecisionTransformerConfig, seed: number): DecisionTransformer {
  return new DecisionTransformer(config, new Random(seed));
}
