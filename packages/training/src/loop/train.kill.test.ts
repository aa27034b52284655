import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { STEPS } from './train.kill.test-support.ts';

// A second of start-up each; HEED_KILLS=20 is the full measure.
const KILLS = Number(process.env.HEED_KILLS ?? 6);

interface Line {
  readonly type: string;
  readonly step?: number;
  readonly resumedFrom?: string;
  readonly weights?: number[];
}

/** Runs the training of the support file on the cpu backend, and kills it so many milliseconds after its first step. */
async function run(folder: string, killAfter: number): Promise<{ lines: Line[]; errors: string }> {
  const script = new URL('train.kill.test-support.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--conditions=@heed/source', '--import', 'tsx', script, folder]);
  const lines: Line[] = [];
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    if (line.type === 'step' && !lines.some(({ type }) => type === 'step') && killAfter < Infinity) {
      setTimeout(() => child.kill('SIGKILL'), killAfter);
    }
    lines.push(line);
  });
  await new Promise((resolve) => child.on('close', resolve));
  return { lines, errors };
}

describe('a training that is killed', () => {
  it(`at ${KILLS} random moments while it saves at every step, goes on each time from a whole checkpoint and loses none`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heed-kill-'));
    const untouched = mkdtempSync(join(tmpdir(), 'heed-whole-'));
    const random = new Random(Number(process.env.HEED_SEED ?? 1));
    try {
      let saved = 0;
      const lost: string[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        const { lines } = await run(folder, random.integer(25));
        const start = lines.find(({ type }) => type === 'start')?.step ?? -1;
        if (start < saved) lost.push(`run ${kill} began at ${start}, ${saved} was saved`);
        saved = Math.max(saved, ...lines.map(({ type, step = 0 }) => (type === 'checkpoint' ? step : 0)));
      }
      const last = await run(folder, Infinity);
      const whole = await run(untouched, Infinity);
      expect(lost).toEqual([]);
      expect(saved).toBeGreaterThan(0);
      expect(last.lines.at(-2)).toEqual({ type: 'end', step: STEPS, reason: 'finished' });
      expect(last.lines.at(-1)).toEqual(whole.lines.at(-1));
    } finally {
      rmSync(folder, { recursive: true });
      rmSync(untouched, { recursive: true });
    }
  }, 300_000);
});
