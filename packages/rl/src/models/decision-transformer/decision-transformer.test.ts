import { readFileSync } from 'node:fs';
import { capture, readSafetensors, writeSafetensors } from '@heed/attention-core';
import { describeModelContract } from '@heed/testing';
import { loadPretrained, memoryFolder, readConfig, savePretrained } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  decisionTransformerConfigFrom,
  decisionTransformerNames,
  publishedDecisionTransformerConfig,
} from './decision-transformer.names.ts';
import {
  createDecisionTransformer,
  type DecisionTransformer,
  type DecisionTransformerConfig,
  type TrajectoryBatch,
} from './decision-transformer.ts';

const config: DecisionTransformerConfig = {
  stateSize: 3,
  actionSize: 2,
  modelWidth: 8,
  layers: 2,
  heads: 2,
  maximumSteps: 6,
  dropout: 0,
  tanhActions: true,
  positions: 3,
};
// made by tooling/golden/rl-decision-transformer.py
const golden = readSafetensors(readFileSync(new URL('decision-transformer.golden.safetensors', import.meta.url)));
const batch = (): TrajectoryBatch => {
  const { states, actions, returnsToGo, times } = golden.tensors() as unknown as TrajectoryBatch;
  return { returnsToGo, states, actions, times };
};
const lossOf = (model: DecisionTransformer, given: TrajectoryBatch) =>
  tf.tidy(() => {
    const { actions, states, returns } = model.forward(given);
    const rest = tf.add(tf.mean(tf.square(states)), tf.mean(tf.square(returns))); // or their heads would get no gradient
    const error = tf.mean(tf.squaredDifference(actions, tf.clipByValue(given.actions, -0.9, 0.9)));
    return tf.add(error, tf.mul(rest, 1e-3)) as tf.Scalar;
  });

describeModelContract('DecisionTransformer', {
  config,
  create: createDecisionTransformer,
  batch,
  forward: (model, given) => model.forward(given).actions,
  outputShape: [2, 4, 2],
  loss: lossOf,
  withoutGradient: (name) => name.endsWith('attention.key.bias'), // moves all scores of a query alike
  overfit: { steps: 80 },
});

describe('DecisionTransformer', () => {
  const under = (part: string) =>
    Object.fromEntries(
      Object.entries(golden.tensors())
        .filter(([name]) => name.startsWith(`${part}/`))
        .map(([name, tensor]) => [name.slice(part.length + 1), tensor]),
    );
  const opened = async () => {
    const folder = memoryFolder();
    await folder.write('model.safetensors', await writeSafetensors(under('weights')));
    const model = createDecisionTransformer(config, 1);
    await loadPretrained(folder, model, decisionTransformerNames);
    return model;
  };

  it("equals Hugging Face's: predictions, and gradients of the actions' error", async () => {
    const model = await opened();
    const tensors = golden.tensors();
    const { actions, states, returns } = model.forward(batch());
    const within = { absolute: 1e-5, relative: 1e-5 };
    expect(actions).toBeAllClose(tensors['predicted actions'], within);
    expect(states).toBeAllClose(tensors['predicted states'], within);
    expect(returns).toBeAllClose(tensors['predicted returns'], within);
    const parameters = model.trainableParameters();
    const { value, grads } = tf.variableGrads(
      () => tf.mean(tf.squaredDifference(model.forward(batch()).actions, tensors.actions)) as tf.Scalar,
      parameters.map(({ variable }) => variable),
    );
    expect(value).toBeAllClose(tensors.loss);
    // their gradients put where ours are, by the same map that opens their weights
    const folder = memoryFolder();
    const missing = ['predict_state', 'predict_return'].flatMap((name) => [`${name}.weight`, `${name}.bias`]);
    const zeros = [...missing, 'encoder.wte.weight'].map((name) => [name, tf.zerosLike(under('weights')[name])]);
    await folder.write(
      'model.safetensors',
      await writeSafetensors({ ...under('gradients'), ...Object.fromEntries(zeros) }),
    );
    const expected = createDecisionTransformer(config, 1);
    await loadPretrained(folder, expected, decisionTransformerNames);
    const gradients = expected.stateDict();
    for (const { name, variable } of parameters) {
      const found = grads[variable.name] ?? tf.zerosLike(variable);
      expect(found).toBeAllClose(gradients[name], { absolute: 1e-5, relative: 1e-4 });
    }
    model.dispose();
    expected.dispose();
  });

  it("is saved under Hugging Face's names, and opened from them with the same config", async () => {
    const model = await opened();
    const folder = memoryFolder();
    const published = publishedDecisionTransformerConfig(config);
    await savePretrained(folder, { model, names: decisionTransformerNames, config: published });
    const names = [...readSafetensors(await folder.read('model.safetensors')).entries.keys()];
    expect(names.toSorted()).toEqual(Object.keys(under('weights')).toSorted());
    expect(decisionTransformerConfigFrom(await readConfig(folder))).toEqual(config);
    const other = { ...published, activation_function: 'gelu' };
    expect(() => decisionTransformerConfigFrom(other)).toThrow('activation_function');
    model.dispose();
  });

  it('looks only at what came before: at a state at its return, not at its action', async () => {
    const model = await opened();
    const given = batch();
    const changed = { ...given, actions: tf.add(given.actions, tf.tensor3d([0, 0, 0, 1], [1, 4, 1])) as tf.Tensor3D };
    const { maps, result } = capture(() => model.forward(changed).actions);
    expect(result).toBeAllClose(model.forward(given).actions);
    expect(maps[0].weights.shape).toEqual([2, 2, 12, 12]);
    model.dispose();
  });

  it('refuses widths that do not fit', () => {
    expect(() => createDecisionTransformer({ ...config, modelWidth: 9 }, 1)).toThrow(
      'must be a multiple of heads, got 9',
    );
  });
});
