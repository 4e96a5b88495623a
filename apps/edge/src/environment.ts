import { SETTINGS, type Setting, type SettingName } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings of other parts of Parley, which are no concern of a node that happens to see them. */
const OTHERS = /^PARLEY_BALANCER_/;
/**
 * Kubernetes puts the addresses of all services into the environment: PARLEY_EDGE_SERVICE_HOST, PARLEY_EDGE_PORT=tcp://…,
 * PARLEY_EDGE_PORT_3128_TCP_ADDR (unless a pod says `enableServiceLinks: false`).
 */
const SERVICE_LINK = /^PARLEY_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const isServiceLink = (name: string, value: string): boolean =>
  SERVICE_LINK.test(name) || (/^PARLEY_(\w+_)?PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value));

/** The settings that the environment holds, under their main names; what is wrong with their names goes to `problems`. */
export function readEnvironment(env: Environment, problems: string[]): Partial<Record<SettingName, string>> {
  const values: Partial<Record<SettingName, string>> = {};
  for (const setting of SETTINGS) {
    const given = [setting.name, ...(setting.aliases ?? [])].filter((name) => isSet(env[name]));
    const [first, ...more] = given;
    if (first === undefined) continue;
    const other = more.find((name) => env[name] !== env[first]);
    if (other !== undefined) problems.push(`${first} and ${other} are both set, and differ: unset one.`);
    values[setting.name] = env[first] as string;
  }
  const names = new Set(SETTINGS.flatMap((setting: Setting) => [setting.name, ...(setting.aliases ?? [])] as string[]));
  for (const [name, value] of Object.entries(env)) {
    if (!/^parley_/i.test(name) || names.has(name) || OTHERS.test(name)) continue;
    if (isServiceLink(name, value ?? '')) continue;
    const near = nearest(name.toUpperCase(), [...names]);
    const hint = near === null ? '`parley config` lists all settings.' : `did you mean ${near}?`;
    problems.push(`${name} is not a setting: ${hint}`);
  }
  return values;
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '';

/** The name that takes the fewest edits, if those are few. */
function nearest(name: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(name.length / 4)) + 1;
  for (const candidate of names) {
    const distance = editDistance(name, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_value, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replace, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
