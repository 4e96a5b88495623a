// One node in a process of its own, to be killed: joins `topics` topics and says its id. Uses the build.
import { createRedisBus } from '@parley/bus-redis';

const [url, mode, prefix, count, mark] = process.argv.slice(2);
const clock = {
  nowMs: () => performance.now(),
  nowUs: () => Date.now() * 1_000,
  after(delayMs, fn) {
    const timer = setTimeout(fn, delayMs);
    return () => clearTimeout(timer);
  },
  every(periodMs, fn) {
    const timer = setInterval(fn, periodMs);
    return () => clearInterval(timer);
  },
  defer: setImmediate,
};
const topics = Array.from({ length: Number(count) }, (_, i) => `u:${i + 1}`);
const say = (line) => process.stdout.write(`${line}\n`);
const { bus, directory } = createRedisBus({
  url,
  mode,
  prefix,
  clock,
  log: { debug() {}, info() {}, warn() {}, error() {} },
});
await bus.start({
  onEnvelope() {},
  onLoss: (reason) => say(`loss ${reason}`),
  onDown: (reason) => say(`down ${reason}`),
  async onRejoin() {
    await directory.join(topics);
    say(`rejoined ${bus.nodeId}`);
  },
  onNodeDead: (id) => say(`dead ${id}`),
  lastMessageId: () => Number(mark),
});
await directory.join(topics);
say(`joined ${bus.nodeId}`);
// The parent is gone: so are we.
process.stdin.on('end', () => process.exit(1)).resume();
