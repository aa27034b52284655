#!/usr/bin/env node
import { parseArgs } from 'node:util';

import { reasonOf } from './install/install-error.ts';
import { install } from './install/install.ts';
import { status } from './status.ts';

const usage = `heed-tensorflow install   makes tfjs-node run on a current TensorFlow (HEED_TENSORFLOW=off skips it)
heed-tensorflow status    says what loads, and what mends what does not`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { workspace: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
});

if (values.help || positionals.length !== 1) {
  console.log(usage);
  process.exitCode = values.help ? 0 : 2;
} else if (positionals[0] === 'install') {
  await runInstall(values.workspace);
} else if (positionals[0] === 'status') {
  const found = await status();
  console.log(found.message);
  if (found.mend) console.log(`To mend it, run: ${found.mend}`);
  process.exitCode = found.loads ? 0 : 1;
} else {
  console.error(`heed-tensorflow: the command must be install or status, got ${positionals[0]}`);
  process.exitCode = 2;
}

/** In a workspace's own install nothing may fail and one line is printed; asked for by name, it tells what it does. */
async function runInstall(workspace: boolean): Promise<void> {
  let lastStep = '';
  try {
    const { message } = await install({
      workspace,
      onProgress: (progress) => {
        if (!workspace && progress.step !== lastStep) console.log(`${progress.message} …`);
        lastStep = progress.step;
      },
    });
    console.log(`heed-tensorflow: ${message}`);
  } catch (error) {
    const outcome = 'native TensorFlow is not installed; everything runs on WebAssembly instead';
    console.log(`heed-tensorflow: ${outcome} (${reasonOf(error)})`);
    if (!workspace) process.exitCode = 1;
  }
}
