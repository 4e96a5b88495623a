import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from './options.ts';

describe('parseRedisUrl', () => {
  it.each([
    ['redis://localhost', { hosts: [{ host: 'localhost', port: 6379 }], db: 0, tls: false }],
    ['redis://127.0.0.1:7000/3', { hosts: [{ host: '127.0.0.1', port: 7000 }], db: 3 }],
    ['rediss://app:p%40ss%2F:x@cache.example:6380/0', { username: 'app', password: 'p@ss/:x', tls: true }],
    ['redis://:secret@h', { username: undefined, password: 'secret' }],
    ['redis://h/', { db: 0 }],
    ['redis://[::1]:7001', { hosts: [{ host: '::1', port: 7001 }] }],
    [
      'redis://a:1,b,c:3',
      {
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 6379 },
          { host: 'c', port: 3 },
        ],
      },
    ],
  ])('reads %s', (url, expected) => {
    expect(parseRedisUrl(url)).toMatchObject(expected);
  });

  it.each([
    '',
    'localhost:6379',
    'http://h',
    'redis://',
    'redis://h:0',
    'redis://h:99999',
    'redis://h:x',
    'redis://h/x',
    'redis://u:%zz@h',
  ])('refuses %s and does not repeat it', (url) => {
    let message = '';
    try {
      parseRedisUrl(url);
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/Redis URL/);
    if (url.length > 8) expect(message).not.toContain(url);
  });
});
