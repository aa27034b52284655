import { readFileSync } from 'node:fs';
import {
  Embedding,
  Module,
  padding,
  Random,
  readSafetensors,
  GrowingCache,
  StaticCache,
  type KeyValueCache,
  T5Decoder,
  T5Encoder,
  writeSafetensors,
  type T5StackConfig,
} from '@heed/attention-core';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { memoryFolder } from '../folders/memory-folder.ts';
import type { NameMap } from './name-map.ts';
import { loadPretrained, publishedWeights } from './pretrained.ts';
import { t5StackRules } from './t5-block-names.ts';

/** Encoder, decoder and the one table of embeddings, without a head. */
class T5 extends Module {
  readonly table: Embedding;
  readonly encoder: T5Encoder;
  readonly decoder: T5Decoder;

  constructor({ layers, decoderLayers, ...config }: T5StackConfig & { readonly decoderLayers: number }) {
    super();
    this.table = new Embedding({ size: 7, width: config.modelWidth, random: config.random });
    this.encoder = new T5Encoder({ ...config, layers });
    this.decoder = new T5Decoder({ ...config, layers: decoderLayers });
  }

  encode(source: tf.Tensor, lengths: tf.Tensor1D): tf.Tensor {
    return this.encoder.forward(this.table.forward(source), { mask: padding(lengths) });
  }
}

const sizes = { modelWidth: 8, hiddenWidth: 10, layers: 2, decoderLayers: 1 };
const forms: Record<string, Pick<T5StackConfig, 'heads'> & Partial<T5StackConfig>> = {
  // made by tooling/golden/t5-stacks.py
  't5-gated-wide': {
    heads: 3,
    headWidth: 6,
    buckets: 12,
    maxDistance: 9,
    epsilon: 1e-5,
    gated: true,
    activation: 'gelu-tanh',
  },
  't5-plain': { heads: 2 },
};

describe.each(Object.entries(forms))("A T5 of core blocks against Hugging Face's transformers: %s", (name, form) => {
  const golden = readSafetensors(readFileSync(new URL(`${name}.golden.safetensors`, import.meta.url))).tensors();
  const under = (start: string) =>
    Object.fromEntries(
      Object.entries(golden).flatMap(([name, tensor]) =>
        name.startsWith(start) ? [[name.slice(start.length), tensor]] : [],
      ),
    );
  const { gated = false } = form;
  const names: NameMap = {
    rules: [
      { ours: 'table.weight', theirs: 'shared.weight' },
      ...t5StackRules('encoder', 'encoder', { gated }),
      ...t5StackRules('decoder', 'decoder', { gated }),
    ],
  };
  const open = async (tensors: Record<string, tf.Tensor>) => {
    const folder = memoryFolder();
    await folder.write('model.safetensors', await writeSafetensors(tensors));
    const model = new T5({ ...sizes, ...form, random: new Random(1) });
    await loadPretrained(folder, model, names);
    return model;
  };
  const lengths = golden.sourceLengths as tf.Tensor1D;
  const forward = (model: T5) => {
    const memory = model.encode(golden.source, lengths);
    return model.decoder.forward(model.table.forward(golden.targetInputs), { memory, memoryMask: padding(lengths) });
  };
  // 1e-4 was asked for; what is there is the rounding of sums in another order, through three layers
  const close = { absolute: 3e-5, relative: 3e-5 };

  it('has its hidden states', async () => {
    expect(forward(await open(under('weights/')))).toBeAllClose(golden.hidden, close);
  });

  it.each(['static', 'growing'])('has them step by step too, with a %s cache', async (kind) => {
    const model = await open(under('weights/'));
    const memory = model.encode(golden.source, lengths);
    const prepared = model.decoder.prepareMemory(memory);
    const shape = { batch: 2, length: 20, ...model.decoder.blocks[0].selfAttention.cacheShape };
    const caches: KeyValueCache[] = [kind === 'static' ? new StaticCache(shape) : new GrowingCache()];
    const steps = tf.split(golden.targetInputs, 16, 1).map((symbols) => {
      const inputs = { prepared, memoryMask: padding(lengths), caches };
      return model.decoder.forward(model.table.forward(symbols), inputs);
    });
    expect(tf.concat(steps, 1)).toBeAllClose(golden.hidden, close);
  });

  it('has its gradients', async () => {
    const model = await open(under('weights/'));
    const expected = await open(under('gradients/'));
    const uneven = Float32Array.from({ length: golden.hidden.size }, (_, i) => Math.cos(1.7 * i));
    const loss = () => tf.sum(tf.mul(forward(model), tf.tensor(uneven, golden.hidden.shape))) as tf.Scalar;
    const { grads } = tf.variableGrads(loss);
    const wanted = expected.stateDict();
    // transformers rounds norms and softmax to float32 on the way, and scores that are not scaled magnify it
    const magnified = { absolute: 3e-4, relative: 1e-4 };
    for (const { name, variable } of model.namedParameters()) {
      expect(grads[variable.name]).toBeAllClose(wanted[name], magnified);
    }
  });

  it('is saved under its names', async () => {
    const saved = publishedWeights(await open(under('weights/')), names);
    expect(Object.keys(saved).sort()).toEqual(Object.keys(under('weights/')).sort());
    for (const [name, tensor] of Object.entries(under('weights/'))) expect(saved[name]).toBeAllClose(tensor);
  });
});

describe('T5Decoder', () => {
  it('refuses another number of caches than of blocks', () => {
    const decoder = new T5Decoder({ ...sizes, heads: 2, layers: 2, random: new Random(1) });
    const memory = tf.zeros([1, 2, 8]);
    expect(() => decoder.forward(tf.zeros([1, 1, 8]), { memory, caches: [] })).toThrow(
      'T5Decoder: caches must be one for each of 2 blocks, got 0',
    );
  });
});
