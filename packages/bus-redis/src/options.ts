import type { ConnectionOptions } from 'node:tls';
import type { Clock, Log } from '@parley/core';

export interface RedisBusOptions {
  /**
   * `redis[s]://[[user]:password@]host[:port][,host[:port]…][/db]`. Sentinel mode: the hosts are sentinels (default port 26379) and
   * user, password and db are the master's. Cluster mode: the hosts are any nodes of the cluster, and there is no db.
   */
  readonly url: string;
  /** Default `standalone`. */
  readonly mode?: 'standalone' | 'sentinel' | 'cluster';
  /** First part of every key and channel; parts two Parley clusters on one Redis. Default `parley:`. */
  readonly prefix?: string;
  /** Sentinel mode: the master's name. Default `mymaster`. */
  readonly masterName?: string;
  /** Sentinel mode: the sentinels' own password, when they have one. */
  readonly sentinelPassword?: string;
  /** TLS settings beside those that `rediss:` implies. */
  readonly tls?: ConnectionOptions;
  /** A guest that only looks: never the survivor that cleans up after a dead node and announces what it committed. Default false. */
  readonly observer?: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RedisAddress {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly tls: boolean;
}

const URL_SHAPE = /^(rediss?):\/\/(?:([^@/]*)@)?([^/?#@]+)(?:\/(\d*))?$/;
const HOST_SHAPE = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/;

/** Throws an error that says what is wrong and never repeats the URL, which may hold a password. */
export function parseRedisUrl(url: string, defaultPort = 6379): RedisAddress {
  const parts = URL_SHAPE.exec(url.trim());
  if (parts === null) throw new Error('the Redis URL must look like redis://[user:password@]host[:port][/db]');
  const [, scheme, credentials, hostList = '', db] = parts;
  const hosts = hostList.split(',').map((part) => {
    const [, host, port] = HOST_SHAPE.exec(part.trim()) ?? [];
    const number = port === undefined ? defaultPort : Number(port);
    if (host === undefined || number < 1 || number > 65_535) throw new Error('the Redis URL has a wrong host or port');
    return { host: host.replace(/^\[|\]$/g, ''), port: number };
  });
  const colon = credentials?.indexOf(':') ?? -1;
  const username = colon === -1 ? credentials : credentials?.slice(0, colon);
  const password = colon === -1 ? undefined : credentials?.slice(colon + 1);
  const decoded = (text: string | undefined): string | undefined => {
    if (text === undefined || text === '') return undefined;
    try {
      return decodeURIComponent(text);
    } catch {
      throw new Error('the user or the password in the Redis URL is not percent-encoded');
    }
  };
  return {
    hosts,
    username: decoded(username),
    password: decoded(password),
    db: Number(db ?? 0),
    tls: scheme === 'rediss',
  };
}
