import { describe, expect, it } from 'vitest';
import { renderReport } from '../report/render-report.ts';
import { profileSections, profileText } from './profile-tables.ts';
import type { StepProfile } from './step-profiler.ts';

const ops = Array.from({ length: 14 }, (_, i) => ({
  op: `Op${i}`,
  phase: 'forward' as const,
  count: 2,
  milliseconds: 0.5,
}));
const profile: StepProfile = {
  steps: 80,
  metered: 5,
  eager: {
    milliseconds: 20,
    operations: 58,
    phases: [
      { phase: 'forward', operations: 28, milliseconds: 7 },
      { phase: 'backward', operations: 20, milliseconds: 8 },
      { phase: 'update', operations: 10, milliseconds: 1 },
    ],
    ops,
    outsideMilliseconds: 4,
  },
  compiled: { milliseconds: 5, operations: 77, steps: 70 },
  memory: { tensors: 12, bytes: 1_234_567, peakTensors: 90, peakBytes: 9_000_000 },
};

describe('the tables of a profile', () => {
  it('show parts, ops and memory in a terminal', () => {
    const text = profileText(profile, 'Training').split('\n');
    expect(text.slice(0, 8)).toEqual([
      'Training: 5 of 80 steps op by op',
      'part                 ops  ms  % of the eager step',
      'forward               28   7                   35',
      'backward              20   8                   40',
      'update and the rest   10   1                    5',
      'outside of ops             4                   20',
      'eager step            58  20                  100',
      'compiled step              5                   25',
    ]);
    expect(text).toContain('Op11  forward      2  0.5  2.5');
    expect(text).not.toContainEqual(expect.stringContaining('Op12'));
    expect(text).toContain('… and 2 more');
    expect(text.at(-1)).toBe(
      'Tensors: 12 between steps (1.23 MB), 90 at the peak of one (9 MB). Recorded: 77 nodes, constants included.',
    );
  });

  it('show every op in a report', () => {
    const page = renderReport({ sections: profileSections(profile, 'Training') });
    for (const { op } of ops) expect(page).toContain(`>${op}<`);
  });

  it('say nothing of compiled steps where there are none', () => {
    const { compiled: _, ...eager } = profile;
    expect(profileText(eager, 'Training')).not.toMatch(/compiled|Recorded/);
  });
});
