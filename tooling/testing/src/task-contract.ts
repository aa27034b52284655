import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';

/** What the contract needs of a task: `Task` of @heed/tasks has it. */
export interface ContractTask<Folder> {
  readonly config: object;
  readonly model: { stateDict(): Record<string, tf.Tensor> };
  readonly recordings: number;
  save(folder: Folder): Promise<void>;
  dispose(): void;
}

export interface ContractFitOptions<Folder> {
  readonly steps: number;
  readonly checkpoints?: Folder;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: { readonly type: string; readonly step: number }) => void;
}

interface ContractHistory {
  readonly reason: string;
  readonly steps: number;
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
}

/** Files in memory, as `memoryFolder()` of @heed/training has them. */
export interface ContractFolder {
  read(name: string): Promise<Uint8Array>;
  write(name: string, data: Uint8Array): Promise<void>;
  list(): Promise<string[]>;
}

export interface TaskContract<Task extends ContractTask<Folder>, Input, Prediction, Folder extends ContractFolder> {
  /** A tiny task: made anew, or opened from published weights; always the same. */
  readonly create: () => Task | Promise<Task>;
  /** A task that saw neither `fit` nor `load`. */
  readonly untrained: () => Task;
  readonly load: (folder: Folder) => Promise<Task>;
  /** An empty folder: `memoryFolder`. */
  readonly folder: () => Folder;
  /** Trains on a little data. Absent for a task that has no `fit`; then `create` opens weights. */
  readonly fit?: (task: Task, options: ContractFitOptions<Folder>) => Promise<ContractHistory>;
  /** Trains on data that must be refused before the first update. Goes with `fit`. */
  readonly fitBadly?: (task: Task) => Promise<unknown>;
  /** At least three inputs, of different sizes where inputs have one. */
  readonly inputs: readonly Input[];
  readonly predict: (
    task: Task,
    inputs: readonly Input[],
    options?: { readonly signal?: AbortSignal },
  ) => Promise<readonly Prediction[]>;
  /** What a prediction says: exactly (a class, tokens), and in numbers. */
  readonly outcome: (prediction: Prediction) => { readonly exact: unknown; readonly numbers: ArrayLike<number> };
  /** Allowed difference between numbers predicted alone and in a batch. Default 1e-6, for probabilities: other summation order. */
  readonly tolerance?: number;
  /** Whether what is saved is rounded otherwise than what is trained, within `tolerance`: merged additions. Default false. */
  readonly merged?: boolean;
  /** Whether predictions are compiled where the backend can. Default true. */
  readonly compiled?: boolean;
}

const STEPS = 6;

/** The tests that every task passes. Called inside a test file, it declares them under `name`, the class's name. */
export function describeTaskContract<
  Task extends ContractTask<Folder>,
  Input,
  Prediction,
  Folder extends ContractFolder,
>(name: string, contract: TaskContract<Task, Input, Prediction, Folder>): void {
  const { create, untrained, load, folder, fit, fitBadly, inputs, predict, outcome, tolerance = 1e-6 } = contract;

  const expectSame = (actual: readonly Prediction[], expected: readonly Prediction[], within = 0) => {
    expect(actual.map((prediction) => outcome(prediction).exact)).toEqual(
      expected.map((prediction) => outcome(prediction).exact),
    );
    for (const [i, prediction] of expected.entries()) {
      const numbers = Float32Array.from(outcome(prediction).numbers);
      expect(Float32Array.from(outcome(actual[i]).numbers)).toBeAllClose(numbers, {
        absolute: within,
        relative: within,
      });
    }
  };
  const trained = async () => {
    const task = await create();
    await fit?.(task, { steps: STEPS });
    return task;
  };
  const using = async <T>(make: () => Task | Promise<Task>, run: (task: Task) => Promise<T>) => {
    const task = await make();
    try {
      return await run(task);
    } finally {
      task.dispose();
    }
  };
  /** Tensors that a run leaves behind; the second of two, for the first may make what is kept for good. */
  const tensorsLeft = async (run: () => Promise<unknown>) => {
    await run();
    const before = tf.memory().numTensors;
    await run();
    return tf.memory().numTensors - before;
  };

  describe(`${name} keeps the task contract`, () => {
    it('refuses to predict and to save before it is trained', async () => {
      await expect(predict(untrained(), inputs)).rejects.toThrow(`got a ${name} that was not trained`);
      await expect(untrained().save(folder())).rejects.toThrow(`${name}.save: must come after fit() or load()`);
    });

    it('predicts the same once it is saved and loaded, from a config that is the same', () =>
      using(trained, async (task) => {
        const saved = folder();
        await task.save(saved);
        await using(
          () => load(saved),
          async (loaded) => {
            expect(loaded.config).toEqual(task.config);
            const within = contract.merged === true ? tolerance : 0;
            expectSame(await predict(loaded, inputs), await predict(task, inputs), within);
          },
        );
      }));

    it.runIf(fit)(
      'ends an interrupted and resumed training with the weights and losses of one that was not',
      async () => {
        const checkpoints = folder();
        const [whole, weights] = await using(create, async (task) => [
          await fit!(task, { steps: STEPS }),
          await values(task),
        ]);
        await using(create, async (task) => {
          const controller = new AbortController();
          const onEvent = ({ type, step }: { type: string; step: number }) => {
            if (type === 'step' && step === 3) controller.abort();
          };
          const options = { steps: STEPS, checkpoints, signal: controller.signal, onEvent };
          expect(await fit!(task, options)).toMatchObject({ reason: 'aborted', steps: 3 });
        });
        for (const time of ['resumed', 'finished']) {
          await using(create, async (task) => {
            const { reason, steps, losses } = await fit!(task, { steps: STEPS, checkpoints });
            expect({ time, reason, steps, losses }).toEqual({
              time,
              reason: 'finished',
              steps: STEPS,
              losses: whole.losses,
            });
            expect({ time, weights: await values(task) }).toEqual({ time, weights });
          });
        }
      },
    );

    it.runIf(fit)('goes on where it stands at a second fit', () =>
      using(trained, async (task) => {
        const before = await values(task);
        expect(await fit!(task, { steps: 1 })).toMatchObject({ reason: 'finished', steps: 1 });
        const after = await values(task);
        expect(Object.keys(after)).toEqual(Object.keys(before));
        expect(after).not.toEqual(before);
      }),
    );

    it.runIf(fitBadly)('leaves nothing behind of a fit that fails, and is as it was', async () => {
      const failing = async (task: Task) => {
        const tensors = tf.memory().numTensors;
        await expect(fitBadly!(task)).rejects.toThrow(name);
        expect(tf.memory().numTensors).toBe(tensors);
      };
      expect(await tensorsLeft(() => using(create, failing))).toBe(0);
    });

    it('leaves nothing behind of a load that fails: damaged, of two saves, of another task, of a newer version', async () => {
      const saved = folder();
      await using(trained, (task) => task.save(saved));
      const weights = (await saved.list()).find((file) => file.endsWith('.safetensors'))!;
      const config = JSON.parse(text(await saved.read('config.json'))) as Record<string, unknown>;
      const good = await saved.read(weights);
      const other = good.slice();
      other[other.length - 1] ^= 1;
      const damages: (readonly [file: string, data: Uint8Array, message: string])[] = [
        [weights, good.slice(0, -4), 'must be of one save'],
        [weights, other, 'must be of one save'],
        ['config.json', bytes('{'), 'must be JSON'],
        ['config.json', json({ ...config, format: 'heed-other-task' }), 'OtherTask.load'],
        ['config.json', json({ ...config, version: 99 }), 'a newer Heed wrote it'],
        ['config.json', json({ ...config, config: { ...(config.config as object), noSuchOption: 1 } }), 'noSuchOption'],
      ];
      for (const [file, data, message] of damages) {
        const whole = await saved.read(file);
        await saved.write(file, data);
        expect(await tensorsLeft(() => expect(load(saved)).rejects.toThrow(message))).toBe(0);
        await saved.write(file, whole);
      }
    });

    it('predicts an input alone as among others, and in their order', () =>
      using(trained, async (task) => {
        const together = await predict(task, inputs);
        expect(together.length).toBe(inputs.length);
        for (const [i, input] of inputs.entries()) expectSame(await predict(task, [input]), [together[i]], tolerance);
        expectSame(await predict(task, inputs.toReversed()), together.toReversed(), tolerance);
        expect(await predict(task, [])).toEqual([]);
      }));

    it('stops predicting when its signal aborts', () =>
      using(trained, async (task) => {
        const signal = AbortSignal.abort(new Error('enough'));
        await expect(predict(task, inputs, { signal })).rejects.toThrow('enough');
      }));

    it('predicts twenty times with a constant number of tensors, compiled where the backend can', () =>
      using(trained, async (task) => {
        const eager = await predict(task, inputs);
        for (let i = 0; i < 3; i++) await predict(task, inputs);
        const tensors = tf.memory().numTensors;
        for (let i = 0; i < 20; i++) await predict(task, inputs);
        expect(tf.memory().numTensors).toBe(tensors);
        expectSame(await predict(task, inputs), eager, tolerance);
        const recorded = tf.getBackend() === 'tensorflow' && contract.compiled !== false;
        expect(task.recordings > 0).toBe(recorded);
      }));

    it('frees all that it held', async () => {
      expect(await tensorsLeft(() => using(trained, (task) => predict(task, inputs)))).toBe(0);
    });
  });
}

/** The weights, as the backend has them. */
async function values({ model }: Pick<ContractTask<never>, 'model'>): Promise<Record<string, number[]>> {
  const entries = Object.entries(model.stateDict()).map(async ([name, tensor]) => [name, [...(await tensor.data())]]);
  return Object.fromEntries(await Promise.all(entries)) as Record<string, number[]>;
}

function text(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function json(value: unknown): Uint8Array {
  return bytes(JSON.stringify(value));
}
