import { describe, expect, it } from 'vitest';
import { checkHandshake, type HandshakeRequest, type HandshakeRules } from '../src/handshake.ts';
import { DEFAULT_HANDSHAKE_RULES } from '../src/uws-options.ts';

const HEADERS: [string, string][] = [
  ['host', 'chat.example:3128'],
  ['upgrade', 'websocket'],
  ['connection', 'keep-alive, Upgrade'],
  ['sec-websocket-version', '13'],
  ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
];

function check(
  change: { without?: string; with?: [string, string][]; request?: Partial<HandshakeRequest> },
  rules: Partial<HandshakeRules> = {},
): string {
  const replaced = (change.with ?? []).map(([name]) => name);
  const headers = [
    ...HEADERS.filter(([name]) => name !== change.without && !replaced.includes(name)),
    ...(change.with ?? []),
  ];
  const result = checkHandshake(
    { method: 'get', path: '/', query: '', headers, proxied: false, ...change.request },
    { ...DEFAULT_HANDSHAKE_RULES, ...rules },
  );
  return result.ok ? `ok ${result.subprotocol}`.trim() : `${result.status.slice(0, 3)} ${result.reason}`;
}

describe('checkHandshake', () => {
  const rows: [string, Parameters<typeof check>, string][] = [
    ['a plain client', [{}], 'ok'],
    ['upper case tokens', [{ with: [['upgrade', 'WebSocket']] }], 'ok'],
    ['any path by default', [{ request: { path: '/chat/room' } }], 'ok'],
    ['a listed path', [{ request: { path: '/chat' } }, { paths: ['/chat'] }], 'ok'],
    ['another path', [{ request: { path: '/chat/' } }, { paths: ['/chat'] }], '404 bad_path'],
    ['a POST', [{ request: { method: 'post' } }], '405 bad_method'],
    ['no Upgrade', [{ without: 'upgrade' }], '400 bad_upgrade'],
    ['Upgrade: h2c', [{ with: [['upgrade', 'h2c']] }], '400 bad_upgrade'],
    ['no Connection', [{ without: 'connection' }], '400 bad_upgrade'],
    ['Connection: keep-alive', [{ with: [['connection', 'keep-alive']] }], '400 bad_upgrade'],
    ['no version', [{ without: 'sec-websocket-version' }], '426 bad_version'],
    ['version 8', [{ with: [['sec-websocket-version', '8']] }], '426 bad_version'],
    [
      'two versions',
      [
        {
          with: [
            ['sec-websocket-version', '13'],
            ['sec-websocket-version', '13'],
          ],
        },
      ],
      '426 bad_version',
    ],
    ['no key', [{ without: 'sec-websocket-key' }], '400 bad_key'],
    ['a key that is no base64', [{ with: [['sec-websocket-key', '!!!!!!!!!!!!!!!!!!!!!!==']] }], '400 bad_key'],
    ['a key of 17 bytes', [{ with: [['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZWE=']] }], '400 bad_key'],
    [
      'two keys',
      [
        {
          with: [
            ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
            ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
          ],
        },
      ],
      '400 bad_key',
    ],
    ['large headers', [{ with: [['x-a', 'a'.repeat(20_000)]] }], '431 too_large'],
    ['a large query', [{ request: { query: 'a'.repeat(20_000) } }], '431 too_large'],
    ['a PROXY preamble', [{ request: { proxied: true } }], '400 unexpected_proxy'],
    ['a PROXY preamble where one is expected', [{ request: { proxied: true } }, { trustProxyProtocol: true }], 'ok'],
    ['the origin of its own host', [{ with: [['origin', 'https://chat.example']] }], 'ok'],
    ['the same host on another port', [{ with: [['origin', 'http://chat.example:8080']] }], 'ok'],
    ['a foreign origin', [{ with: [['origin', 'https://evil.example']] }], '403 bad_origin'],
    ['a host that merely ends alike', [{ with: [['origin', 'https://notchat.example']] }], '403 bad_origin'],
    ['the origin of a file or sandbox', [{ with: [['origin', 'null']] }], '403 bad_origin'],
    [
      'a listed origin',
      [{ with: [['origin', 'https://App.example']] }, { allowedOrigins: ['https://app.example'] }],
      'ok',
    ],
    [
      'the own host when a list leaves it out',
      [{ with: [['origin', 'https://chat.example']] }, { allowedOrigins: ['https://app.example'] }],
      '403 bad_origin',
    ],
    ['any origin with *', [{ with: [['origin', 'https://evil.example']] }, { allowedOrigins: ['*'] }], 'ok'],
    [
      'two origins',
      [
        {
          with: [
            ['origin', 'https://chat.example'],
            ['origin', 'https://chat.example'],
          ],
        },
      ],
      '403 bad_origin',
    ],
    ['an offered subprotocol that is not spoken', [{ with: [['sec-websocket-protocol', 'mqtt, xmpp']] }], 'ok'],
    [
      'an offered subprotocol that is spoken',
      [{ with: [['sec-websocket-protocol', 'mqtt, parley']] }, { subprotocols: ['parley'] }],
      'ok parley',
    ],
    ['no offered subprotocol', [{}, { subprotocols: ['parley'] }], 'ok'],
  ];
  it.each(rows)('%s', (_name, args, expected) => {
    expect(check(...args)).toBe(expected);
  });
});
