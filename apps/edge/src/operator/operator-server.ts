import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '@parley/core';
import { operatorSocketPath } from './operator-socket-path.ts';
import { OPERATOR_CALLS, type OperatorCall, type OperatorStore } from './operator-store.ts';

const MAX_CONNECTIONS = 16;
const MAX_REQUEST_CHARS = 65_536;
const IDLE_TIMEOUT_MS = 5_000;

/** `{"call":"user","args":[7]}` and a line break; the answer is one line, `{"ok":true,"value":…}` or `{"ok":false,"message":"…"}`, and the end. */
interface OperatorRequest {
  readonly call: OperatorCall;
  readonly args: readonly unknown[];
}

/**
 * Lets `parley user` and the like work while a node runs on the embedded store, whose file one process alone can open: they ask the node, over
 * a Unix socket in the data folder that only the folder's owner can open. Not there with a database server, which they ask directly.
 */
export class OperatorServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #store: OperatorStore;
  readonly #log: Log;

  private constructor(store: OperatorStore, log: Log) {
    this.#store = store;
    this.#log = log;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /**
   * The caller holds the lock on the data folder's store, so a socket that is there already is a dead node's.
   * Rejects when the path cannot be listened on.
   */
  static async open(path: string, store: OperatorStore, log: Log): Promise<OperatorServer> {
    rmSync(path, { force: true });
    const operator = new OperatorServer(store, log);
    const server = operator.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => log.warn({ err: error }, 'the operator socket failed'));
    chmodSync(path, 0o600);
    return operator;
  }

  /** Ends what is under way, and takes the socket away. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setEncoding('utf8').setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    // The other end may go at any time.
    socket.on('error', () => socket.destroy());
    let text = '';
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_REQUEST_CHARS) socket.destroy();
      else if (text.endsWith('\n')) void this.#answer(text).then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
    });
  }

  /** Never rejects. */
  async #answer(text: string): Promise<object> {
    try {
      const { call, args } = parseRequest(text);
      const act = this.#store[call] as (...args: readonly unknown[]) => Promise<unknown>;
      return { ok: true, value: await act(...args) };
    } catch (error) {
      this.#log.warn({ err: error }, 'an operator call failed');
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  }
}

function parseRequest(text: string): OperatorRequest {
  const request = JSON.parse(text) as Partial<OperatorRequest>;
  const call = OPERATOR_CALLS.find((name) => name === request.call);
  if (call === undefined || !Array.isArray(request.args)) throw new Error('This node does not know that call.');
  return { call, args: request.args };
}

/** For a node whose store is in `dataDir`. Never rejects: a node without it serves its clients all the same. */
export async function openOperatorServer(
  dataDir: string,
  store: OperatorStore,
  log: Log,
): Promise<OperatorServer | null> {
  const path = operatorSocketPath(dataDir);
  if (path === null) {
    log.info({ dataDir }, 'no operator socket here: `parley user` works only while this node is stopped');
    return null;
  }
  try {
    return await OperatorServer.open(path, store, log);
  } catch (error) {
    log.warn({ err: error, path }, 'no operator socket: `parley user` works only while this node is stopped');
    return null;
  }
}
