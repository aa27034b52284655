import { Writable } from 'node:stream';
import type { StepEvent, TrainingEvent } from '@heed/training';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Collector } from './collector.test-support.ts';
import { clearLiveLine } from './display.ts';
import { formatDuration } from './duration.ts';
import { progressBar } from './progress-bar.ts';

const step = (number: number, changes: Partial<StepEvent> = {}): StepEvent => ({
  type: 'step',
  step: number,
  totalSteps: 100,
  epoch: 0,
  loss: 2,
  metrics: {},
  learningRate: 1e-3,
  gradientNorm: 1,
  examples: 32,
  milliseconds: 500,
  ...changes,
});
const history = { losses: [], epochs: [], evaluations: [] };
const end: TrainingEvent = { type: 'end', step: 10, reason: 'finished', history };

describe('progressBar', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    vi.stubEnv('CI', '');
    vi.stubEnv('TERM', 'xterm');
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  it('says loss, rate and time left: 32 words in half a second are 64 a second, 90 steps of it 45 s', () => {
    const stream = new Collector();
    const show = progressBar({ stream, unit: 'words' });
    show(step(10));
    expect(stream.lines).toEqual(['step 10/100, epoch 1, loss 2.0000, 64 words/s, 45 s left']);
  });

  it('writes a plain line every so many seconds where there is no terminal', () => {
    const stream = new Collector();
    const show = progressBar({ stream, seconds: 10 });
    for (let number = 1; number <= 50; number += 1) {
      show(step(number));
      vi.advanceTimersByTime(500);
    }
    show(end);
    expect(stream.lines.map((line) => /step \d+/.exec(line)?.[0])).toEqual(['step 1', 'step 21', 'step 41', 'step 50']);
    expect(stream.text).not.toContain('\u001B');
  });

  it('keeps evaluations in plain lines and on a terminal', () => {
    for (const stream of [new Collector(), new Collector({ terminal: true })]) {
      const show = progressBar({ stream });
      show(step(1));
      show({ type: 'evaluation', step: 1, epoch: 1, metrics: { loss: 1.5, accuracy: 0.25 }, best: true });
      show(step(2));
      show(end);
      expect(stream.text).toContain('step 1: loss 1.5000, accuracy 0.2500 (best so far)');
    }
  });

  it('draws a bar that is as full as the run is done, and keeps to the width of the terminal', () => {
    const stream = new Collector({ terminal: true, columns: 120 });
    progressBar({ stream })(step(50));
    const [line] = stream.lines;
    expect(line).toMatch(/^\[={15} {15}\] step 50\/100/);
    const narrow = new Collector({ terminal: true, columns: 75 });
    progressBar({ stream: narrow })(step(50));
    expect(narrow.lines[0]).toMatch(/^\[=+ +\] step 50\/100/);
    expect(narrow.lines[0].length).toBeLessThanOrEqual(75);
  });

  it('redraws a terminal no more often than one can see', () => {
    const stream = new Collector({ terminal: true });
    const show = progressBar({ stream });
    for (let number = 1; number <= 100; number += 1) {
      show(step(number));
      vi.advanceTimersByTime(1);
    }
    expect(stream.text.match(/step \d+/g)).toEqual(['step 1', 'step 81']);
  });

  it('makes room for other words that are written meanwhile', () => {
    const stream = new Collector({ terminal: true });
    const show = progressBar({ stream });
    show(step(1));
    clearLiveLine();
    stream.write('interrupted\n');
    vi.advanceTimersByTime(100);
    show(step(2));
    const afterwards = stream.text.slice(stream.text.indexOf('interrupted'));
    expect(afterwards).not.toContain('\u001B[1A'); // the cursor does not go up into the line
    expect(afterwards).toContain('step 2/100');
    show(end);
  });

  it('writes plain lines in CI, even to something that looks like a terminal', () => {
    vi.stubEnv('CI', 'true');
    const stream = new Collector({ terminal: true });
    progressBar({ stream })(step(1));
    expect(stream.text).not.toContain('\u001B');
  });

  it('says from which step a resumed run goes on, and why a run ended', () => {
    const stream = new Collector();
    const show = progressBar({ stream, label: 'with attention' });
    show({ type: 'start', step: 40, totalSteps: 100, parameters: 10, damaged: {}, history });
    show(step(41));
    vi.advanceTimersByTime(65_000);
    show({ type: 'end', step: 41, reason: 'aborted', history });
    expect(stream.lines[0]).toBe('with attention: going on from step 40');
    expect(stream.lines.at(-1)).toMatch(/^with attention: step 41\/100.*, aborted after 1 min 05 s$/);
  });

  it('says which checkpoint was passed over, and which could not be saved', () => {
    const stream = new Collector({ terminal: true });
    const show = progressBar({ stream });
    show({ type: 'start', step: 0, parameters: 10, damaged: { 'step-20': 'cut short' }, history });
    show({ type: 'checkpoint-failed', step: 40, error: new Error('the disk is full') });
    expect(stream.lines).toEqual(['passed over step-20: cut short', 'no checkpoint at step 40: the disk is full']);
  });

  it('shows no time left where the length of the data is unknown', () => {
    const stream = new Collector({ terminal: true });
    const { totalSteps: _unknown, ...event } = step(3);
    progressBar({ stream })(event);
    expect(stream.lines).toEqual(['step 3, epoch 1, loss 2.0000, 64 examples/s']);
  });

  it('shows a loss that is not a number as such', () => {
    const stream = new Collector();
    progressBar({ stream })(step(1, { loss: Number.NaN }));
    expect(stream.text).toContain('loss NaN');
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [125, '2 min 05 s'],
    [3600, '1 h 00 min'],
    [7170, '2 h 00 min'],
  ])('says %s seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it('never reaches the work when nobody reads its words any more', async () => {
    const closed = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    const show = progressBar({ stream: closed, seconds: 0 });
    show(step(1));
    await new Promise((resolve) => setImmediate(resolve)); // an error that nobody hears would end the process here
    show(step(2));
    const broken = Object.assign(new Writable(), {
      write: () => {
        throw new Error('the terminal is gone');
      },
    });
    expect(() => progressBar({ stream: broken, seconds: 0 })(step(1))).not.toThrow();
  });
});
