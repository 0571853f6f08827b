import { Redis as IoRedis } from 'ioredis';

/** A client that listens to what one server publishes. */
export class Listener implements Disposable {
  /** Each as its channel, a space, and the message. */
  readonly heard: string[] = [];
  readonly #client: IoRedis;

  constructor(server: { readonly host: string; readonly port: number }) {
    this.#client = new IoRedis({ ...server, protocol: 2, disableClientInfo: true });
    this.#client.on('message', (channel: string, message: unknown) => this.heard.push(`${channel} ${String(message)}`));
    this.#client.on('pmessage', (_pattern, channel: string, message: unknown) =>
      this.heard.push(`${channel} ${String(message)}`),
    );
  }

  id(): Promise<number> {
    return this.#client.client('ID');
  }

  async subscribe(channel: string): Promise<void> {
    await (channel.includes('*') ? this.#client.psubscribe(channel) : this.#client.subscribe(channel));
  }

  [Symbol.dispose](): void {
    this.#client.disconnect();
  }
}
