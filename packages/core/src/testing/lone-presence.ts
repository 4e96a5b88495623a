import { type PresenceAnswer, PresenceWatch } from '../presence/presence-watch.ts';
import { type ChatNodeSettings, DEFAULT_SETTINGS } from '../settings.ts';
import { type Topic, type UserId, userTopic } from '../types.ts';
import { FakeClock } from './fake-clock.ts';
import { TestReader, type TestWatcher } from './presence-bench.ts';
import { CountingTelemetry, silentLog } from './test-doubles.ts';

/** One node's presence on a directory that a test answers for. */
export class LonePresence {
  readonly clock = new FakeClock();
  readonly reader = new TestReader();
  readonly online = new Set<Topic>();
  readonly calls: number[] = [];
  inFlight = 0;
  mostInFlight = 0;
  /** Runs when the directory is asked, before it looks. */
  onCall: (call: number) => Promise<void> | void = () => undefined;
  readonly telemetry = new CountingTelemetry();
  readonly presence: PresenceWatch;

  constructor(settings: Partial<ChatNodeSettings> = {}) {
    this.presence = new PresenceWatch({
      directory: { present: (topics) => this.#present(topics) },
      reader: this.reader,
      calm: { forMs: () => Number.POSITIVE_INFINITY },
      clock: this.clock,
      telemetry: this.telemetry,
      log: silentLog,
      settings: { ...DEFAULT_SETTINGS, ...settings },
    });
  }

  come(userIds: readonly UserId[]): void {
    for (const userId of userIds) this.online.add(userTopic(userId));
  }

  go(userIds: readonly UserId[]): void {
    for (const userId of userIds) this.online.delete(userTopic(userId));
  }

  async watch(watcher: TestWatcher, userIds: readonly UserId[]): Promise<PresenceAnswer> {
    const answer = this.presence.watch(watcher, userIds);
    await this.clock.settle();
    return answer;
  }

  async #present(topics: readonly Topic[]): Promise<boolean[]> {
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    const call = this.calls.push(topics.length);
    await this.onCall(call);
    this.inFlight--;
    return topics.map((topic) => this.online.has(topic));
  }
}
