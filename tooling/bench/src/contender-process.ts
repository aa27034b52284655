import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Measure } from './benchmark.ts';

interface Answer {
  readonly value?: number;
  readonly error?: string;
}

/** A process that measures cases one after the other. */
export class ContenderProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting: ((answer: Answer) => void)[] = [];
  private lastWords = '';

  /** @param command the program and its arguments */
  constructor([program, ...args]: readonly [string, ...string[]]) {
    this.child = spawn(program, args);
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      if (line.startsWith('@')) this.waiting.shift()?.(JSON.parse(line.slice(1)) as Answer);
    });
    this.child.stderr.on('data', (data: Buffer) => {
      this.lastWords = String(data).trim().split('\n').at(-1) ?? '';
    });
    this.child.on('error', ({ message }) => this.fail(message));
    this.child.on('exit', () => this.fail(this.lastWords));
    this.child.stdin.on('error', () => undefined); // the exit says why
  }

  /** @throws if the case cannot be prepared or run */
  async measure(given: unknown, measure: Measure): Promise<number> {
    const answer = await new Promise<Answer>((resolve) => {
      this.waiting.push(resolve);
      if (this.child.exitCode !== null) this.fail(this.lastWords);
      else this.child.stdin.write(`${JSON.stringify({ case: given, measure })}\n`);
    });
    if (answer.value === undefined) throw new Error(answer.error);
    return answer.value;
  }

  stop(): void {
    this.child.kill();
  }

  private fail(error: string): void {
    for (const answer of this.waiting.splice(0)) answer({ error: error || 'the process ended' });
  }
}

/** The command for a module of our own. */
export function nodeWorker(file: string, backend = 'none', stock = false): [string, ...string[]] {
  const worker = fileURLToPath(new URL('worker.ts', import.meta.url));
  const conditions = ['--conditions=@heed/source', '--import', 'tsx'];
  return [process.execPath, ...conditions, worker, file, backend, stock ? 'stock' : 'heed'];
}
