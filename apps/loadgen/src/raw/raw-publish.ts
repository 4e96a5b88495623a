import { Redis } from 'ioredis';
import { processCpuUs } from '../cpu.ts';
import type { RawResult } from './raw-result.ts';

export const PUBLISH_PIPELINE = 64;
const PAYLOAD_BYTES = 300;

/** PUBLISH of a frame's size to one subscriber, 64 in a pipeline: the most that Redis gives with a PUBLISH per message. */
export async function measurePublish(options: {
  readonly redisUrl: string;
  readonly pid: number;
  readonly durationMs: number;
}): Promise<RawResult> {
  const { redisUrl, pid, durationMs } = options;
  const publisher = new Redis(redisUrl);
  const subscriber = new Redis(redisUrl);
  await subscriber.subscribe('raw:publish');
  subscriber.on('message', () => {});
  const payload = '.'.repeat(PAYLOAD_BYTES);
  let published = 0;
  const run = async (ms: number): Promise<void> => {
    const untilMs = performance.now() + ms;
    while (performance.now() < untilMs) {
      const pipeline = publisher.pipeline();
      for (let i = 0; i < PUBLISH_PIPELINE; i++) pipeline.publish('raw:publish', payload);
      await pipeline.exec();
      published += PUBLISH_PIPELINE;
    }
  };
  await run(durationMs / 4);
  published = 0;
  const cpuBefore = processCpuUs(pid);
  const startMs = performance.now();
  await run(durationMs);
  const seconds = (performance.now() - startMs) / 1_000;
  const cpuUs = processCpuUs(pid) - cpuBefore;
  publisher.disconnect();
  subscriber.disconnect();
  return { perSecond: published / seconds, serverCpuUs: cpuUs / published };
}
