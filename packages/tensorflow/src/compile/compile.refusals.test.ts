import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { compile } from './compile.ts';
import { countHandles } from './count-handles.test-support.ts';
import { canCompile, nativeBackend } from './native-backend.ts';

const native = tf.getBackend() === 'tensorflow';
if (!native) process.stdout.write('skipped: what compiled functions refuse, tfjs-node is not the backend\n');

const here = /at \S*refusals\.test\.ts:\d+:\d+/.source;

/** Calls a function twice and gives the error: some are found by the second recording. */
function errorOf<Args extends readonly unknown[]>(fn: (...args: Args) => unknown, ...args: Args): string {
  const compiled = compile(fn, { name: 'step' });
  try {
    for (let i = 0; i < 3; i++) compiled(...args);
  } catch (error) {
    return (error as Error).message;
  } finally {
    compiled.dispose();
  }
  return 'no error';
}

describe('compile without tfjs-node as the backend', () => {
  it('names the backend that is in use, when called', async () => {
    const before = tf.getBackend();
    await tf.setBackend('cpu');
    try {
      expect(canCompile()).toBe(false);
      expect(() => compile((x: tf.Tensor) => x.neg())(tf.scalar(1))).toThrow(
        'compile: the backend must be tensorflow (await loadTensorflow()), got cpu',
      );
    } finally {
      await tf.setBackend(before);
    }
  });

  it.runIf(tf.getBackend() === 'wasm')('names WASM', () => {
    expect(canCompile()).toBe(false);
    expect(() => compile((x: tf.Tensor) => x.neg())(tf.scalar(1))).toThrow(
      'compile: the backend must be tensorflow (await loadTensorflow()), got wasm',
    );
  });

  it('refuses a limit that is not a count', () => {
    expect(() => compile((x: tf.Tensor) => x, { limit: 0 })).toThrow(
      'compile: limit must be a whole number of at least 1, got 0',
    );
  });
});

describe.runIf(native)('a function is refused that', () => {
  let handles: number;
  let tensors: number;

  beforeEach(() => {
    handles = countHandles();
    tensors = tf.memory().numTensors;
    tf.engine().startScope('test');
  });

  // A refused function leaves nothing behind, and the backend as it was.
  afterEach(() => {
    tf.engine().endScope();
    const left = [tf.memory().numTensors - tensors, nativeBackend().binding.getNumOfTensors() - handles];
    if (left.some((count) => count !== 0)) throw new Error(`tensors and handles left behind: ${left.join(', ')}`);
  });

  it('reads a value that may change: the JavaScript line is named', () => {
    const x = tf.scalar(2);
    const v = tf.variable(tf.scalar(1));
    const message = new RegExp(`^compile: step must not read the values of tensors .*, got such a call ${here}$`);
    expect(errorOf((y: tf.Tensor) => tf.scalar(y.dataSync()[0]! + 1), x)).toMatch(message);
    expect(errorOf((y: tf.Tensor) => y.mul(2).arraySync(), x)).toMatch(message);
    expect(errorOf((y: tf.Tensor) => y.print(), x)).toMatch(message);
    expect(errorOf(() => tf.scalar(v.dataSync()[0]!))).toMatch(message);
    v.dispose();
  });

  it('may read what is the same at every call', () => {
    const outside = tf.tensor1d([3, 4]);
    const f = (x: tf.Tensor) => x.mul(outside.dataSync()[1]!).add(tf.scalar(2).dataSync()[0]!);
    expect(errorOf(f, tf.scalar(1))).toBe('no error');
  });

  it('draws random numbers in JavaScript', () => {
    const x = tf.ones([4]);
    const message = new RegExp(
      `^compile: step must not draw random numbers in JavaScript.* Math\\.random ${here}; pass`,
    );
    expect(errorOf((y: tf.Tensor) => y.add(tf.randomUniform([4])), x)).toMatch(message);
    expect(errorOf((y: tf.Tensor) => y.add(tf.randomNormal([4])), x)).toMatch(message);
    expect(errorOf((y: tf.Tensor) => y.add(tf.truncatedNormal([4])), x)).toMatch(message);
    expect(errorOf((y: tf.Tensor) => tf.dropout(y, 0.5), x)).toMatch(message);
    expect(errorOf((y: tf.Tensor) => tf.multinomial(y as tf.Tensor1D, 2), x)).toMatch(message);
    expect(errorOf((y: tf.Tensor) => y.mul(Math.random()), x)).toMatch(message);
    expect(Math.random()).not.toBe(Math.random());
  });

  it('draws from a generator of its own, which only the second recording can tell', () => {
    let state = 1;
    const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    expect(errorOf((x: tf.Tensor) => x.add(tf.rand([2], next)), tf.ones([2]))).toMatch(
      new RegExp(
        `step must do the same at every call, got the constant .* where there was the constant .*, ${here}; what`,
      ),
    );
  });

  it('uses a number that changes from call to call', () => {
    let rate = 0.1;
    const f = (x: tf.Tensor) => x.mul((rate *= 0.5));
    expect(errorOf(f, tf.scalar(1))).toMatch(/got the constant 0\.025.* where there was the constant 0\.0500/);
  });

  it('changes its structure from call to call', () => {
    let calls = 0;
    const f = (x: tf.Tensor) => (calls++ === 0 ? x.exp() : x.exp().neg());
    expect(errorOf(f, tf.scalar(1))).toMatch(
      new RegExp(`step must do the same at every call, got Neg\\(.*\\) where there was nothing, ${here}`),
    );
  });

  it('takes another tensor from outside at every call', () => {
    let batch = 0;
    const f = (x: tf.Tensor) => x.add(batches[batch++]!);
    const batches = [tf.range(0, 2000), tf.range(1, 2001), tf.range(2, 2002)];
    expect(errorOf(f, tf.scalar(1))).toMatch(
      /got another tensor of shape \[2000\] from outside \(pass it as an argument\)/,
    );
  });

  it('returns no tensor', () => {
    expect(errorOf((x: tf.Tensor) => void x.exp(), tf.scalar(1))).toBe(
      'compile: step must return a tensor or assign a variable, got undefined',
    );
    expect(errorOf(() => 3)).toBe('compile: step must return a tensor or assign a variable, got 3');
  });

  it('is async', () => {
    expect(errorOf(async (x: tf.Tensor) => x.exp(), tf.scalar(1))).toBe(
      'compile: step must not be async, got a promise at result',
    );
  });

  it('takes or gives something else than tensors and plain values', () => {
    expect(errorOf((x: Float32Array) => tf.tensor1d(x), new Float32Array(2))).toBe(
      'compile: arguments must be made of tensors, numbers, strings, booleans, arrays and plain objects, ' +
        'got a Float32Array at arguments[0]',
    );
    expect(errorOf((x: { f: () => number }) => tf.scalar(x.f()), { f: () => 1 })).toMatch(
      /got the function f at arguments\[0\]\.f$/,
    );
    expect(errorOf((x: tf.Tensor) => ({ all: [new Map([['x', x]])] }), tf.scalar(1))).toMatch(
      /^compile: the result of step must be made of .*, got a Map at result\.all\[0\]$/,
    );
  });

  it('keeps a tensor outside with tf.keep', () => {
    let kept: tf.Tensor | undefined;
    const f = (x: tf.Tensor) => tf.tidy(() => (kept = tf.keep(x.mul(2))).add(1));
    expect(errorOf(f, tf.ones([3]))).toMatch(
      new RegExp(
        `step must give tensors out through its result only.*, got tf\\.keep of a tensor of shape \\[3\\] ${here}`,
      ),
    );
    kept!.dispose();
  });

  it('holds on to a tensor without tf.keep: the use of it is told where it came from', () => {
    let held: tf.Tensor | undefined;
    const compiled = compile((x: tf.Tensor) => (held = x.mul(2)).add(1), { name: 'step' });
    compiled(tf.ones([3]));
    expect(() => held!.square()).toThrow(
      'compile: tensors leave step through its result only, ' +
        'got the use of a tensor of shape [3] that was made while it was recorded',
    );
    compiled.dispose();
  });

  it('makes variables at every call', () => {
    const made: tf.Variable[] = [];
    const compiled = compile(
      (x: tf.Tensor) => {
        const v = tf.variable(x, true, `made-${made.length}`);
        made.push(v);
        return v.add(1);
      },
      { name: 'step' },
    );
    for (let i = 0; i < 3; i++) compiled(tf.scalar(i)).dispose();
    expect(() => compiled(tf.scalar(3))).toThrow(
      'compile: step must stop making variables and kept tensors after its first calls, got the variable made-3 at call 4',
    );
    compiled.dispose();
    tf.dispose(made);
  });

  it('disposes a variable', () => {
    const v = tf.variable(tf.scalar(1), true, 'weight');
    expect(errorOf((x: tf.Tensor) => tf.tidy(() => (v.dispose(), x.add(1))), tf.scalar(1))).toBe(
      'compile: step must not dispose variables, got weight',
    );
  });

  it('makes a shape from values', () => {
    const f = (x: tf.Tensor1D) => tf.unique(x).values;
    expect(errorOf(f, tf.tensor1d([1, 1, 2]))).toMatch(
      new RegExp(`^compile: the shape of a tensor must not depend on values, got UniqueV2 ${here} in step$`),
    );
  });

  it('goes past the recorder', () => {
    const { binding } = nativeBackend();
    const f = (x: tf.Tensor) => {
      const backend = nativeBackend();
      const [past] = binding.executeOp('Exp', [], backend.getInputTensorIds([x]), 1);
      return backend.createOutputTensor(past!).add(1);
    };
    expect(errorOf(f, tf.scalar(1))).toMatch(
      /must go through the backend's binding .*, got a tensor that was made past it/,
    );
  });

  it('fails: its own error comes through, and it may be called again', () => {
    let broken = true;
    const f = compile((x: tf.Tensor) => {
      const y = x.add(1);
      if (broken) throw new Error('mine');
      return y;
    });
    const x = tf.scalar(1);
    expect(() => f(x)).toThrow('mine');
    broken = false;
    for (let i = 0; i < 3; i++) expect(f(x).dataSync()[0]).toBe(2);
    f.dispose();
  });
});

describe.runIf(native)('a replay is refused', () => {
  it('with indices that are out of range: TensorFlow’s reason and the JavaScript line are named', () => {
    const table = tf.tensor2d([[1], [2], [3]]);
    const look = compile((indices: tf.Tensor1D) => tf.gather(table, indices), { name: 'look' });
    for (let i = 0; i < 2; i++) look(tf.tensor1d([0, 2], 'int32')).dispose();
    for (const wrong of [3, -1]) {
      expect(() => look(tf.tensor1d([0, wrong], 'int32'))).toThrow(
        new RegExp(`compile: look must run, got .*indices\\[1\\] = ${wrong} is not in \\[0, 3\\).* ${here}`),
      );
    }
    expect(look(tf.tensor1d([1, 1], 'int32')).dataSync()).toEqual(new Float32Array([2, 2]));
    look.dispose();
  });

  it('with indices that are out of range at its first call, as eager tfjs refuses them', () => {
    const look = compile((indices: tf.Tensor1D) => tf.gather(tf.ones([3]), indices), { name: 'look' });
    expect(() => look(tf.tensor1d([3], 'int32'))).toThrow('GatherV2: the index value 3 is not in [0, 2]');
    look.dispose();
  });

  it('after a variable of it was disposed, or an argument, or itself', () => {
    const v = tf.variable(tf.scalar(1), true, 'weight-of-step');
    const step = compile((x: tf.Tensor) => x.add(v), { name: 'step' });
    const x = tf.scalar(1);
    for (let i = 0; i < 3; i++) step(x).dispose();
    v.dispose();
    expect(() => step(x)).toThrow('the variables of step must not be disposed, got weight-of-step so');
    x.dispose();
    expect(() => step(x)).toThrow('the arguments of step must not be disposed, got tensor 0 so');
    step.dispose();
    expect(() => step(tf.scalar(1))).toThrow('compile: step must not be called after dispose()');
  });
});
