import type { ReportSection } from '../report/render-report.ts';
import type { Table } from '../report/table.ts';
import type { StepProfile } from './step-profiler.ts';

const SHOWN_OPS = 12;
const PHASES = {
  forward: 'forward',
  backward: 'backward',
  update: 'update and the rest',
} as const;

/** What a profile says, for a terminal. */
export function profileText(profile: StepProfile, title: string): string {
  const { ops } = profile.eager;
  const rest = ops.length > SHOWN_OPS ? [`… and ${ops.length - SHOWN_OPS} more`] : [];
  return [
    `${title}: ${profile.metered} of ${profile.steps} steps op by op`,
    asText(stepTable(profile)),
    '',
    asText(opTable(profile, SHOWN_OPS)),
    ...rest,
    '',
    memoryText(profile) + recordedText(profile),
  ].join('\n');
}

/** The same as sections of a report, with every op. */
export function profileSections(profile: StepProfile, title: string): ReportSection[] {
  return [
    {
      title,
      text:
        `${profile.metered} of ${profile.steps} steps were run op by op and metered; counts and times are their means. The compiled step is ` +
        `the median of its replays. ${memoryText(profile)}${recordedText(profile)}`,
      table: stepTable(profile),
    },
    { title: `${title}: ops`, text: 'By time, in the steps that were run op by op.', table: opTable(profile) },
  ];
}

/** Phases of an eager step, the step, and the compiled one. */
function stepTable({ eager, compiled }: StepProfile): Table {
  const share = (milliseconds: number) => rounded((100 * milliseconds) / eager.milliseconds);
  return {
    columns: ['part', 'ops', 'ms', '% of the eager step'],
    rows: [
      ...eager.phases.map(({ phase, operations, milliseconds }) => [
        PHASES[phase],
        rounded(operations),
        rounded(milliseconds),
        share(milliseconds),
      ]),
      ['outside of ops', '', rounded(eager.outsideMilliseconds), share(eager.outsideMilliseconds)],
      ['eager step', rounded(eager.operations), rounded(eager.milliseconds), 100],
      ...(compiled === undefined
        ? []
        : [['compiled step', '', rounded(compiled.milliseconds), share(compiled.milliseconds)]]),
    ],
  };
}

function opTable({ eager }: StepProfile, shown = Infinity): Table {
  return {
    columns: ['op', 'phase', 'count', 'ms', '%'],
    rows: eager.ops
      .slice(0, shown)
      .map(({ op, phase, count, milliseconds }) => [
        op,
        phase,
        rounded(count),
        rounded(milliseconds),
        rounded((100 * milliseconds) / eager.milliseconds),
      ]),
  };
}

function memoryText({ memory }: StepProfile): string {
  const megabytes = (bytes: number) => `${rounded(bytes / 1e6)} MB`;
  return (
    `Tensors: ${memory.tensors} between steps (${megabytes(memory.bytes)}), ` +
    `${memory.peakTensors} at the peak of one (${megabytes(memory.peakBytes)}).`
  );
}

function recordedText({ compiled }: StepProfile): string {
  return compiled === undefined ? '' : ` Recorded: ${compiled.operations} nodes, constants included.`;
}

/** Three digits that count. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

function asText({ columns, rows }: Table): string {
  const cells = [columns, ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const words = columns.map((_, i) => rows.every((row) => typeof row[i] === 'string'));
  return cells
    .map((row) =>
      row
        .map((cell, i) => (words[i] ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
