import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, writeAtomically } from '../files/write-atomically.ts';
import type { ResultEntry } from './define-result.ts';

/** So often the time spent is noted, for runs that are killed. */
const NOTE_EVERY = 15_000;

interface Note {
  /** Of what makes a run the same run. */
  readonly key: string;
  readonly seconds: number;
  readonly complete: boolean;
}

/**
 * The folder of a run that may be interrupted and resumed, and the time that all its parts took together. A folder of a
 * complete run, or of another protocol, seed, data or backend, is emptied.
 */
export class RunState {
  readonly folder: string;
  readonly resumed: boolean;
  readonly #key: string;
  readonly #before: number;
  readonly #begun = performance.now();
  readonly #clock: NodeJS.Timeout;
  /** Notes are written one after the other, or an older one could come last. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, key: string, before: number | undefined) {
    this.folder = folder;
    this.resumed = before !== undefined;
    this.#key = key;
    this.#before = before ?? 0;
    this.#clock = setInterval(() => void this.#write(false).catch(() => undefined), NOTE_EVERY);
    this.#clock.unref();
  }

  static async open(folder: string, entry: ResultEntry, backend: string): Promise<RunState> {
    const { protocol, seed, data } = entry;
    const key = createHash('sha256')
      .update(JSON.stringify([protocol, seed, data, backend]))
      .digest('hex');
    const note = await readNote(folder);
    const resumes = note !== undefined && note.key === key && !note.complete;
    if (!resumes) await rm(folder, { recursive: true, force: true });
    await makeFolder(folder);
    const state = new RunState(folder, key, resumes ? note.seconds : undefined);
    await state.#write(false);
    return state;
  }

  get minutes(): number {
    return (this.#before + (performance.now() - this.#begun) / 1000) / 60;
  }

  /** `ResultContext.part` */
  async part<T>(name: string, measure: () => Promise<T>): Promise<T> {
    const file = join(this.folder, 'parts', `${name}.json`);
    if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as T;
    const measured = await measure();
    if (measured !== undefined) await writeAtomically(file, JSON.stringify(measured), 'heed results');
    return measured;
  }

  /** Notes the time spent; after a complete run the next one begins anew. */
  async close(complete: boolean): Promise<void> {
    clearInterval(this.#clock);
    await this.#write(complete);
  }

  #write(complete: boolean): Promise<void> {
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(() => {
        const note: Note = { key: this.#key, seconds: this.minutes * 60, complete };
        return writeAtomically(join(this.folder, 'run.json'), JSON.stringify(note), 'heed results');
      });
    return this.#writing;
  }
}

async function readNote(folder: string): Promise<Note | undefined> {
  try {
    const note: unknown = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8'));
    return typeof note === 'object' && note !== null && 'key' in note ? (note as Note) : undefined;
  } catch {
    return undefined;
  }
}
