/** Holds the working tree to the rules: a line for each violation, exit 1 if there are any. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { RULES, type Tree } from './rules.ts';

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' });
const tree: Tree = {
  files: listed.split('\n').filter((path) => path !== '' && existsSync(path)),
  read: (path) => readFileSync(path, 'utf8'),
  bytes: (path) => statSync(path).size,
};

for (const { name, why, violations } of RULES) {
  const found = violations(tree);
  if (found.length === 0) continue;
  process.exitCode = 1;
  console.log(`${name}. ${why}`);
  for (const violation of found) console.log(`  ${violation}`);
}
