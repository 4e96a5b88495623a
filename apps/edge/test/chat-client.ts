import { expect } from 'vitest';
import { WebSocket } from 'ws';

/** A legacy client that writes down what it gets. */
export class ChatClient {
  readonly received: string[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | null = null;

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.on('message', (data: Buffer) => void this.received.push(data.toString()));
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.socket.on('error', () => {});
  }

  static async signIn(url: string, firstFrame: string | number): Promise<ChatClient> {
    const client = new ChatClient(url);
    await new Promise((resolve, reject) => client.socket.once('open', resolve).once('error', reject));
    client.socket.send(String(firstFrame));
    await client.until((text) => /^user id \d+ received$/.test(text));
    return client;
  }

  send(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** The first frame, now or later, that `wanted` accepts. */
  async until(wanted: (text: string) => boolean): Promise<string> {
    await expect.poll(() => this.received.some(wanted), { timeout: 10_000, interval: 5 }).toBe(true);
    return this.received.find(wanted) as string;
  }

  async untilJson(wanted: (frame: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    return JSON.parse(await this.until((text) => text.startsWith('{') && wanted(JSON.parse(text)))) as Record<
      string,
      unknown
    >;
  }

  async openPersonal(a: number, b: number): Promise<number> {
    this.send({ conv_id: 'mine', member: [a, b], type: 'init_personal' });
    return (await this.untilJson((frame) => frame.local_conv_id === 'mine')).db_conv_id as number;
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    await expect.poll(() => this.closed, { timeout: 10_000, interval: 5 }).not.toBeNull();
    return this.closed as { code: number; reason: string };
  }

  close(): void {
    this.socket.terminate();
  }
}
