import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Log } from '@parley/core';
import type { Registry } from 'prom-client';
import type { Health } from './health.ts';

const MAX_CONNECTIONS = 256;

export interface AdminServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly health: Health;
  readonly registry: Registry;
  /** More for `/readyz`, for people: numbers and versions, no secrets. */
  readonly details: () => object;
  readonly log: Log;
}

/**
 * `/livez`, `/readyz` and `/metrics` for operators, on a port of its own that clients do not reach.
 * - `/livez`: 200 as long as the event loop turns.
 * - `/readyz`: 200, or 503 when no new clients should be sent here; JSON that says why not.
 */
export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #server: Server;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        options.log.error({ err: error }, 'an admin request failed');
        response.destroy();
      });
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.headersTimeout = 5_000;
    this.#server.requestTimeout = 10_000;
    this.#server.keepAliveTimeout = 5_000;
  }

  /** Rejects with the system's error, and a message that says what to do. */
  async listen(): Promise<{ readonly port: number }> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
        reject(
          new Error(
            `Cannot serve health and metrics on ${host}:${port}: ${why} (PARLEY_ADMIN_PORT, PARLEY_ADMIN_HOST; port 0 is any free one).`,
          ),
        );
      });
      this.#server.listen({ host, port, exclusive: true }, resolve);
    });
    return { port: (this.#server.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return reply(response, 405, 'text/plain', 'Only GET and HEAD.\n');
    }
    switch (request.url?.split('?', 1)[0]) {
      case '/livez':
        return reply(response, 200, 'application/json', '{"alive":true}\n');
      case '/readyz': {
        const readiness = this.#options.health.readiness();
        const body = JSON.stringify({ ...readiness, ...this.#options.details() });
        return reply(response, readiness.ready ? 200 : 503, 'application/json', `${body}\n`);
      }
      case '/metrics': {
        const { registry } = this.#options;
        return reply(response, 200, registry.contentType, await registry.metrics());
      }
      default:
        return reply(response, 404, 'text/plain', 'Here are /livez, /readyz and /metrics.\n');
    }
  }
}

/** Node itself leaves the body of an answer to HEAD out. */
function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  response.end(body);
}
