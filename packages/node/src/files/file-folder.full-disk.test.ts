import { Linear, Random } from '@heed/attention-core';
import { AdamW, train, type TrainingEvent, type TrainOptions } from '@heed/training';
import * as tf from '@tensorflow/tfjs';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileFolder } from './file-folder.ts';
import { asUnprivileged } from './unprivileged.test-support.ts';

type Numbers = { readonly x: { readonly data: Float32Array; readonly shape: number[] } };
type Checkpoints = NonNullable<TrainOptions<Numbers>['checkpoints']>;

/** Trains eight steps, or goes on to them, with a checkpoint of 50 kB after each. */
async function run(checkpoints: Omit<Checkpoints, 'folder'> & { readonly path: string }, during?: During) {
  const { path, ...options } = checkpoints;
  const model = new Linear({ inputs: 64, outputs: 64, random: new Random(3) });
  const optimizer = new AdamW(model.trainableParameters());
  const events: TrainingEvent[] = [];
  try {
    for await (const event of train<Numbers>({
      model,
      optimizer,
      loss: ({ x }) => tf.mean(tf.square(tf.sub(model.forward(x), 1))),
      data: () => Array.from({ length: 8 }, (_, i) => ({ x: { data: new Random(i).normals(4 * 64), shape: [4, 64] } })),
      learningRate: 0.01,
      steps: 8,
      checkpoints: { folder: fileFolder(path), everySteps: 1, ...options },
    })) {
      events.push(event);
      await during?.(event);
    }
    return { events, weights: Array.from(model.weight.dataSync()) };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}
type During = (event: TrainingEvent) => Promise<void>;

const ofType = <T extends TrainingEvent['type']>(events: readonly TrainingEvent[], type: T) =>
  events.filter((event): event is Extract<TrainingEvent, { type: T }> => event.type === type);
const steps = (events: readonly TrainingEvent[], type: 'checkpoint' | 'checkpoint-failed') =>
  ofType(events, type).map(({ step }) => step);

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-disk-'));
  await chmod(root, 0o755);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const canMount = tryMount();
if (!canMount)
  process.stdout.write('full-disk.test: skipped in part, no tmpfs can be mounted here (that needs root)\n');

function tryMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'heed-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!canMount)('checkpoints on a disk that is full', () => {
  let disk: string;
  beforeEach(async () => {
    disk = join(root, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk]);
  });
  afterEach(() => void execFileSync('umount', [disk]));

  /** Leaves room for the first file of a checkpoint, not for all. */
  const fill = async () => {
    const { bavail, bsize } = await statfs(disk);
    await writeFile(join(disk, 'filler'), Buffer.alloc(bavail * bsize - 28_000));
  };
  const free = () => rm(join(disk, 'filler'));
  const at =
    (step: number, action: () => Promise<void>): During =>
    async (event) => {
      if (event.type === 'checkpoint' && event.step === step) await action();
    };
  const path = () => join(disk, 'checkpoints');

  it('ends the training with the reason, and the next run goes on from the last whole one', async () => {
    await expect(run({ path: path() }, at(3, fill))).rejects.toMatchObject({
      message: `train: a checkpoint of step 4 could not be saved in ${path()}`,
      cause: {
        message: expect.stringMatching(
          /^fileFolder\.write: the disk is full: \d+ bytes needed for .*step-00000004.* \(ENOSPC\); nothing was changed$/,
        ) as string,
      },
    });
    // of the fourth there is nothing, not even what did fit
    expect((await readdir(path())).toSorted()).toEqual(['step-00000002', 'step-00000003']);

    await free();
    const { events, weights } = await run({ path: path() });
    expect(ofType(events, 'start')).toMatchObject([{ step: 3, resumedFrom: 'step-00000003', damaged: {} }]);
    expect(weights).toEqual((await run({ path: join(root, 'elsewhere') })).weights);
  });

  it('goes on training where it is told to, tells of every failure, and saves again when there is room', async () => {
    const { events, weights } = await run({ path: path(), onError: 'continue' }, async (event) => {
      if (event.type === 'checkpoint' && event.step === 3) await fill();
      if (event.type === 'checkpoint-failed' && event.step === 5) await free();
    });
    expect(steps(events, 'checkpoint')).toEqual([1, 2, 3, 6, 7, 8]);
    expect(steps(events, 'checkpoint-failed')).toEqual([4, 5]);
    expect(ofType(events, 'end')).toMatchObject([{ step: 8, reason: 'finished' }]);
    expect(weights).toEqual((await run({ path: join(root, 'elsewhere') })).weights);
    const again = await run({ path: path() });
    expect(ofType(again.events, 'start')).toMatchObject([{ step: 8, damaged: {} }]);
  });

  it('the same where the disk has become read-only, from which a run can still go on', async () => {
    const remount = (mode: 'ro' | 'rw') => void execFileSync('mount', ['-o', `remount,${mode}`, disk]);
    await expect(
      run(
        { path: path() },
        at(2, async () => remount('ro')),
      ),
    ).rejects.toMatchObject({
      message: `train: a checkpoint of step 3 could not be saved in ${path()}`,
      cause: {
        message: expect.stringMatching(/^fileFolder\.write: the folder must be writable, got .* \(EROFS\)/) as string,
      },
    });
    const { events } = await run({ path: path(), onError: 'continue' });
    remount('rw');
    expect(ofType(events, 'start')).toMatchObject([{ step: 2, resumedFrom: 'step-00000002' }]);
    expect(new Set(steps(events, 'checkpoint-failed'))).toEqual(new Set([3, 4, 5, 6, 7, 8]));
    expect(ofType(events, 'end')).toMatchObject([{ step: 8, reason: 'finished' }]);
  });
});

describe('checkpoints in a folder that may not be written', () => {
  it('end the training with the reason, or go on, as configured', async () => {
    const path = join(root, 'closed');
    await mkdir(path);
    await chmod(path, 0o555);
    await asUnprivileged(async () => {
      await expect(run({ path })).rejects.toMatchObject({
        message: `train: a checkpoint of step 1 could not be saved in ${path}`,
        cause: {
          message: expect.stringMatching(
            /^fileFolder\.write: the folder must be writable, got .* \(EACCES\)/,
          ) as string,
        },
      });
      const { events } = await run({ path, onError: 'continue' });
      expect(steps(events, 'checkpoint')).toEqual([]);
      expect(new Set(steps(events, 'checkpoint-failed')).size).toBe(8);
      expect(ofType(events, 'end')).toMatchObject([{ step: 8, reason: 'finished' }]);
    });
    expect(await readdir(path)).toEqual([]);
  });
});
