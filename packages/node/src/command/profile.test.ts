import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { StepProfile } from '../profile/step-profiler.ts';
import { heedInClone } from './heed-process.test-support.ts';
import { main } from './main.ts';

interface Profiled {
  readonly example: string;
  readonly quick: boolean;
  readonly backend: { readonly name: string; readonly detail: string };
  readonly trainings: readonly StepProfile[];
  readonly residentBytes: number;
  readonly report: string;
}

const EXAMPLE = ['profile', 'nlp/letter-to-sound', '--steps', '14', '--batch', '16'];

// Starts a process that trains two models, which takes long while the machine is busy.
describe('heed profile', { timeout: 240_000 }, () => {
  it('shows where the steps of an example go, for tools and for readers', async ({ skip }) => {
    const { code, stdout, stderr } = await heedInClone([...EXAMPLE, '--json']);
    if (/fetchData/.test(stderr)) {
      process.stdout.write(
        'profile.test: skipped, CMUdict is neither in HEED_DATA nor in the cache, nor can it be fetched\n',
      );
      skip();
    }
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { example, quick, backend, trainings, residentBytes, report } = JSON.parse(stdout) as Profiled;
    expect([example, quick]).toEqual(['nlp/letter-to-sound', true]);
    expect(residentBytes).toBeGreaterThan(50e6);
    expect(trainings).toHaveLength(2); // with attention and without
    for (const { steps, metered, eager, compiled } of trainings) {
      expect([steps, metered]).toEqual([14, 5]);
      const inOps = eager.ops.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
      expect(inOps + eager.outsideMilliseconds).toBeCloseTo(eager.milliseconds, 6);
      expect(compiled !== undefined).toBe(backend.detail.includes('compiled steps'));
    }
    const [attending, plain] = trainings;
    expect(attending.eager.operations).toBeGreaterThan(plain.eager.operations);

    const page = await readFile(report, 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('Where a step of nlp/letter-to-sound goes');
    for (const { op } of attending.eager.ops) expect(page).toContain(`>${op}<`);
  });

  it('says what may have been meant, and shows an example’s own options', async () => {
    const printed: string[] = [];
    const output = { print: (text: string) => void printed.push(text), say: (text: string) => void printed.push(text) };
    expect(await main(['profile', 'nlp/leter-to-sound'], output)).toBe(2);
    expect(printed.at(-1)).toMatch(/there is no example 'nlp\/leter-to-sound'; did you mean nlp\/letter-to-sound\?/);
    expect(await main(['profile', '--help'], output)).toBe(0);
    expect(printed.at(-1)).toMatch(/^heed profile nlp\/letter-to-sound: .*\nOptions:\n/);
  });
});
