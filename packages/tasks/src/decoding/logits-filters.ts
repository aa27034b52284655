import { requireIntegers } from '@heed/attention-core';

/** The largest float32. */
const LARGEST = 3.4028234663852886e38;

/** How the next token is drawn; what is not given changes nothing. */
export interface SamplingOptions {
  /** Logits are divided by it: below 1 the likely become likelier; 0 takes the likeliest. Default 1. */
  readonly temperature?: number;
  /** Only so many of the likeliest tokens may come (Fan et al. 2018). */
  readonly topK?: number;
  /** Only the likeliest tokens that together have this probability may come (Holtzman et al. 2020): in (0, 1]. */
  readonly topP?: number;
  /** Only tokens at least this fraction as probable as the likeliest may come (Nguyen et al. 2024): in [0, 1]. */
  readonly minP?: number;
  /** Logits of tokens that are there already are divided by it where positive, multiplied where negative (Keskar et al. 2019): above 1 they come less. */
  readonly repetitionPenalty?: number;
}

/** Changes the logits [V] of the next token in place, given the tokens before it; −Infinity is a token that may not come. */
export type LogitsFilter = (logits: Float32Array, before: readonly number[]) => void;

/**
 * The filters that options ask for, in the order of Hugging Face's transformers: repetition penalty, temperature, top-k, top-p, min-p.
 * A temperature of 0 is no filter; `chooseToken` heeds it.
 *
 * @throws if an option is out of range, naming it and its value
 *
 * @example
 * ```ts
 * import { logitsFilters } from '@heed/tasks';
 * const logits = Float32Array.of(2, 1, 0);
 * for (const filter of logitsFilters({ temperature: 0.5, topK: 2 })) filter(logits, []);
 * logits; // [4, 2, -Infinity]
 * ```
 */
export function logitsFilters(options: SamplingOptions): LogitsFilter[] {
  const { temperature = 1, topK, topP, minP, repetitionPenalty } = options;
  requireRange('temperature', temperature, 'at least 0', temperature >= 0);
  const filters: LogitsFilter[] = [];
  if (repetitionPenalty !== undefined && repetitionPenalty !== 1) {
    requireRange('repetitionPenalty', repetitionPenalty, 'positive', repetitionPenalty > 0);
    filters.push((logits, before) => penaliseRepetition(logits, before, repetitionPenalty));
  }
  if (temperature !== 1 && temperature !== 0) filters.push((logits) => divide(logits, temperature));
  if (topK !== undefined) {
    requireIntegers('logitsFilters', { topK });
    filters.push((logits) => keepTopK(logits, topK));
  }
  if (topP !== undefined) {
    requireRange('topP', topP, 'in (0, 1]', topP > 0 && topP <= 1);
    if (topP < 1) filters.push((logits) => keepTopP(logits, topP));
  }
  if (minP !== undefined) {
    requireRange('minP', minP, 'in [0, 1]', minP >= 0 && minP <= 1);
    if (minP > 0) filters.push((logits) => keepMinP(logits, minP));
  }
  return filters;
}

/**
 * A token drawn from softmax(logits).
 *
 * @param uniform in [0, 1): decides which; undefined takes the likeliest, the first of equals
 * @throws if a logit is not a number
 */
export function chooseToken(logits: Float32Array, uniform: number | undefined): number {
  const wrong = logits.findIndex((logit) => Number.isNaN(logit));
  if (wrong >= 0) throw new Error(`chooseToken: logits must be numbers, got NaN for token ${wrong}`);
  if (uniform === undefined) return logits.indexOf(greatest(logits));
  const highest = greatest(logits);
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
  let left = uniform * sum(weights);
  let last = 0; // where rounding leaves a rest, the last that may come
  for (let token = 0; token < weights.length; token++) {
    if (weights[token] === 0) continue;
    last = token;
    left -= weights[token];
    if (left < 0) break;
  }
  return last;
}

/** ln softmax(logits) of one token. */
export function logProbabilityOf(logits: Float32Array, token: number): number {
  const highest = greatest(logits);
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - highest);
  return logits[token] - highest - Math.log(total);
}

function penaliseRepetition(logits: Float32Array, before: readonly number[], penalty: number): void {
  for (const token of new Set(before)) {
    logits[token] = logits[token] < 0 ? logits[token] * penalty : logits[token] / penalty;
  }
}

/** Where a quotient would overflow, the likeliest stay at 0 and the others fall. */
function divide(logits: Float32Array, temperature: number): void {
  const largest = logits.reduce((most, logit) => (Number.isFinite(logit) ? Math.max(most, Math.abs(logit)) : most), 0);
  const offset = largest / temperature > LARGEST ? greatest(logits) : 0;
  for (let i = 0; i < logits.length; i++) {
    const shifted = logits[i] - offset;
    logits[i] = shifted === 0 ? 0 : shifted / temperature;
  }
}

/** Of tokens as likely as the last that may come, all may. */
function keepTopK(logits: Float32Array, count: number): void {
  if (count >= logits.length) return;
  keepFrom(logits, Float32Array.from(logits).sort()[logits.length - count]);
}

/** A token may come where those likelier have less than `share` together; of equally likely ones all may. */
function keepTopP(logits: Float32Array, share: number): void {
  const descending = Float32Array.from(logits).sort().reverse();
  const weights = Float64Array.from(descending, (logit) => Math.exp(logit - descending[0]));
  const wanted = share * sum(weights);
  let last = 0;
  for (let above = weights[0]; above < wanted && last + 1 < weights.length; above += weights[last]) last++;
  keepFrom(logits, descending[last]);
}

function keepMinP(logits: Float32Array, fraction: number): void {
  keepFrom(logits, greatest(logits) + Math.log(fraction));
}

function keepFrom(logits: Float32Array, least: number): void {
  for (let i = 0; i < logits.length; i++) if (logits[i] < least) logits[i] = -Infinity;
}

function greatest(logits: Float32Array): number {
  return logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function requireRange(name: string, value: number, rule: string, holds: boolean): void {
  if (!holds || !Number.isFinite(value)) throw new Error(`logitsFilters: ${name} must be ${rule}, got ${value}`);
}
