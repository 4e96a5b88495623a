import type { ConversationKind } from '@parley/core';

/** What the client has to show. With `--json` each is one line, field for field. */
export type ChatEvent =
  | { readonly event: 'up'; readonly user_id: number; readonly url: string }
  | { readonly event: 'down'; readonly why: string; readonly retry_in_ms: number }
  | { readonly event: 'end'; readonly why: string }
  | {
      readonly event: 'conversation';
      readonly conversation_id: number;
      readonly kind: ConversationKind;
      readonly title: string;
      readonly current: boolean;
    }
  | {
      readonly event: 'message';
      readonly conversation_id: number;
      readonly kind: ConversationKind;
      readonly message_id: number;
      readonly sender: string;
      readonly body: string;
      /** UTC, `YYYY-MM-DD hh:mm:ss.ffffff`. */
      readonly timestamp: string;
      /** In the conversation that lines go to. */
      readonly current: boolean;
    }
  | { readonly event: 'sent'; readonly message_id: number; readonly body: string }
  | { readonly event: 'not_sent'; readonly body: string; readonly why: string }
  | { readonly event: 'unconfirmed'; readonly body: string }
  | { readonly event: 'problem'; readonly message: string }
  | { readonly event: 'info'; readonly message: string };

export interface RenderOptions {
  readonly colour: boolean;
  /** Times of day in the reader's time zone instead of UTC with the date. */
  readonly localTime: boolean;
}

/** One event as text for people. */
export function renderText(event: ChatEvent, options: RenderOptions): string {
  const paint = (code: number, text: string): string => (options.colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const dim = (text: string): string => paint(2, text);
  switch (event.event) {
    case 'up':
      return dim(`signed in as user ${event.user_id} at ${event.url}`);
    case 'down':
      return paint(33, `connection lost: ${printable(event.why)}; trying again in ${seconds(event.retry_in_ms)}`);
    case 'end':
      return paint(31, `connection ended: ${printable(event.why)}`);
    case 'conversation': {
      const mark = event.current ? 'now talking to' : '  also known:';
      return dim(`${mark} ${printable(event.title)} (conversation ${event.conversation_id}, ${event.kind})`);
    }
    case 'message': {
      const where = event.current && options.localTime ? '' : dim(` (${event.conversation_id})`);
      const time = options.localTime ? localTime(event.timestamp) : printable(event.timestamp).slice(0, 19);
      const body = printable(event.body).replaceAll('\n', '\n    ');
      return `${dim(`[${time}]`)} ${paint(36, printable(event.sender).replaceAll('\n', ' '))}${where}: ${body}`;
    }
    case 'sent':
      return dim(`sent #${event.message_id}`);
    case 'not_sent':
      return paint(31, `not sent: ${quote(event.body)}: ${printable(event.why)}`);
    case 'unconfirmed':
      return paint(33, `not confirmed: ${quote(event.body)} may or may not have arrived; /retry sends it again`);
    case 'problem':
      return paint(31, printable(event.message));
    case 'info':
      return dim(printable(event.message));
  }
}

/** Everything that a terminal would obey instead of show: control characters and the marks that reorder text. */
const UNPRINTABLE = /[^\P{Cc}\n\t]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Text from elsewhere made harmless for a terminal; line breaks and tabs stay. */
export const printable = (text: string): string => text.replaceAll('\r\n', '\n').replace(UNPRINTABLE, '\ufffd');

const quote = (body: string): string => {
  const line = printable(body).replaceAll('\n', ' ');
  return `"${line.length > 40 ? `${line.slice(0, 39)}…` : line}"`;
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function localTime(timestamp: string): string {
  const at = new Date(`${timestamp.slice(0, 19).replace(' ', 'T')}Z`);
  if (Number.isNaN(at.getTime())) return printable(timestamp);
  const today = at.toDateString() === new Date().toDateString();
  const time = at.toTimeString().slice(0, 5);
  return today ? time : `${at.toLocaleDateString('sv-SE')} ${time}`;
}
