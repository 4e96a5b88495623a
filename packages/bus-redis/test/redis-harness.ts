import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BusHarness, type BusNode, silentLog } from '@parley/core/testing';
import { type RedisService, startRedis } from '@parley/local-services';
import { createRedisBus, type RedisBusParts } from '../src/index.ts';
import { realClock } from './real-clock.ts';
import { RedisProxy } from './redis-proxy.ts';

export const until = async (
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 10_000,
): Promise<void> => {
  const deadlineMs = realClock.nowMs() + withinMs;
  while (!(await condition())) {
    if (realClock.nowMs() > deadlineMs) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

export interface ProxiedNode extends RedisBusParts {
  readonly proxy: RedisProxy;
}

/** Real Redis on a port of its own, and nodes that reach it through a proxy each. */
export interface RedisHarness extends BusHarness {
  readonly redis: RedisService;
  createNode(): Promise<ProxiedNode>;
}

export async function createRedisHarness(): Promise<RedisHarness> {
  const redis = await startRedis({ persistence: 'always', config: { appendfsync: 'no' } });
  const nodes: ProxiedNode[] = [];
  const proxyOf = (node: BusNode): RedisProxy => {
    const found = nodes.find((known) => known.bus === node.bus);
    if (found === undefined) throw new Error('not a node of this harness');
    return found.proxy;
  };
  return {
    redis,
    async createNode() {
      const proxy = await RedisProxy.start(redis.port);
      const url = redis.url.replace(`:${redis.port}`, `:${proxy.port}`);
      const node = { ...createRedisBus({ url, clock: realClock, log: silentLog }), proxy };
      nodes.push(node);
      return node;
    },
    until,
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    settle: (operation) => operation,
    faults: {
      loseNextTo: (node) => {
        proxyOf(node).envelopesToLose += 1;
        return Promise.resolve();
      },
      kill: (node) => Promise.resolve(proxyOf(node).cut()),
      hang: (node) => Promise.resolve(proxyOf(node).stallInboxes()),
      backendDown: () => redis.kill(),
      async backendUp({ empty }) {
        if (empty) rmSync(join(redis.folder, 'appendonlydir'), { recursive: true });
        await redis.start();
      },
    },
    async close() {
      for (const node of nodes) await node.close();
      for (const node of nodes) await until(() => node.proxy.connections === 0, 'the connections to be closed');
      for (const node of nodes) await node.proxy.close();
      await redis.stop();
    },
  };
}
