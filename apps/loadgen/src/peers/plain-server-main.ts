import { parseArgs } from 'node:util';
import { FAULTS, type Fault } from './fault.ts';
import { type PlainServerOptions, startPlainServer } from './plain-server.ts';

const USAGE = `A plain server of the legacy protocol: the peer for comparison, and with a fault the liar that checkers must convict.

  plain-server [--port 3128] [--fault ${FAULTS.join('|')}] [--fault-at 25]
               [--shared '{"mysql":{"host","port","user","password","database"},"redisUrl","connections"}'] [--owned]

Prints {"url"} on its first line; ends on SIGTERM or SIGINT, with --owned also when its standard input ends.`;

export async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: '3128' },
      fault: { type: 'string', default: 'none' },
      'fault-at': { type: 'string', default: '25' },
      shared: { type: 'string' },
      owned: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const fault = values.fault as Fault;
  if (!FAULTS.includes(fault)) throw new Error(`--fault: one of ${FAULTS.join(', ')}`);
  const server = await startPlainServer({
    port: Number(values.port),
    fault,
    faultAt: Number(values['fault-at']),
    ...(values.shared === undefined
      ? {}
      : { shared: JSON.parse(values.shared) as NonNullable<PlainServerOptions['shared']> }),
  });
  console.log(JSON.stringify({ url: server.url }));
  const stop = (): void => {
    void server.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (values.owned) process.stdin.once('end', stop).resume();
}
