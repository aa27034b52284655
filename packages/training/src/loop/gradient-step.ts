import { RandomStream } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import type { Optimizer } from '../optimizers/optimizer.ts';
import type { Batch, BatchTensors } from './batch.ts';
import type { LossFunction, LossResult } from './options.ts';

/** What one batch gives, still on the device; the caller disposes the tensors. */
export interface Gradients extends tf.TensorContainerObject {
  /** One vector per optimizer group. */
  gradients: tf.Tensor1D[];
  /** Loss, weight, global norm of the gradients, then the metrics: [3 + metrics], read in one go. */
  report: tf.Tensor1D;
}

/** Where the fixed entries of a report stand. */
export const REPORT = { loss: 0, weight: 1, norm: 2, metrics: 3 } as const;

/** Forward and backward pass of a batch, from tensor operations only. */
export class GradientStep<B extends Batch> {
  private names: readonly string[] | undefined;

  constructor(
    private readonly loss: LossFunction<B>,
    private readonly optimizer: Optimizer,
  ) {}

  /** Names of the metrics in a report, known after the first run. */
  get metricNames(): readonly string[] {
    return this.names ?? [];
  }

  /**
   * @param key int32 [1, 2], the seed
   * @param draw int32 scalar, the number of this batch: with the key it decides all randomness
   */
  run(batch: BatchTensors<B>, key: tf.Tensor2D, draw: tf.Scalar): Gradients {
    let entries: readonly tf.Tensor[] = [];
    const forward = (): tf.Scalar => {
      const parts = this.parts(this.loss(batch, { random: new RandomStream(key, draw) }));
      // Kept by hand: the forward pass frees all but the loss.
      entries = [parts.weight, ...parts.metrics].map((tensor) => tf.keep(tf.clone(tensor)));
      return parts.loss;
    };
    try {
      return tf.tidy(() => {
        const { value, grads } = tf.engine().gradients(
          forward,
          this.optimizer.parameters.map(({ variable }) => variable),
          undefined,
          true,
        );
        const gradients = this.optimizer.flatten(grads);
        const [weight, ...metrics] = entries;
        const report = tf.stack([value, weight, globalNorm(gradients), ...metrics]) as tf.Tensor1D; // [3 + metrics]
        return { gradients, report };
      });
    } catch (error) {
      freeTape();
      throw error;
    } finally {
      tf.dispose([...entries]);
    }
  }

  private parts(result: LossResult): { loss: tf.Scalar; weight: tf.Scalar; metrics: tf.Scalar[] } {
    const { loss, weight, ...metrics } = result instanceof tf.Tensor ? { loss: result, weight: undefined } : result;
    const names = Object.keys(metrics);
    this.names ??= names;
    if (String(names) !== String(this.names)) {
      throw new Error(
        `train: every loss must come with the same metrics, got [${names.join(', ')}] after [${this.names.join(', ')}]`,
      );
    }
    return {
      loss: asScalar('loss', loss),
      weight: weight === undefined ? tf.scalar(1) : asScalar('weight', weight),
      metrics: Object.entries(metrics).map(([name, tensor]) => asScalar(name, tensor as tf.Tensor)),
    };
  }
}

/** √(Σ g²) over all gradients: float32 scalar. */
export function globalNorm(gradients: readonly tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient))))));
}

/**
 * The gradients scaled down to the global norm `limit` where `norm` exceeds it, as `torch.nn.utils.clip_grad_norm_` does.
 *
 * @throws if `limit` is not positive: a negative one would turn the gradients round
 */
export function clipToNorm(gradients: readonly tf.Tensor1D[], norm: tf.Scalar, limit: number): tf.Tensor1D[] {
  if (!(limit > 0)) throw new Error(`clipToNorm: limit must be positive, got ${limit}`);
  return tf.tidy(() => {
    const scale = tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1);
    return gradients.map((gradient) => tf.mul(gradient, scale) as tf.Tensor1D);
  });
}

/** Frees what the ops of a forward pass saved for their gradients, which tfjs does only when those were computed. */
function freeTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved);
  state.activeTape = [];
}

function asScalar(name: string, tensor: tf.Tensor): tf.Scalar {
  if (!(tensor instanceof tf.Tensor) || tensor.rank !== 0) {
    throw new Error(
      `train: ${name} must be a scalar tensor, got ${tensor instanceof tf.Tensor ? `shape [${tensor.shape}]` : typeof tensor}`,
    );
  }
  return tf.cast(tensor, 'float32') as tf.Scalar;
}
