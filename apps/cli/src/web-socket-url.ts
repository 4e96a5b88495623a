import { DEFAULT_PORT } from '@parley/protocol';
import { usageError } from './cli-error.ts';

/** @throws CliError when it is not the address of a WebSocket server */
export function webSocketUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
    throw usageError(`Not a WebSocket address: ${text}`, `Write it as ws://host:${DEFAULT_PORT} or wss://host.`);
  }
  return text;
}
