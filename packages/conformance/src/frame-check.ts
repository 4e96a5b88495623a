import { isDeepStrictEqual } from 'node:util';
import { ERROR_CODES, type ErrorName, SERVER_FRAMES } from '@parley/protocol';
import { typeOf } from './pattern.ts';

/** The six fields of a legacy message stand first and in this order, so that old and new clients read the same bytes. */
const MESSAGE_ORDER = 'conv_id,message_id,msg,sender,timestamp,type,seq,sender_id,client_id';

/**
 * What is wrong with a frame to a current client, whatever the rule is about; null if nothing: its type, its fields by the schemas, fields that the
 * schemas do not know, the order of a message's fields, and the entry of an error in the table.
 */
export function checkCurrentFrame(_text: string, json: unknown): string | null {
  const type = typeOf(json);
  if (!Object.hasOwn(SERVER_FRAMES, type)) return `got a frame of unknown type "${type}"`;
  const parsed = SERVER_FRAMES[type as keyof typeof SERVER_FRAMES].safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `got a ${type} that breaks its schema (${issue?.path.join('.')}: ${issue?.message})`;
  }
  const unknown = unknownField(json, parsed.data);
  if (unknown !== null) return `got a ${type} with the unknown field ${unknown}`;
  return type === 'error' ? checkError(json as ErrorFrame) : checkOrder(json);
}

interface ErrorFrame {
  readonly name: string;
  readonly code: number;
  readonly temporary: boolean;
}

function checkError({ name, code, temporary }: ErrorFrame): string | null {
  if (!Object.hasOwn(ERROR_CODES, name)) return `got an error of unknown name "${name}"`;
  const entry = ERROR_CODES[name as ErrorName];
  const right = entry.code === code && entry.temporary === temporary;
  return right
    ? null
    : `got the error ${name} with another code or "temporary" than the table (${entry.code}, ${entry.temporary})`;
}

/** The schemas drop what they do not know; what is gone after parsing was unknown. @returns its path */
function unknownField(given: unknown, known: unknown, path = ''): string | null {
  if (typeof given !== 'object' || given === null || isDeepStrictEqual(given, known)) return null;
  for (const [field, value] of Object.entries(given)) {
    const at = path === '' ? field : `${path}.${field}`;
    const counterpart = (known as Record<string, unknown> | undefined)?.[field];
    if (counterpart === undefined) return at;
    const inner = unknownField(value, counterpart, at);
    if (inner !== null) return inner;
  }
  return null;
}

function checkOrder(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if ('msg' in value) {
    const order = Object.keys(value).join();
    return order === MESSAGE_ORDER ? null : `got a message with its fields in the order ${order}`;
  }
  for (const inner of Object.values(value)) {
    const wrong = checkOrder(inner);
    if (wrong !== null) return wrong;
  }
  return null;
}
