import { retryWhileBusy } from '@heed/training';
import { isSafeAddress } from './limited-body.ts';
import { EnvHttpProxyAgent, fetch as fetchThrough } from 'undici';

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent to the address's own host, over https or on this machine; after a redirect to another host no more. */
  readonly token?: string | undefined;
}

const agents = new Map<string, EnvHttpProxyAgent>();

/**
 * What a GET answers: through the proxy that `HTTPS_PROXY` or `HTTP_PROXY` names unless `NO_PROXY` has the host, and again where the server is
 * busy. Node's own `fetch` heeds these variables from version 24 on, and only if it is told to.
 *
 * @throws as `fetch`
 */
export async function request(
  url: string,
  { signal, headers = {}, token }: RequestOptions = {},
): Promise<Pick<Response, 'ok' | 'status' | 'statusText' | 'headers' | 'arrayBuffer' | 'body'>> {
  const sent = token !== undefined && isSafeAddress(url) ? { ...headers, authorization: `Bearer ${token}` } : headers;
  const options = { headers: sent, ...(signal && { signal }) };
  const dispatcher = proxyAgent();
  const get = () =>
    dispatcher === undefined
      ? fetch(url, options)
      : (fetchThrough(url, { ...options, dispatcher }) as unknown as Promise<Response>);
  return retryWhileBusy(get, signal);
}

/** One for each state of the environment, or none where no proxy is named. An empty variable names none. */
function proxyAgent(): EnvHttpProxyAgent | undefined {
  const [httpProxy, httpsProxy, noProxy] = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].map(
    (name) => process.env[name.toLowerCase()] || process.env[name] || '',
  );
  if (httpProxy === '' && httpsProxy === '') return undefined;
  const key = JSON.stringify([httpProxy, httpsProxy, noProxy]);
  if (!agents.has(key)) agents.set(key, new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy }));
  return agents.get(key);
}
