// One number per version of the protocol: a changed frame without a new version is noticed.
import { createHash } from 'node:crypto';

const PROSE = ['description', 'title', '$schema'];

/** Changes iff what may be on the wire changes: texts for people do not count. */
export function fingerprint(schemas) {
  return createHash('sha256').update(canonical(schemas, false)).digest('hex');
}

/** @param {boolean} names whether the keys are names of fields, one of which is `description`, and not keywords */
function canonical(value, names) {
  if (Array.isArray(value)) return `[${value.map((entry) => canonical(entry, false)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).filter((key) => names || !PROSE.includes(key));
  keys.sort((a, b) => (a < b ? -1 : 1));
  const fields = keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key], key === 'properties')}`);
  return `{${fields.join(',')}}`;
}
