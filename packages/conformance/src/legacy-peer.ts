import { ERROR_CODES, type ErrorName } from '@parley/protocol';
import { type LegacyKind, legacyKind } from './legacy-check.ts';
import { anId, aText, aTimestamp, differences, type Matched, type PatternFields } from './pattern.ts';
import { Peer } from './peer.ts';
import { cut } from './wording.ts';

const LOCAL_ID = 5;

/** A client of the legacy protocol, whose frames tell what they are by their fields alone. Answers come in the order of the requests. */
export class LegacyPeer extends Peer {
  /** A legacy client is handed out when it is. */
  readonly signedIn = true;

  send(frame: object): void {
    this.sendText(JSON.stringify(frame));
  }

  /** L4, L6: the next message. */
  async expectMessage<const P extends PatternFields>(pattern: P): Promise<Matched<P>> {
    return (await this.#expect('message', {
      message_id: anId,
      timestamp: aTimestamp,
      sender: aText,
      ...pattern,
    })) as Matched<P>;
  }

  /** L3, L6. @returns the `message_id` */
  async say(type: 'personal' | 'group', conversationId: number, msg: string): Promise<number> {
    this.send({ msg, conv_id: conversationId, type });
    return (await this.#expect('ack', { message_id: anId })).message_id;
  }

  /** L2. @returns the `db_conv_id` */
  initPersonal(members: readonly number[]): Promise<number> {
    return this.#init({ conv_id: LOCAL_ID, member: members, type: 'init_personal' }, 'personal');
  }

  /** L5. @returns the `db_conv_id` */
  initGroup(members: readonly number[], name = 'Livescore'): Promise<number> {
    const group = { conv_id: LOCAL_ID, member: members, group_name: name, description: 'A research group' };
    return this.#init({ ...group, type: 'init_group' }, 'group');
  }

  async expectError(name: ErrorName): Promise<void> {
    const { code, temporary } = ERROR_CODES[name];
    await this.#expect('error', { type: 'error', code, name, message: aText, temporary });
  }

  /** Answers come in the order of the requests, so the one to a frame of no known type comes behind all others. */
  async fence(): Promise<void> {
    this.send({ type: 'fence' });
    await this.expectError('unknown_type');
  }

  async #init(frame: object, type: 'personal' | 'group'): Promise<number> {
    this.send(frame);
    return (await this.#expect('ready', { local_conv_id: LOCAL_ID, db_conv_id: anId, type })).db_conv_id;
  }

  async #expect<const P extends PatternFields>(kind: LegacyKind, pattern: P): Promise<Matched<P>> {
    const received = await this.take(`a legacy ${kind}`, (unread) => {
      const at = unread.findIndex(({ text, json }) => legacyKind(text, json) === kind);
      if (at >= 0) return { at };
      const refusal = unread.find(({ text, json }) => legacyKind(text, json) === 'error');
      return refusal && this.failure(`expected a legacy ${kind}, got ${cut(refusal.text)}`);
    });
    const wrong = differences(received.json, pattern);
    if (wrong.length > 0) throw this.failure(`${wrong.join('; ')}; the frame is ${cut(received.text)}`);
    return received.json as Matched<P>;
  }
}
