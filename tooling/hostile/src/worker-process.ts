import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Outcome, Task } from './attack.ts';

const START_LIMIT = 120_000;
const MEMORY_LIMIT = 1.5 * 2 ** 30;
const PAGE = 4096;

/** A process that tries inputs until one aborts or hangs; the next input then gets a new one. */
export class WorkerProcess {
  private child: ChildProcess | undefined;

  /** @param seconds that it may take, on a machine that does other things too */
  async attempt(task: Task, seconds: number): Promise<Outcome> {
    if (this.child === undefined) {
      const started = fork(new URL('worker.ts', import.meta.url), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
      this.child = started;
      const { problem } = await this.answer(started, START_LIMIT);
      if (problem !== undefined) return { problem: `the worker does not start: ${problem}` };
    }
    this.child.send(task);
    return this.answer(this.child, seconds * 1000);
  }

  close(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  private answer(child: ChildProcess, limit: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const end = (outcome: Outcome, alive: boolean): void => {
        clearTimeout(timeout);
        clearInterval(watch);
        child.removeAllListeners();
        if (!alive) this.close();
        resolve(outcome);
      };
      const timeout = setTimeout(() => end({ problem: `no answer after ${limit / 1000} s` }, false), limit);
      const watch = setInterval(() => {
        if (residentBytes(child.pid) > MEMORY_LIMIT)
          end({ problem: `more than ${MEMORY_LIMIT / 2 ** 20} MB of memory` }, false);
      }, 50);
      child.once('message', (outcome: Outcome) => end(outcome, true));
      child.once('exit', (code, signal) => end({ problem: `the process ended with ${signal ?? code}` }, false));
    });
  }
}

/** 0 where the system does not say: only Linux does. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE;
  } catch {
    return 0;
  }
}
