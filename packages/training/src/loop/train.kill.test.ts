import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Random } from '@heed/attention-core';
import { describe, expect, it } from 'vitest';
import { STEPS } from './train.kill.test-support.ts';

// A second of start-up each; HEED_KILLS=20 is the full measure.
const KILLS = Number(process.env.HEED_KILLS ?? 4);

interface Line {
  readonly type: string;
  readonly step?: number;
  readonly resumedFrom?: string;
  readonly weights?: number[];
}

/** Runs the training of the support file on the cpu backend, and kills it so many milliseconds after so many events. */
async function run(folder: string, kill?: { readonly events: number; readonly milliseconds: number }): Promise<Line[]> {
  const script = new URL('train.kill.test-support.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--conditions=@heed/source', '--import', 'tsx', script, folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    if (lines.length === kill?.events) setTimeout(() => child.kill('SIGKILL'), kill.milliseconds);
  });
  await new Promise((resolve) => child.on('close', resolve));
  return lines;
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
        const lines = await run(folder, { events: 3 + random.integer(12), milliseconds: random.integer(6) });
        const start = lines.find(({ type }) => type === 'start')?.step ?? -1;
        if (start < saved) lost.push(`run ${kill} began at ${start}, ${saved} was saved`);
        saved = Math.max(saved, ...lines.map(({ type, step = 0 }) => (type === 'checkpoint' ? step : 0)));
      }
      const last = await run(folder);
      const whole = await run(untouched);
      expect(lost).toEqual([]);
      expect(saved).toBeGreaterThan(0);
      expect(last.at(-2)).toMatchObject({ type: 'end', step: STEPS, reason: 'finished' });
      expect(last.at(-1)).toEqual(whole.at(-1));
    } finally {
      rmSync(folder, { recursive: true });
      rmSync(untouched, { recursive: true });
    }
  }, 300_000);
});
