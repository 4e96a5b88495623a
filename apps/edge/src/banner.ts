import { resolve } from 'node:path';
import { DEFAULT_PORT } from '@parley/protocol';
import type { EdgeConfig } from './config.ts';
import type { RunningEdge } from './start-edge.ts';

/** What a person who has just started a node wants to know, as text. */
export function banner(config: EdgeConfig, edge: RunningEdge): string {
  const lines = [
    '',
    'Parley is ready.',
    '',
    `  Clients   ${edge.url}`,
    `  Health    ${edge.adminUrl}/readyz`,
    `  Metrics   ${edge.adminUrl}/metrics`,
    `  Data      ${describeStore(config)}`,
    '',
  ];
  if (config.auth.kind === 'development') {
    const url = edge.port === DEFAULT_PORT && edge.url.includes('127.0.0.1') ? '' : ` --url ${edge.url}`;
    lines.push(
      '  WARNING   Development sign-in is INSECURE: whoever reaches this node can be any user.',
      '            For anything but trying it out set PARLEY_AUTH=jwt.',
      '',
      'Chat from two terminals:',
      '',
      `  npx parley chat --user 7 --to 8${url}`,
      `  npx parley chat --user 8 --to 7${url}`,
      '',
    );
  }
  return `${lines.join('\n')}\n`;
}

function describeStore({ store, bus }: EdgeConfig): string {
  if (store.kind === 'sqlite') return `${resolve(store.dataDir)} (SQLite, this node alone)`;
  const place = `database ${store.database} on ${store.host}:${store.port}`;
  return bus.kind === 'redis' ? `${place}, shared through Redis` : `${place}, this node alone`;
}
