import type { ChatClient } from './api/client.ts';
import type { ChatClientOptions } from './api/options.ts';
import { ChatClientImplementation } from './chat-client.ts';
import { globalEnvironment } from './environment.ts';

/**
 * Makes a client, which begins to connect once the present code has run: listeners that are added at once miss nothing.
 * Never throws; what is wrong with the options shows as a final state.
 */
export function createChatClient(options: ChatClientOptions): ChatClient {
  const client = new ChatClientImplementation(options, globalEnvironment());
  queueMicrotask(() => client.start());
  return client;
}
