import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

// Below the range that the kernel gives to outgoing connections: a server that is down between kill and restart must
// find its port free again, and a client that reconnects in a loop must not connect to itself.
const LOWEST = 20_000;
const HIGHEST = 31_999;
const ATTEMPTS = 200;

const given = new Set<number>();

/** A loopback TCP port that is free now and that this process has not handed out before. */
export async function freePort(): Promise<number> {
  const highest = Math.max(LOWEST + 1000, Math.min(HIGHEST, firstOutgoingPort() - 1));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (highest - LOWEST + 1));
    if (given.has(port) || !(await isPortFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free loopback port between ${LOWEST} and ${highest} after ${ATTEMPTS} attempts`);
}

function firstOutgoingPort(): number {
  try {
    const first = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10);
    return Number.isNaN(first) ? 32_768 : first;
  } catch {
    return 32_768;
  }
}

/** Whether nobody listens there on the loopback interface. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
