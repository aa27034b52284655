import { readFileSync } from 'node:fs';
import { allClose } from '@heed/testing';
import { capture, Random, readSafetensors, type Module } from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { GlobalAttentionPooling } from './global-attention-pooling.ts';
import { edgeTensors, type EdgeTensors } from './edge-tensors.ts';
import { GatLayer } from './gat-layer.ts';
import { GatV2Layer } from './gatv2-layer.ts';
import { HanLayer } from './han-layer.ts';
import { TransformerLayer } from './transformer-layer.ts';

// tooling/golden/graph-layers.py wrote these files with PyTorch Geometric 2.8.1.
const golden = (name: string) =>
  readSafetensors(new Uint8Array(readFileSync(new URL(`${name}.golden.safetensors`, import.meta.url)))).tensors();

// The same in both float32 implementations but for the order of sums.
const tolerance = { absolute: 1e-5, relative: 1e-5 };

const edges = edgeTensors(
  {
    sources: Int32Array.of(0, 1, 1, 2, 2, 3, 5, 0, 1, 2, 3, 4),
    targets: Int32Array.of(1, 2, 2, 0, 2, 0, 3, 4, 4, 4, 4, 1),
  },
  7,
);

function withPrefix(tensors: Record<string, tf.Tensor>, prefix: string): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
    ),
  );
}

/** What is not as in the golden: output, attention or a gradient. `forward` takes the inputs in the order of `names`. */
function disagreements(
  file: string,
  layer: Module,
  names: readonly string[],
  forward: (...inputs: tf.Tensor[]) => tf.Tensor,
): string[] {
  const tensors = golden(file);
  layer.loadStateDict(withPrefix(tensors, 'weights.'));
  const inputs = names.map((name) => tensors[`inputs.${name}`]);
  const { result, maps } = capture(() => forward(...inputs), { kind: 'edges' });
  const found: Array<readonly [name: string, actual: tf.Tensor]> = [['output', result]];
  if (tensors.attention !== undefined) found.push(['attention', maps[0].weights]);

  const objective = (...args: tf.Tensor[]) => {
    const y = forward(...args);
    const weight = Float32Array.from({ length: y.size }, (_, index) => Math.cos(1.7 * index));
    return tf.sum(tf.mul(y, tf.tensor(weight, y.shape))) as tf.Scalar;
  };
  const byInput = tf.grads(objective)(inputs);
  names.forEach((name, index) => found.push([`gradients.inputs.${name}`, byInput[index]]));
  const { grads } = tf.variableGrads(() => objective(...inputs));
  for (const { name, variable } of layer.namedParameters()) found.push([`gradients.${name}`, grads[variable.name]]);

  return found.flatMap(([name, actual]) => {
    const { pass, message } = allClose(actual, tensors[name], tolerance);
    return pass ? [] : [`${name}: ${message()}`];
  });
}

const withFeatures = (features: tf.Tensor): EdgeTensors => ({ ...edges, features: features as tf.Tensor2D });

describe("PyTorch Geometric's values and gradients", () => {
  const shape = { inputs: 5, headWidth: 4, heads: 3, random: new Random(1) };

  it.each(['concat', 'mean'] as const)('are those of GAT, heads joined by %s', (join) => {
    const layer = new GatLayer({ ...shape, join });
    expect(disagreements(`gat-${join}`, layer, ['x'], (x) => layer.forward(x, edges))).toEqual([]);
  });

  it('are those of GATv2', () => {
    const layer = new GatV2Layer({ ...shape, join: 'mean' });
    expect(disagreements('gatv2-mean', layer, ['x'], (x) => layer.forward(x, edges))).toEqual([]);
  });

  it('are those of GATv2 with edge features', () => {
    const layer = new GatV2Layer({ ...shape, edgeInputs: 2 });
    const forward = (x: tf.Tensor, features: tf.Tensor) => layer.forward(x, withFeatures(features));
    expect(disagreements('gatv2-concat', layer, ['x', 'edgeFeatures'], forward)).toEqual([]);
  });

  it.each(['concat', 'mean'] as const)('are those of the graph Transformer, heads joined by %s', (join) => {
    const layer = new TransformerLayer({ ...shape, join, edgeInputs: 2 });
    const forward = (x: tf.Tensor, features: tf.Tensor) => layer.forward(x, withFeatures(features));
    expect(disagreements(`transformer-${join}`, layer, ['x', 'edgeFeatures'], forward)).toEqual([]);
  });

  it('are those of attention pooling, for a graph without nodes too', () => {
    const layer = new GlobalAttentionPooling({ inputs: 5, random: new Random(1) });
    const graphOf = tf.tensor1d([0, 0, 0, 2, 2, 2, 2], 'int32');
    expect(disagreements('pooling', layer, ['x'], (x) => layer.forward(x, graphOf, 3))).toEqual([]);
  });

  const relations = [
    { source: 0, target: 0 },
    { source: 1, target: 0 },
  ];
  const han = new HanLayer({ inputs: [5, 2], relations, headWidth: 4, heads: 3, random: new Random(1) });
  const cites = edgeTensors({ sources: Int32Array.of(0, 1, 2, 2), targets: Int32Array.of(1, 0, 0, 0) }, 4);
  const writes = edgeTensors({ sources: Int32Array.of(0, 1, 1, 2, 0), targets: Int32Array.of(0, 0, 1, 2, 2) }, 4);

  it('are those of heterogeneous attention', () => {
    const forward = (papers: tf.Tensor, authors: tf.Tensor) =>
      han.forward([papers, authors], [cites, writes])[0]!.values;
    expect(disagreements('han', han, ['papers', 'authors'], forward)).toEqual([]);
  });

  it("are those of heterogeneous attention's weights of relations", () => {
    const tensors = golden('han');
    han.loadStateDict(withPrefix(tensors, 'weights.'));
    const outputs = han.forward([tensors['inputs.papers'], tensors['inputs.authors']], [cites, writes]);
    expect(outputs[0]!.semantic).toBeAllClose(tensors.semantic, tolerance);
    expect(outputs[1]).toBeUndefined();
  });
});
