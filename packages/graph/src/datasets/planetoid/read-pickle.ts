/** Something that a pickle calls by name: nothing can be done with it but what `calls` says of that name. */
export class PickledName {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    Object.freeze(this);
  }
}

/** An object that is made first and gets its fields afterwards. */
export abstract class PickledObject {
  abstract setState(state: unknown): void;
}

/** What each name that may be called makes of its arguments. `undefined` for a name that may only be passed on. */
export type PickledCalls = ReadonlyMap<string, ((args: readonly unknown[]) => unknown) | undefined>;

/**
 * Reads a pickle of protocol 0, 1 or 2. None, booleans, integers, floats, texts, tuples and lists (as arrays) and dictionaries (as `Map`s) are made;
 * texts are Latin-1, for Python 2 keeps bytes in them.
 *
 * pickleparser is not used: it hands out JavaScript's own `Object` and `Array` to be changed, takes lengths below zero, assigns any field of any object,
 * and turns a dictionary's keys into texts, which nested lists make endless. Here every byte makes at most one value.
 *
 * @throws if the bytes are no such pickle, a length leads out of them, or a name is none of `calls`
 */
export function readPickle(bytes: Uint8Array, calls: PickledCalls): unknown {
  return new Machine(bytes, calls).run();
}

const STACK_BELOW = 'it takes more values than it has made';

class Machine {
  private position = 0;
  private stack: unknown[] = [];
  private readonly marked: unknown[][] = [];
  private readonly memo = new Map<number, unknown>();
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly calls: PickledCalls;

  constructor(bytes: Uint8Array, calls: PickledCalls) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.calls = calls;
  }

  run(): unknown {
    for (;;) {
      const code = this.byte();
      if (code === 0x2e) return this.pop(); // STOP
      this.step(code, String.fromCharCode(code));
    }
  }

  private step(code: number, operation: string): void {
    if (code === 0x80) return this.protocol(this.byte());
    if (code >= 0x85 && code <= 0x87) return this.push(this.popMany(code - 0x84)); // TUPLE1 to TUPLE3
    switch (operation) {
      case 'N':
        return this.push(null);
      case '\x88':
        return this.push(true);
      case '\x89':
        return this.push(false);
      case 'I':
        return this.push(this.integerLine());
      case 'L':
        return this.push(this.number(this.line().replace(/L$/, '')));
      case 'F':
        return this.push(this.number(this.line()));
      case 'J':
        return this.push(this.view.getInt32(this.take(4), true));
      case 'K':
        return this.push(this.byte());
      case 'M':
        return this.push(this.view.getUint16(this.take(2), true));
      case '\x8a':
        return this.push(this.long(this.byte()));
      case 'G':
        return this.push(this.view.getFloat64(this.take(8), false));
      case 'S':
        return this.push(quoted(this.line()));
      case 'T':
        return this.push(this.latin1(this.view.getInt32(this.take(4), true)));
      case 'U':
        return this.push(this.latin1(this.byte()));
      case 'V':
        return this.push(this.line());
      case 'X':
        return this.push(new TextDecoder().decode(this.slice(this.view.getUint32(this.take(4), true))));
      case '(':
        this.marked.push(this.stack);
        this.stack = [];
        return;
      case ')':
      case ']':
        return this.push([]);
      case 't':
      case 'l':
        return this.push(this.sinceMark());
      case 'a':
        return append(this.below(1), [this.pop()]);
      case 'e': {
        const items = this.sinceMark();
        return append(this.below(0), items);
      }
      case '}':
        return this.push(new Map());
      case 'd':
        return this.push(setItems(new Map(), this.sinceMark()));
      case 's': {
        const items = this.popMany(2);
        return void setItems(this.below(0), items);
      }
      case 'u': {
        const items = this.sinceMark();
        return void setItems(this.below(0), items);
      }
      case 'p':
        return this.keep(this.number(this.line()));
      case 'q':
        return this.keep(this.byte());
      case 'r':
        return this.keep(this.view.getUint32(this.take(4), true));
      case 'g':
        return this.recall(this.number(this.line()));
      case 'h':
        return this.recall(this.byte());
      case 'j':
        return this.recall(this.view.getUint32(this.take(4), true));
      case 'c':
        return this.named(this.line(), this.line());
      case 'R':
      case '\x81': {
        const [callee, args] = this.popMany(2);
        return this.push(this.call(callee, args));
      }
      case 'b': {
        const state = this.pop();
        const object = this.below(0);
        if (!(object instanceof PickledObject)) throw new Error('it sets fields of what has none');
        return object.setState(state);
      }
      default:
        throw new Error(`it must be a pickle of protocol 0 to 2, got the opcode 0x${code.toString(16)}`);
    }
  }

  private protocol(version: number): void {
    if (version > 2) throw new Error(`it must be of protocol 0 to 2, got ${version}`);
  }

  private named(module: string, name: string): void {
    const whole = `${module}.${name}`;
    if (!this.calls.has(whole)) throw new Error(`it must hold arrays only, got an object of ${excerpt(whole)}`);
    this.push(new PickledName(whole));
  }

  private call(callee: unknown, args: unknown): unknown {
    const make = callee instanceof PickledName ? this.calls.get(callee.name) : undefined;
    if (make === undefined || !Array.isArray(args)) throw new Error('it calls what cannot be called');
    return make(args);
  }

  private push(value: unknown): void {
    this.stack.push(value);
  }

  private pop(): unknown {
    if (this.stack.length === 0) throw new Error(STACK_BELOW);
    return this.stack.pop();
  }

  private popMany(count: number): unknown[] {
    if (this.stack.length < count) throw new Error(STACK_BELOW);
    return this.stack.splice(-count);
  }

  /** The value on the stack below `count` others, which stays there. */
  private below(count: number): unknown {
    if (this.stack.length <= count) throw new Error(STACK_BELOW);
    return this.stack.at(-1 - count);
  }

  private sinceMark(): unknown[] {
    const items = this.stack;
    const before = this.marked.pop();
    if (before === undefined) throw new Error('it has no mark where one is needed');
    this.stack = before;
    return items;
  }

  private keep(index: number): void {
    this.memo.set(index, this.below(0));
  }

  private recall(index: number): void {
    if (!this.memo.has(index)) throw new Error(`it recalls value ${index}, which it has not kept`);
    this.push(this.memo.get(index));
  }

  /** Where the next `count` bytes begin. */
  private take(count: number): number {
    if (count < 0) throw new Error(`a length must not be negative, got ${count}`);
    const start = this.position;
    if (count > this.bytes.length - start) throw new Error('Unexpected end of file.');
    this.position += count;
    return start;
  }

  private slice(count: number): Uint8Array {
    const start = this.take(count);
    return this.bytes.subarray(start, start + count);
  }

  private byte(): number {
    return this.bytes[this.take(1)];
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end === -1) throw new Error('Unexpected end of file.');
    const line = this.latin1(end - this.position);
    this.position = end + 1;
    return line;
  }

  private latin1(length: number): string {
    const bytes = this.slice(length);
    const parts: string[] = [];
    for (let start = 0; start < bytes.length; start += 8192) {
      parts.push(String.fromCharCode(...bytes.subarray(start, start + 8192)));
    }
    return parts.join('');
  }

  private integerLine(): number | boolean {
    const line = this.line();
    return line === '01' || line === '00' ? line === '01' : this.number(line);
  }

  private number(line: string): number {
    const value = Number(line);
    if (line.trim() === '' || !Number.isFinite(value)) throw new Error(`a number must be one, got '${excerpt(line)}'`);
    return value;
  }

  private long(length: number): number {
    const value = this.slice(length).reduceRight<bigint>((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const number = Number(BigInt.asIntN(length * 8, value));
    if (!Number.isSafeInteger(number)) throw new Error(`an integer must be below 2^53, got one of ${length} bytes`);
    return number;
  }
}

function append(list: unknown, items: readonly unknown[]): void {
  if (!Array.isArray(list)) throw new Error('it appends to what is no list');
  for (const item of items) list.push(item);
}

function setItems(dictionary: unknown, items: readonly unknown[]): Map<unknown, unknown> {
  if (!(dictionary instanceof Map)) throw new Error('it sets items of what is no dictionary');
  if (items.length % 2 !== 0) throw new Error('a dictionary must have a value for each key');
  for (let i = 0; i < items.length; i += 2) dictionary.set(items[i], items[i + 1]);
  return dictionary as Map<unknown, unknown>;
}

function quoted(line: string): string {
  if (!/^(['"])[^]*\1$/.test(line) || line.length < 2) throw new Error('a text must be in quotation marks');
  return line.slice(1, -1);
}

function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
