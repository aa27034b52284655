import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loopback, type Loopback } from './loopback.test-support.ts';
import { request } from './request.ts';

/** A proxy that opens tunnels, and the hosts that were asked of it. Hosts ending in `.test` are this machine. */
async function startProxy() {
  const tunnels: string[] = [];
  const server = createServer((_, response) => void response.writeHead(405).end());
  server.on('connect', (asked: IncomingMessage, client) => {
    tunnels.push(asked.url!);
    const upstream = connect(Number(asked.url!.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const end of [upstream, client]) end.on('error', () => [upstream, client].forEach((each) => each.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tunnels, close };
}

describe('request', () => {
  const headers: IncomingMessage['headers'][] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let server: Loopback;
  const text = async (url: string, options = {}) => {
    const response = await request(url, options);
    return `${response.status} ${new TextDecoder().decode(await response.arrayBuffer())}`;
  };

  beforeEach(async () => {
    headers.length = 0;
    answer = (_, response) => void response.end('hello');
    server = await loopback((asked, response) => {
      headers.push(asked.headers);
      answer(asked, response);
    });
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
      vi.stubEnv(name, '');
      vi.stubEnv(name.toLowerCase(), '');
    }
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await server.close();
  });

  it('goes through the proxy that the environment names, in either case, and not to hosts that need none', async () => {
    const proxy = await startProxy();
    const port = new URL(server.url).port;
    for (const name of ['HTTP_PROXY', 'http_proxy']) {
      vi.stubEnv(name, proxy.url);
      vi.stubEnv('NO_PROXY', `${name}.test`); // another environment has an agent, and tunnels, of its own
      expect(await text(`http://hub.test:${port}/x`)).toBe('200 hello'); // a name that only the proxy knows
      expect(proxy.tunnels.splice(0)).toEqual([`hub.test:${port}`]);
      vi.stubEnv('NO_PROXY', '127.0.0.1,other.test');
      expect(await text(`${server.url}/x`)).toBe('200 hello');
      expect(proxy.tunnels).toEqual([]);
      vi.stubEnv(name, '');
      vi.stubEnv('NO_PROXY', '');
    }
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    await expect(request(`https://hub.test:${port}/x`)).rejects.toThrow('fetch failed'); // the tunnel is made, but there is no TLS behind it
    expect(proxy.tunnels).toEqual([`hub.test:${port}`]);
    await proxy.close();
  });

  it('asks again where the server is busy, when it says so', async () => {
    const statuses = [503, 429, 200];
    answer = (_, response) => void response.writeHead(statuses[headers.length - 1], { 'retry-after': '0' }).end('done');
    expect(await text(server.url)).toBe('200 done');
    expect(headers).toHaveLength(3);
  });

  it('gives up after four times', async () => {
    answer = (_, response) => void response.writeHead(503, { 'retry-after': '0' }).end('busy');
    expect(await text(server.url)).toBe('503 busy');
    expect(headers).toHaveLength(4);
  });

  it('sends a token to the host alone that it is for: not after a redirect to another, nor in the open', async () => {
    const others: IncomingMessage['headers'][] = [];
    const other = await loopback((asked, response) => {
      others.push(asked.headers);
      response.end('from elsewhere');
    });
    answer = (asked, response) => {
      const location = asked.url === '/here' ? '/there' : other.url;
      if (asked.url === '/there') response.end('there');
      else response.writeHead(302, { location }).end();
    };
    expect(await text(`${server.url}/here`, { token: 'secret' })).toBe('200 there');
    expect(headers.map(({ authorization }) => authorization)).toEqual(['Bearer secret', 'Bearer secret']);
    expect(await text(`${server.url}/away`, { token: 'secret' })).toBe('200 from elsewhere');
    expect(others.map(({ authorization }) => authorization)).toEqual([undefined]);

    const proxy = await startProxy();
    vi.stubEnv('HTTP_PROXY', proxy.url);
    headers.length = 0;
    await text(`http://hub.test:${new URL(server.url).port}/there`, { token: 'secret' });
    expect(headers.map(({ authorization }) => authorization)).toEqual([undefined]); // http, to another machine
    // and through a proxy, too, a redirect to another host has no token
    await text(`${server.url}/away`, { token: 'secret' });
    expect(headers.at(-1)!.authorization).toBe('Bearer secret');
    expect(others.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
    await proxy.close();
    await other.close();
  });
});
