import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ensureDebianPackages } from '@parley/local-services';
import { type Browser, chromium } from 'playwright-core';
import type * as Client from '../src/index.ts';

/** What the page has: the client as it is published, and what it was told. */
export interface PageGlobals {
  parley: typeof Client;
  client: Client.ChatClient;
  handles: Client.SendHandle[];
  states: string[];
  errors: string[];
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>chat</title>
<script type="module">
  import * as parley from '/client.js';
  const query = new URLSearchParams(location.search);
  const options = { url: query.get('url'), backoff: { maxMs: 500 } };
  if (query.has('user')) options.userId = Number(query.get('user'));
  if (query.has('token')) options.getToken = async () => {
    const answer = await fetch('/token?user=' + query.get('token'));
    if (!answer.ok) throw new Error('no token: ' + answer.status);
    return answer.text();
  };
  const client = parley.createChatClient(options);
  Object.assign(window, { parley, client, handles: [], states: [], errors: [] });
  client.on('state', (state) => window.states.push(state.status + ' ' + (state.reason ?? '')));
  client.on('error', (error) => window.errors.push(error.message));
  window.addEventListener('unhandledrejection', (event) => window.errors.push('unhandled: ' + event.reason));
  document.title = 'ready';
</script>`;
const SCRIPT = new URL('../dist/index.js', import.meta.url);

/** Serves the page, the built client, and tokens. */
export class PageServer {
  readonly #server: Server;
  readonly #secret: string;
  /** What `/token` does. */
  tokens: { readonly lastsSeconds: number } | 'refused' = { lastsSeconds: 3_600 };
  tokensAsked = 0;

  private constructor(secret: string) {
    this.#secret = secret;
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://page');
      if (url.pathname === '/client.js') {
        // Also to pages without an origin.
        response.setHeader('access-control-allow-origin', '*');
        response.setHeader('content-type', 'text/javascript').end(readFileSync(SCRIPT));
      } else if (url.pathname === '/token') {
        this.tokensAsked += 1;
        if (this.tokens === 'refused') response.writeHead(503).end();
        else response.end(this.#token(url.searchParams.get('user') ?? '', this.tokens.lastsSeconds));
      } else response.setHeader('content-type', 'text/html').end(PAGE);
    });
  }

  static async open(secret: string): Promise<PageServer> {
    const server = new PageServer(secret);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  pageOf(options: { readonly url: string; readonly user?: number; readonly token?: number }): string {
    const query = new URLSearchParams(Object.entries(options).map(([name, value]) => [name, String(value)]));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/?${query}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #token(sub: string, lastsSeconds: number): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub, exp: Math.floor(Date.now() / 1000) + lastsSeconds })}`;
    return `${signed}.${createHmac('sha256', this.#secret).update(signed).digest('base64url')}`;
  }
}

/** Debian's Chromium, installed if it is absent and this process may. */
export async function launchChromium(): Promise<Browser> {
  await ensureDebianPackages(['chromium']);
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-dev-shm-usage',
    ],
  });
}
