import { processOutput, type Output } from './output.ts';
import { UsageError } from './usage-error.ts';

const help = `heed <command>

  run [<package>/<example>]      runs an example; without a name nlp/letter-to-sound
      --list                     lists every example with what it does and how long it takes
      --quick                    the short form
      --help                     the example's own options
  profile [<package>/<example>]  where the training steps of an example go: ops, time, memory
      --full                     the full form instead of the short one
      --json                     for tools
  results <package>/<name>       measures one entry of the ledger; --list, --quick
  doctor                         what loads, what does not, and what mends it
  install-tensorflow             native TensorFlow for @tensorflow/tfjs-node

HEED_BACKEND=tensorflow|wasm|cpu chooses the backend, HEED_CACHE the cache folder, HEED_DATA a mirror folder of data.`;

/** The `heed` command; returns its exit code: 0, 1 for a failure, 2 for a wrong call, 130 after Ctrl-C. */
export async function main(args: readonly string[], output: Output = processOutput): Promise<number> {
  const [command, ...rest] = args;
  try {
    switch (command) {
      case 'run':
        return await (await import('./run.ts')).run(rest, output);
      case 'profile':
        return await (await import('./profile.ts')).profile(rest, output);
      case 'results':
        return await (await import('./results.ts')).results(rest, output);
      case 'doctor':
        return await (await import('./doctor.ts')).doctor(output);
      case 'install-tensorflow':
        return await (await import('./install-tensorflow.ts')).installTensorflow(output);
      case undefined:
      case 'help':
      case '--help':
      case '-h':
        output.print(help);
        return command === undefined ? 2 : 0;
      default:
        throw new UsageError(`heed: there is no command '${command}'\n\n${help}`);
    }
  } catch (error) {
    if (error instanceof UsageError) {
      output.say(error.message);
      return 2;
    }
    output.say(process.env.HEED_DEBUG && error instanceof Error ? String(error.stack) : String(error));
    return 1;
  }
}
