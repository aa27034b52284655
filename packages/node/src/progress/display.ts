import { printableText } from '@heed/attention-core';
import { createLogUpdate } from 'log-update';

/** A terminal is redrawn at most every so many milliseconds. */
const REDRAW = 80;
/** Characters of a line, in which there may be names of other people's files. */
const LONGEST = 2000;

/** Where a progress line goes: `show` may skip it, `keep` and `end` write it for good. */
export interface Display {
  show(line: () => string): void;
  keep(line: string): void;
  end(line: string): void;
}

/** The display that suits `stream`: redrawn on a terminal, else a plain line every so many seconds. What fails about it never reaches the work. */
export function createDisplay(stream: NodeJS.WritableStream, seconds: number): Display {
  surviveEndOf(stream);
  const display = isTerminal(stream) ? redrawn(stream) : plain(stream, seconds);
  return {
    show: (line) => quietly(() => display.show(() => printableText(line(), { most: LONGEST }))),
    keep: (line) => quietly(() => display.keep(printableText(line, { most: LONGEST }))),
    end: (line) => quietly(() => display.end(printableText(line, { most: LONGEST }))),
  };
}

const survived = new WeakSet<NodeJS.WritableStream>();

/** Lets a process live on when nobody reads its words any more: `| head` has read enough, a terminal is closed. */
export function surviveEndOf(stream: NodeJS.WritableStream): void {
  if (survived.has(stream)) return;
  survived.add(stream);
  stream.on('error', () => undefined);
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {
    return; // the stream is gone, or what was to be shown cannot be
  }
}

/** Takes the line away that is being redrawn, so that other words can be written; it comes back with its next change. */
let clearLive: (() => void) | undefined;

/** Call before anything else is written to the terminal: a line that is being redrawn would overwrite it. */
export function clearLiveLine(): void {
  quietly(() => clearLive?.());
}

function redrawn(stream: NodeJS.WritableStream): Display {
  const log = createLogUpdate(stream);
  let drawnAt = -Infinity;
  return {
    show(line) {
      if (performance.now() - drawnAt < REDRAW) return;
      log(line());
      drawnAt = performance.now();
      clearLive = log.clear;
    },
    keep: (line) => log.persist(line),
    end(line) {
      log(line);
      log.done();
      drawnAt = -Infinity;
      clearLive = undefined;
    },
  };
}

function plain(stream: NodeJS.WritableStream, seconds: number): Display {
  let writtenAt = -Infinity;
  const write = (line: string): void => {
    stream.write(`${line}\n`);
  };
  return {
    show(line) {
      if (performance.now() - writtenAt < seconds * 1000) return;
      write(line());
      writtenAt = performance.now();
    },
    keep: write,
    end(line) {
      write(line);
      writtenAt = -Infinity;
    },
  };
}

/** CI systems pretend to be terminals at times, and keep every redrawn line. */
export function isTerminal(stream: NodeJS.WritableStream): boolean {
  return 'isTTY' in stream && stream.isTTY === true && !process.env.CI && process.env.TERM !== 'dumb';
}

export function columnsOf(stream: NodeJS.WritableStream): number {
  return 'columns' in stream && typeof stream.columns === 'number' ? stream.columns : 80;
}
