import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, such that another can tell whether it still runs: numbers of processes are given again. */
export interface ProcessMark {
  /** The machine, or the container, whose processes the number is one of. */
  readonly machine: string;
  readonly pid: number;
  /** When it started, as the system counts; empty where the system does not say. */
  readonly started: string;
}

/** This process. */
export function ownMark(): ProcessMark {
  return { machine: machineMark(), pid: process.pid, started: startOf(process.pid) };
}

/** Whether a process runs; undefined for one of another machine, of which nothing can be known. */
export function isRunning({ machine, pid, started }: ProcessMark): boolean | undefined {
  if (machine !== machineMark()) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startOf(pid);
  return now !== ENDED && (started === '' || now === started);
}

const ENDED = 'ended';

let known: string | undefined;

/** Eight hexadecimal digits for this machine; containers that share a folder and a host's name differ by their space of process numbers. */
export function machineMark(): string {
  known ??= createHash('sha256')
    .update([hostname(), tryRead(() => readlinkSync('/proc/self/ns/pid'))].join(' '))
    .digest('hex')
    .slice(0, 8);
  return known;
}

/** The 22nd field of /proc/<pid>/stat, behind a name that may hold spaces and brackets; with the boot that its clock counts from. */
function startOf(pid: number): string {
  const stat = tryRead(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat === '') return '';
  const state = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state[0] === 'Z' || state[0] === 'X') return ENDED; // killed, and not yet collected by its parent
  const boot = tryRead(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')).slice(0, 8);
  return `${boot}-${state[19]}`;
}

function tryRead(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
