import { connect } from 'node:net';
import { OPERATOR_CALLS, type OperatorCall, type OperatorStore } from './operator-store.ts';

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_CHARS = 67_108_864;

/** Nobody answers at the socket. */
export class NoOperatorError extends Error {
  constructor(cause: unknown) {
    super('the node does not answer at its operator socket', { cause });
    this.name = 'NoOperatorError';
  }
}

/** The store of a running node, asked over its socket. Calls reject with the node's own message, or with a `NoOperatorError`. */
export function remoteOperatorStore(path: string): OperatorStore {
  const calls = OPERATOR_CALLS.map((call) => [call, (...args: readonly unknown[]) => ask(path, call, args)] as const);
  // The one place that trusts the other end: it is this same build, or another that says what it does not know.
  return Object.fromEntries(calls) as unknown as OperatorStore;
}

async function ask(path: string, call: OperatorCall, args: readonly unknown[]): Promise<unknown> {
  const text = await exchange(path, `${JSON.stringify({ call, args })}\n`);
  const answer = JSON.parse(text) as { readonly ok: boolean; readonly value?: unknown; readonly message?: string };
  if (!answer.ok) throw new Error(answer.message ?? 'the node refused the call');
  return answer.value;
}

function exchange(path: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    const fail = (cause: unknown): void => {
      socket.destroy();
      reject(new NoOperatorError(cause));
    };
    socket.setEncoding('utf8').setTimeout(TIMEOUT_MS, () => fail(new Error('no answer in time')));
    socket.on('error', fail);
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_ANSWER_CHARS) fail(new Error('the answer is too long'));
    });
    socket.on('end', () => (text.endsWith('\n') ? resolve(text) : fail(new Error('the answer was cut off'))));
  });
}
