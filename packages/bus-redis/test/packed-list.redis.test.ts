import { Random, testSeed } from '@parley/core/testing';
import { type RedisService, startRedis } from '@parley/local-services';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enterTopic } from '../src/lua/enter-topic.ts';
import { removeTopic } from '../src/lua/remove-topic.ts';
import { runScript } from '../src/redis-client.ts';

describe('the packed list of a topic', () => {
  let service: RedisService;
  let redis: Redis;
  beforeAll(async () => {
    service = await startRedis();
    redis = new Redis(service.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await service.stop();
  });
  const enter = (id: string) => runScript(redis, enterTopic, ['k'], [id]);
  const remove = (id: string) => runScript(redis, removeTopic, ['k'], [id]);

  it('takes an id only for itself where it stands, not where two others meet', async () => {
    await redis.set('k', 'xxAAAABBBBCCxxxx');
    await remove('AAAABBBB');
    expect(await redis.get('k')).toBe('xxAAAABBBBCCxxxx');
    await enter('AAAABBBB');
    expect(await redis.get('k')).toBe('xxAAAABBBBCCxxxxAAAABBBB');
    await remove('AAAABBBB');
    expect(await redis.get('k')).toBe('xxAAAABBBBCCxxxx');
    await redis.del('k');
  });

  it('is a set of ids, under random changes with ids that overlap', async () => {
    const random = new Random(testSeed());
    // Two letters only, so that ids appear across the borders of others all the time; `-` and `%` mean something in Lua's patterns.
    const ids = Array.from({ length: 12 }, () => Array.from({ length: 8 }, () => random.pick(['-', '%'])).join(''));
    const model = new Set<string>();
    for (let i = 0; i < 600; i += 1) {
      const id = random.pick(ids);
      if (random.chance(0.5)) {
        await enter(id);
        model.add(id);
      } else {
        await remove(id);
        model.delete(id);
      }
      const value = (await redis.get('k')) ?? '';
      const found = Array.from({ length: value.length / 8 }, (_, at) => value.slice(at * 8, at * 8 + 8));
      expect(found.length, `seed ${random.seed} step ${i}`).toBe(model.size);
      expect(new Set(found), `seed ${random.seed} step ${i}`).toEqual(model);
      expect(await redis.exists('k')).toBe(model.size === 0 ? 0 : 1);
    }
  });
});
