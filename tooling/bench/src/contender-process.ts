import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Measure, Stages } from './benchmark.ts';
import type { Outputs } from './outputs.ts';

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/** What a fresh process measured of its first run. */
export interface FirstRun {
  readonly value: number;
  readonly outputs: Outputs;
  readonly stages?: Stages;
}

/** A process that measures cases one after the other. */
export class ContenderProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting: ((answer: Answer) => void)[] = [];
  private lastWords = '';

  /**
   * @param command the program and its arguments
   * @param threads how many it may compute on; WASM takes one
   */
  constructor([program, ...args]: readonly [string, ...string[]], threads: number) {
    const names = ['OMP_NUM_THREADS', 'TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS'];
    const limits = Object.fromEntries(names.map((name) => [name, String(threads)]));
    this.child = spawn(program, args, { env: { ...process.env, ...limits } });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      if (line.startsWith('@')) this.waiting.shift()?.(JSON.parse(line.slice(1)) as Answer);
    });
    this.child.stderr.on('data', (data: Buffer) => {
      const lines = String(data).trim().split('\n');
      this.lastWords = lines.find((line) => line.includes('Error')) ?? (this.lastWords || lines.at(-1)!);
    });
    this.child.on('error', ({ message }) => this.fail(message));
    this.child.on('exit', () => this.fail(this.lastWords));
    this.child.stdin.on('error', () => undefined); // the exit says why
  }

  /** @throws if the case cannot be prepared or run */
  async measure(given: unknown, measure: Measure): Promise<number> {
    return (await this.ask({ case: given, measure })) as number;
  }

  /** Prepares the case and runs it once, in a process that has done nothing yet. @throws as `measure` */
  async first(given: unknown, measure: 'opening' | 'resident'): Promise<FirstRun> {
    return (await this.ask({ case: given, measure })) as FirstRun;
  }

  /** What the case gives in its next `runs` runs, a part of the numbers standing for all. @throws as `measure` */
  async outputs(given: unknown, runs: number): Promise<Outputs> {
    return (await this.ask({ case: given, measure: 'outputs', runs })) as Outputs;
  }

  private async ask(request: object): Promise<unknown> {
    const answer = await new Promise<Answer>((resolve) => {
      this.waiting.push(resolve);
      if (this.child.exitCode !== null) this.fail(this.lastWords);
      else this.child.stdin.write(`${JSON.stringify(request)}\n`);
    });
    if (answer.error !== undefined) throw new Error(answer.error);
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
export function nodeWorker(
  file: string,
  { backend = 'none', stock, quick }: { backend: string | undefined; stock: boolean; quick: boolean },
): [string, ...string[]] {
  const worker = fileURLToPath(new URL('worker.ts', import.meta.url));
  return [...nodeCommand(worker), file, backend, stock ? 'stock' : 'heed', quick ? 'quick' : 'full'];
}

/** Runs a module from its sources. */
export function nodeCommand(file: string): [string, ...string[]] {
  return [process.execPath, '--conditions=@heed/source', '--import', 'tsx', file];
}
