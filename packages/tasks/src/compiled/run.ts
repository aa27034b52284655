import type { Rows } from './rows.ts';

/** Runs a function of tensors, or a recording of it; `name` is the same for the same function. */
export type Run = <A extends unknown[], R extends Rows>(name: string, fn: (...args: A) => R, ...args: A) => R;

/** The function as it is written. */
export const runAsWritten: Run = (_, fn, ...args) => fn(...args);
