import type { ChatClient } from './chat-client.ts';
import type { ChatEvent } from './events.ts';
import { CHAT_HELP, type Input, parseInput } from './input.ts';

/** Turns typed lines into what the client does. */
export class ChatApp {
  readonly #client: ChatClient;
  readonly #show: (event: ChatEvent) => void;

  constructor(client: ChatClient, show: (event: ChatEvent) => void) {
    this.#client = client;
    this.#show = show;
  }

  /** Takes one line. Resolves when the next may come: after the answer for commands that open a conversation, else soon. */
  async input(line: string): Promise<void> {
    const input = parseInput(line);
    switch (input.kind) {
      case 'nothing':
        break;
      case 'say':
        await this.#say(input.body);
        break;
      case 'open':
        await this.#client.openPersonal(input.userId);
        break;
      case 'group':
        await this.#client.openGroup(input.name, input.memberIds);
        break;
      case 'use':
        this.#use(input);
        break;
      case 'retry':
        await this.#client.retry();
        break;
      case 'seen':
        this.#client.markSeen();
        break;
      case 'list':
        this.#list();
        break;
      case 'help':
        this.#show({ event: 'info', message: CHAT_HELP });
        break;
      case 'quit':
        await this.#client.quit();
        break;
      case 'wrong':
        this.#client.problem(input.message);
        break;
    }
  }

  async #say(body: string): Promise<void> {
    const conversation = this.#client.book.current;
    if (conversation !== null) await this.#client.say(conversation, body);
    else this.#client.problem('No conversation is open: write /open 8 to talk to user 8; /help lists the commands.');
  }

  #use(input: Extract<Input, { kind: 'use' }>): void {
    const { book } = this.#client;
    const id = input.conversationId;
    const known = book.get(id);
    const kind = input.as ?? known?.kind;
    if (kind === undefined) {
      this.#client.problem(`Conversation ${id} is not known here yet: write /use ${id} personal or /use ${id} group`);
      return;
    }
    const title = known?.title ?? `conversation ${id}`;
    book.current = known?.kind === kind ? known : book.learn({ id, kind, title });
    this.#show({ event: 'conversation', conversation_id: id, kind, title, current: true });
  }

  #list(): void {
    const { book } = this.#client;
    let empty = true;
    for (const conversation of book.all()) {
      const { id, kind, title } = conversation;
      this.#show({ event: 'conversation', conversation_id: id, kind, title, current: conversation === book.current });
      empty = false;
    }
    if (empty) this.#show({ event: 'info', message: 'No conversation yet.' });
  }
}
