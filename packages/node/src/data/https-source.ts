import { printableText } from '@heed/attention-core';
import { isSafeAddress, limitedBody } from './limited-body.ts';
import { request } from './request.ts';
import { errorCode } from '../files/error-code.ts';

/**
 * The body of what `url` answers.
 *
 * @throws if it is neither https nor on this machine, there is no connection, or the answer is not 200
 */
export async function openUrl(url: string, signal: AbortSignal | undefined): Promise<AsyncIterable<Uint8Array>> {
  if (!isSafeAddress(url)) throw new Error(`the address must begin with https:, got ${url}`);
  const { hostname } = new URL(url);
  // Without `identity` a server may compress, and the length would not be the file's.
  const response = await request(url, { headers: { 'accept-encoding': 'identity' }, signal }).catch(
    (error: unknown) => {
      signal?.throwIfAborted();
      throw new Error(`${noConnection(error)} to ${hostname}`, { cause: error });
    },
  );
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    const reason = printableText(response.statusText, { most: 100 });
    throw new Error(`the server must answer 200, got ${response.status} ${reason}`.trimEnd());
  }
  return told(limitedBody(response.body, { bytes: Infinity }), hostname, signal); // `receive` knows how many
}

async function* told(
  body: AsyncIterable<Uint8Array>,
  hostname: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(`the connection to ${hostname} broke (${errorCode(error) ?? String(error)})`, { cause: error });
  }
}

function noConnection(error: unknown): string {
  const code = errorCode(error) ?? (error instanceof Error ? error.message : String(error));
  const certificate = /CERT|SIGNATURE|ISSUER/.test(code);
  const hint = certificate ? '; where a proxy has its own certificate, NODE_EXTRA_CA_CERTS names it' : '';
  return `no connection (${code}${hint})`;
}
