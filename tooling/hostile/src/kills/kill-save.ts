/**
 * `node kill-save.ts save|checkpoint <folder> <address> <moment>`: saves, and kills itself with SIGKILL while it goes on: `moment` counts changes of
 * files, its fraction is the part of two milliseconds that passes then.
 */
import { fileFolder } from '@heed/node';
import { savePretrained, type Folder } from '@heed/training';
import { layerOf, NAMES, runToItsEnd, SHARD_BYTES, trainingOf } from './works.ts';

const [work, path, , moment] = process.argv.slice(2);
let left = Math.floor(Number(moment));
const delay = (Number(moment) % 1) * 2;

function count(): void {
  if (left-- === 0) setTimeout(() => process.kill(process.pid, 'SIGKILL'), delay);
}

/** A folder that counts its changes. */
function counted(folder: Folder): Folder {
  const counting = <Args extends unknown[]>(change: (...args: Args) => Promise<void>) => {
    return async (...args: Args) => {
      count();
      await change(...args);
    };
  };
  const { write, remove, rename } = folder;
  return { ...folder, write: counting(write), remove: counting(remove), rename: counting(rename!) };
}

if (work === 'save') {
  const options = { model: layerOf(2), names: NAMES, config: { mark: 2 }, maxShardBytes: SHARD_BYTES };
  await savePretrained(counted(fileFolder(path)), options);
} else {
  await runToItsEnd(trainingOf(counted(fileFolder(path)), 40));
}
