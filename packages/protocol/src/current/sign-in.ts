import { LIMITS } from '../limits.ts';
import { type Refusal, refuse, refuseIssues } from '../refusal.ts';
import { CURRENT_PROTOCOL } from '../version.ts';
import { type Hello, hello } from './client/hello.ts';
import { isRef, type Ref } from './fields.ts';

export type DecodedHello =
  /** Not a hello: a first frame of the legacy protocol, right or wrong. */
  | { readonly kind: 'not_hello' }
  | { readonly kind: 'hello'; readonly hello: Hello }
  /** A hello that is wrong: answer with the error, and close. */
  | ({ readonly kind: 'refused'; readonly ref?: Ref } & Omit<Refusal, 'ok'>);

/** A client's first frame speaks the current protocol iff it is a JSON object whose type is "hello". Never throws. */
export function decodeHello(text: string): DecodedHello {
  if (!/^\s*\{/.test(text)) return { kind: 'not_hello' };
  if (text.length > LIMITS.maxHelloChars) return refused(refuse('invalid_frame', TOO_LONG), undefined);
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'not_hello' };
  }
  if (value.type !== 'hello') return { kind: 'not_hello' };
  if (Number.isSafeInteger(value.v) && value.v !== CURRENT_PROTOCOL.major) {
    return refused(refuse('unsupported_version', OTHER_VERSION), value.ref);
  }
  const parsed = hello.safeParse(value);
  return parsed.success ? { kind: 'hello', hello: parsed.data } : refused(refuseIssues(parsed.error), value.ref);
}

const TOO_LONG = `Send a first frame of at most ${LIMITS.maxHelloChars} characters.`;
const OTHER_VERSION = `This node speaks version ${CURRENT_PROTOCOL.major}: send "v":${CURRENT_PROTOCOL.major}.`;

const refused = ({ error, detail }: Refusal, ref: unknown): DecodedHello =>
  isRef(ref) ? { kind: 'refused', error, detail, ref } : { kind: 'refused', error, detail };
