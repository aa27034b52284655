/**
 * The first key that occurs twice in one object of a valid JSON text, at any depth. `JSON.parse` keeps the last one silently, and two readers
 * that keep different ones see different weights.
 */
export function repeatedKey(json: string): string | undefined {
  const open: Array<Set<string> | undefined> = []; // a set of keys per open object, undefined per open list
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = stringEnd(json, i);
      const keys = open.at(-1);
      if (keys !== undefined && isKey(json, end)) {
        const key = JSON.parse(json.slice(i, end)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      i = end - 1;
    }
  }
  return undefined;
}

/** The position after the closing quote. */
function stringEnd(json: string, start: number): number {
  for (let i = start + 1; i < json.length; i++) {
    if (json[i] === '\\') i++;
    else if (json[i] === '"') return i + 1;
  }
  return json.length;
}

function isKey(json: string, end: number): boolean {
  let i = end;
  while (i < json.length && ' \t\r\n'.includes(json[i])) i++;
  return json[i] === ':';
}
