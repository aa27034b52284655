import type { TrainingHistory } from '../loop/events.ts';
import { parseHistory } from './history-file.ts';
import type { SavedRun } from './saved-run.ts';

/** What `training.json` and `history.json` of a checkpoint say. */
export interface TrainingState extends SavedRun {
  /** What each part of the run left, beside its arrays. */
  readonly parts: ReadonlyMap<string, { readonly hasArrays: boolean; readonly json?: unknown }>;
  readonly config: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads what a checkpoint says of its run, and checks it before anything is done with it: counts that do not agree would have a run pass over
 * batches without end.
 *
 * @param owner how messages begin
 * @param step that the checkpoint's manifest says
 * @throws if a field is absent, of another type, or does not agree with the others
 */
export function parseTrainingState(owner: string, step: number, stateText: string, historyText: string): TrainingState {
  const fail = (rule: string, got: unknown): never => {
    throw new Error(`${owner} ${rule}, got ${JSON.stringify(got)?.slice(0, 80)}`);
  };
  const object = (value: unknown, name: string): Fields =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : fail(`must have an object ${name}`, value);
  const list = (value: unknown, name: string): readonly unknown[] =>
    Array.isArray(value) ? value : fail(`must have a list ${name}`, value);
  const count = (value: unknown, name: string, most = Number.MAX_SAFE_INTEGER): number =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most
      ? (value as number)
      : fail(`must have an integer ${name} from 0 to ${most}`, value);
  const number = (value: unknown, name: string): number =>
    typeof value === 'number' && Number.isFinite(value) ? value : fail(`must have a finite number ${name}`, value);

  const state = object(json(owner, stateText), 'training.json');
  const history = object(json(owner, historyText), 'history.json');
  const progress = object(state.progress, 'progress');
  if (progress.step !== step) fail(`must be of step ${step}, as its manifest says`, progress.step);
  const losses = list(history.losses, 'losses').map((loss) => number(loss, 'in losses'));
  if (losses.length !== step) fail(`must have a loss for each of ${step} steps`, losses.length);
  for (const epoch of list(history.epochs, 'epochs')) {
    const fields = object(epoch, 'in epochs');
    count(fields.epoch, 'epoch');
    count(fields.step, 'step', step);
    number(fields.loss, 'loss');
  }
  for (const evaluation of list(history.evaluations, 'evaluations')) {
    const { step: at, epoch, metrics, best } = object(evaluation, 'in evaluations');
    count(epoch, 'epoch');
    count(at, 'step', step);
    for (const [name, value] of Object.entries(object(metrics, 'metrics'))) {
      if (typeof value !== 'number' && !['NaN', 'Infinity', '-Infinity'].includes(value as string)) {
        fail(`must have a number as metric ${JSON.stringify(name).slice(0, 40)}`, value);
      }
    }
    if (typeof best !== 'boolean') fail('must say of every evaluation whether it was the best', best);
  }
  const draws = count(progress.draws, 'draws');
  const epochLoss = object(progress.epochLoss, 'epochLoss');
  const parts = Object.entries(object(state.parts, 'parts')).map(([name, part]) => {
    const { hasArrays, json: rest } = object(part, `parts.${name.slice(0, 40)}`);
    if (typeof hasArrays !== 'boolean') fail('must say of every part whether it has arrays', hasArrays);
    return [name, { hasArrays: hasArrays as boolean, json: rest }] as const;
  });
  return {
    progress: {
      step,
      epoch: count(progress.epoch, 'epoch'),
      batch: count(progress.batch, 'batch', draws),
      draws,
      epochLoss: { sum: number(epochLoss.sum, 'epochLoss.sum'), weight: number(epochLoss.weight, 'epochLoss.weight') },
      evaluation: progress.evaluation === null ? null : evaluationProgress(object(progress.evaluation, 'evaluation')),
    },
    history: parseHistory(historyText) satisfies TrainingHistory,
    parts: new Map(parts),
    config: state.config,
  };

  function evaluationProgress({ lastStep, monitor }: Fields) {
    const { best, evaluationsSinceBest } = object(monitor, 'monitor');
    const values = Object.entries(object(best, 'best')).map(([name, value]) => [name, number(value, 'in best')]);
    return {
      lastStep: count(lastStep, 'lastStep', step),
      monitor: {
        best: Object.fromEntries(values) as Record<string, number>,
        evaluationsSinceBest: count(evaluationsSinceBest, 'evaluationsSinceBest'),
      },
    };
  }
}

function json(owner: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${owner} must be JSON: ${(error as Error).message.slice(0, 80)}`, { cause: error });
  }
}
