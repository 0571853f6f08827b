import type { Socket } from 'node:net';
import { AbstractConnector, Command as IoCommand, Redis as IoRedis } from 'ioredis';
import { Failure } from '../../core/failure.ts';
import { isReply, unexpected } from '../../core/replies.ts';
import {
  type Answer,
  type Argument,
  type Command,
  type Connection,
  CREDENTIALS,
  type Reply,
} from '../../ports/redis.ts';

const DEFAULT_TIMEOUT = 15_000;

/** Expands the credentials of MIGRATE; a function so that no password lies in a field that could be printed. */
export type ExpandCredentials = () => readonly string[];

/**
 * One connection over a stream that is already open. ioredis speaks the protocol; reconnecting, queueing and retrying
 * are switched off: the port promises that a lost connection is told, and only the caller knows what may be repeated.
 */
export class Link implements Connection {
  readonly pod: string;
  readonly #client: IoRedis;
  readonly #stream: Socket;
  readonly #expand: ExpandCredentials;
  #lastError: Error | null = null;

  constructor(pod: string, stream: Socket, expand: ExpandCredentials) {
    this.pod = pod;
    this.#stream = stream;
    this.#expand = expand;
    this.#client = new IoRedis({
      Connector: connectorOf(stream),
      lazyConnect: true,
      protocol: 2,
      retryStrategy: () => null,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      enableAutoPipelining: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      disableClientInfo: true,
    });
    this.#client.on('error', (error) => {
      this.#lastError = error;
    });
  }

  get open(): boolean {
    return this.#client.status === 'ready' && !this.#stream.destroyed && this.#stream.writable;
  }

  /** Makes ioredis take the stream over. */
  async start(): Promise<void> {
    await this.#client.connect();
  }

  async send(
    commands: readonly Command[],
    options: { signal: AbortSignal; timeout?: number },
  ): Promise<readonly Answer[]> {
    options.signal.throwIfAborted();
    if (!this.open) throw this.#lost(commands);
    const milliseconds = options.timeout ?? DEFAULT_TIMEOUT;
    const answers = this.#write(commands);
    const { promise: interrupted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(options.signal.reason);
    const late = setTimeout(() => {
      reject(this.#tooLate(commands, milliseconds));
      // The server still owes these answers: what is sent after them would wait behind them.
      this.#stream.destroy();
    }, milliseconds);
    options.signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([answers, interrupted]);
    } finally {
      options.signal.removeEventListener('abort', abort);
      clearTimeout(late);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.disconnect();
    this.#stream.destroy();
  }

  async #write(commands: readonly Command[]): Promise<readonly Answer[]> {
    const gathered = new Gathered(this.#stream);
    const asked = commands.map((command) => this.#client.sendCommand(this.#inWords(command), gathered));
    this.#stream.write(gathered.whole());
    const settled = await Promise.allSettled(asked);
    return settled.map((one, i) =>
      one.status === 'fulfilled'
        ? { ok: true, value: this.#reply(one.value, commands[i]) }
        : this.#refusal(one.reason, commands),
    );
  }

  #inWords([verb, ...rest]: Command): IoCommand {
    const words = rest.includes(CREDENTIALS) ? rest.flatMap((word) => this.#plain(word)) : rest.filter(isPlain);
    // In capitals, since ioredis reshapes the replies of commands that it knows by their small letters.
    return new IoCommand(String(verb).toUpperCase(), words, { replyEncoding: null });
  }

  #plain(word: Argument): readonly Plain[] {
    return word === CREDENTIALS ? this.#expand() : [word];
  }

  #reply(value: unknown, command: Command | undefined): Reply {
    if (isReply(value)) return value;
    const asked = command === undefined ? 'a command' : name([command]);
    throw unexpected(`${asked} by pod ${this.pod}`, 'a RESP2 value', typeof value);
  }

  #refusal(thrown: unknown, commands: readonly Command[]): Answer {
    // ioredis hangs the arguments, a password among them, onto its errors: only the server's words go on.
    if (thrown instanceof Error && thrown.name === 'ReplyError')
      return { ok: false, error: withoutArguments(thrown.message) };
    if (thrown instanceof Failure) throw thrown;
    throw this.#lost(commands);
  }

  #lost(commands: readonly Command[]): Failure {
    const seen = this.#lastError?.message ?? 'the server closed it';
    return new Failure(
      'redis-unreachable',
      `The connection to Redis of pod ${this.pod} was lost at ${name(commands)}: ${seen}`,
      { remedy: 'Look at the pod and its log, then run again.', cause: this.#lastError ?? undefined },
    );
  }

  #tooLate(commands: readonly Command[], milliseconds: number): Failure {
    return new Failure(
      'redis-unreachable',
      `Redis of pod ${this.pod} did not answer ${name(commands)} within ${milliseconds / 1000} s.`,
      { remedy: 'Look whether the server is busy or stopped (SLOWLOG, the log of the pod), then run again.' },
    );
  }
}

type Plain = Exclude<Argument, typeof CREDENTIALS>;

function isPlain(word: Argument): word is Plain {
  return word !== CREDENTIALS;
}

/**
 * Commands of one pipeline, written as a whole: a write for each of them, even of a corked stream, takes more time than all
 * else that a command costs here. ioredis sends its own pipelines in the same way.
 */
class Gathered {
  readonly isPipeline = true;
  readonly destination: { readonly redis: { readonly stream: Socket } };
  readonly #chunks: (string | Buffer)[] = [];

  constructor(stream: Socket) {
    this.destination = { redis: { stream } };
  }

  write(chunk: string | Buffer): void {
    this.#chunks.push(chunk);
  }

  whole(): string | Buffer {
    if (this.#chunks.every((chunk) => typeof chunk === 'string')) return this.#chunks.join('');
    return Buffer.concat(this.#chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)));
  }
}

/** A server that does not know a command repeats its arguments, and MIGRATE and AUTH have a password among them. */
function withoutArguments(error: string): string {
  return error.replace(/, with args beginning with:.*$/s, '');
}

/** The first command by name and subcommand, never with its further arguments. */
function name(commands: readonly Command[]): string {
  const [first] = commands;
  if (first === undefined) return 'nothing';
  const [command, subcommand] = first;
  const isContainer = /^(cluster|config|client|function|script|memory|command|acl)$/i.test(String(command));
  const text = isContainer && typeof subcommand === 'string' ? `${String(command)} ${subcommand}` : String(command);
  return commands.length === 1 ? text : `${text} and ${commands.length - 1} more`;
}

function connectorOf(stream: Socket): new (options: unknown) => AbstractConnector {
  return class extends AbstractConnector {
    constructor() {
      super(1_000);
    }

    connect(): Promise<Socket> {
      this.stream = stream;
      return Promise.resolve(stream);
    }

    /** At once: ioredis' own way waits for a `close` that never comes where the stream is closed already. */
    override disconnect(): void {
      this.connecting = false;
      stream.destroy();
    }
  };
}
