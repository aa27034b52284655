/**
 * `node kill-download.ts install|download|hub <folder> <address> <moment>`: downloads from a server on this machine, and kills itself with SIGKILL
 * while it goes on: so many twentieths of the content, or hundredths of the time, have passed then.
 */
import { card, fromSource, HUB_ID, installTiny } from './downloads.ts';

type Node = typeof import('@heed/node');

const [work, path, address, argument] = process.argv.slice(2);
const moment = Number(argument);
const kill = () => process.kill(process.pid, 'SIGKILL');
Object.assign(process.env, { HEED_CACHE: path, HEED_DATA: '' });

if (work === 'install') {
  setTimeout(kill, moment * 80);
  await installTiny(path, address);
} else if (work === 'download') {
  const { fetchData } = await fromSource<Pick<Node, 'fetchData'>>('node/src/data/fetch-data.ts');
  await fetchData(card(address), {
    onEvent(event) {
      if (event.type !== 'progress') return;
      const received = event.receivedBytes + (event.file === 'b' ? event.bytes : 0);
      if (received >= moment * 20_000) kill();
    },
  });
} else {
  const { hubFolder } = await fromSource<Pick<Node, 'hubFolder'>>('node/src/hub/hub-folder.ts');
  setTimeout(kill, moment * 20);
  const source = await hubFolder(HUB_ID, { endpoint: address });
  for (const name of await source.list()) await source.read(name);
}
