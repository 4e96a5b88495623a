// The AsyncAPI 3 document: what the node receives and sends, seen from the node.
import { CURRENT_PROTOCOL, DEFAULT_PORT } from '@parley/protocol/codes';
import { CLIENT, SERVER } from './frames.mjs';

const CHANNEL = '#/channels/chat';
const VERSION = `${CURRENT_PROTOCOL.major}.${CURRENT_PROTOCOL.minor}`;

/** @param {import('@parley/protocol/schemas').JsonSchemas} schemas */
export function asyncApiDocument(schemas) {
  const clientMessages = Object.keys(CLIENT).map((type) => [`client_${type}`, message(type, schemas.client, CLIENT)]);
  const serverMessages = Object.keys(SERVER).map((type) => [`server_${type}`, message(type, schemas.server, SERVER)]);
  const names = [...clientMessages, ...serverMessages].map(([name]) => name);
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Parley, the current protocol',
      version: VERSION,
      description:
        'Realtime chat over WebSocket: one JSON object per text frame. docs/protocol.md tells the rules; this document has the frames. ' +
        'Receivers pass over fields and frame types that they do not know.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      tags: [{ name: 'chat', description: 'Conversations of two and of many' }],
    },
    defaultContentType: 'application/json',
    servers: {
      development: {
        host: `localhost:${DEFAULT_PORT}`,
        protocol: 'ws',
        description: 'A node on this machine. In development mode it takes a bare user id.',
        security: [{ $ref: '#/components/securitySchemes/token' }],
        tags: [{ name: 'development', description: 'Not for users' }],
      },
    },
    channels: {
      chat: {
        address: '/',
        description: 'One connection of one device. The first frame of the client is hello.',
        messages: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
      },
    },
    operations: { ...receiving(), ...sending() },
    components: {
      messages: Object.fromEntries([...clientMessages, ...serverMessages]),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'A signed token whose `sub` is the user id. It is sent in the `hello` frame, never in a header or an address.',
        },
      },
    },
  };
}

function message(type, schemas, frames) {
  const { $schema: _, description, ...payload } = schemas[type];
  return {
    name: type,
    title: type,
    summary: description,
    contentType: 'application/json',
    payload,
    examples: frames[type].examples.map((example) => ({ payload: example })),
  };
}

/** Requests with their answers. A notice is answered only when it carries a ref. */
function receiving() {
  const entries = Object.entries(CLIENT).map(([type, { answer, notice }]) => [
    `receive_${type}`,
    {
      action: 'receive',
      channel: { $ref: CHANNEL },
      summary: notice ? `${type}: a notice, answered only when it carries a ref.` : `${type}, answered once.`,
      messages: [{ $ref: `${CHANNEL}/messages/client_${type}` }],
      reply: {
        channel: { $ref: CHANNEL },
        messages: [{ $ref: `${CHANNEL}/messages/server_${answer}` }, { $ref: `${CHANNEL}/messages/server_error` }],
      },
    },
  ]);
  return Object.fromEntries(entries);
}

/** What the node sends unasked. */
function sending() {
  const answers = new Set(Object.values(CLIENT).map(({ answer }) => answer));
  const unasked = Object.keys(SERVER).filter((type) => type === 'presence' || !answers.has(type));
  const entries = unasked.map((type) => [
    `send_${type}`,
    {
      action: 'send',
      channel: { $ref: CHANNEL },
      summary: `${type}, sent unasked.`,
      messages: [{ $ref: `${CHANNEL}/messages/server_${type}` }],
    },
  ]);
  return Object.fromEntries(entries);
}
