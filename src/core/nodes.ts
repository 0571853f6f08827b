import type { Role } from './cluster.ts';
import { unexpected } from './replies.ts';
import { SLOT_COUNT, type SlotRange, type SlotSet, slotSet } from './slots.ts';

/** One line of CLUSTER NODES: a node as the asked one sees it. */
export interface NodeLine {
  readonly id: string;
  /** Empty where the node does not know its own address yet. */
  readonly ip: string;
  readonly port: number;
  readonly busPort: number;
  readonly hostname: string | null;
  readonly role: Role;
  /** The id of the node that it replicates. */
  readonly primary: string | null;
  readonly health: 'ok' | 'suspected' | 'failed';
  /** Met, but not yet answered: its id is made up and it vanishes after the node timeout. */
  readonly handshake: boolean;
  readonly addressKnown: boolean;
  readonly configEpoch: number;
  /** Whether the asked node has a link to it. */
  readonly connected: boolean;
  readonly slots: SlotSet;
}

/** A slot whose move has begun and not ended. Only the node itself tells: marks are not gossiped. */
export interface OpenSlot {
  readonly slot: number;
  readonly state: 'migrating' | 'importing';
  /** The id of the node at the other end. */
  readonly peer: string;
}

/** The cluster as one node tells it. */
export interface NodeView {
  readonly me: NodeLine;
  readonly others: readonly NodeLine[];
  readonly open: readonly OpenSlot[];
}

/** A cluster has at most 1,000 nodes; what is forgotten may linger for a while. */
const MOST_LINES = 5_000;

/** Whose third field has the flag: a host name may be any word. */
const OWN = /^\S+ \S+ (?:\S+,)?myself[, ]/;

/**
 * Lines that were read before, by their text without the times of the last ping and pong. All nodes print nearly the same lines:
 * of a thousand nodes that is a million lines, and a thousand different ones.
 */
export type KnownLines = Map<string, NodeLine>;

/**
 * Reads `id ip:port@bus[,hostname] flags primary ping pong epoch link slots… [slot->-id] [slot-<-id]`, a line a node.
 * @param what names the command and the pod, for the Failure `redis-error` when the text is not of this form
 * @param known what other nodes printed, to read what is the same only once; lines are added to it
 */
export function parseNodes(text: string, what: string, known: KnownLines = new Map()): NodeView {
  // Every server ends the last line too: without that the text was cut, perhaps in the middle of the slots.
  if (!text.endsWith('\n')) throw unexpected(what, 'lines that end with a line feed', text.slice(-80));
  const lines = text.trimEnd().split('\n');
  if (lines.length > MOST_LINES) throw unexpected(what, `at most ${MOST_LINES} nodes`, lines.length);
  const others: NodeLine[] = [];
  let own: { me: NodeLine; open: readonly OpenSlot[] } | null = null;
  for (const line of lines) {
    if (!OWN.test(line)) {
      others.push(readLine(line, what, known));
      continue;
    }
    if (own !== null) throw unexpected(what, 'one line flagged `myself`', 'two');
    const fields = line.trimEnd().split(' ');
    own = { me: parseLine(fields, what), open: fields.slice(8).flatMap((field) => openSlotOf(field, what)) };
  }
  if (own === null) throw unexpected(what, 'a line flagged `myself`', text.slice(0, 80));
  return { ...own, others };
}

function readLine(line: string, what: string, known: KnownLines): NodeLine {
  const key = withoutTimes(line);
  const found = known.get(key);
  if (found !== undefined) return found;
  const node = parseLine(line.trimEnd().split(' '), what);
  known.set(key, node);
  return node;
}

/** Without the fifth and the sixth field. */
function withoutTimes(line: string): string {
  let at = -1;
  for (let field = 0; field < 4; field += 1) at = line.indexOf(' ', at + 1);
  const times = at;
  for (let field = 0; field < 2; field += 1) at = line.indexOf(' ', at + 1);
  return line.slice(0, times) + line.slice(at);
}

function parseLine(fields: readonly string[], what: string): NodeLine {
  const [id = '', place = '', flagList = '', primary = '', , , epoch = '', link = ''] = fields;
  // Ids are 40 hex digits; a link state is the eighth field, or the line was cut.
  if (!/^[0-9a-f]{40}$/.test(id) || !/^(dis)?connected$/.test(link) || !/^\d{1,20}$/.test(epoch)) {
    throw unexpected(what, 'a line of CLUSTER NODES', fields.join(' '));
  }
  const flags = new Set(flagList.split(','));
  return {
    id,
    ...parsePlace(place, what),
    role: flags.has('slave') || flags.has('replica') ? 'replica' : 'primary',
    primary: primary === '-' ? null : primary,
    health: flags.has('fail') ? 'failed' : flags.has('fail?') ? 'suspected' : 'ok',
    handshake: flags.has('handshake'),
    addressKnown: !flags.has('noaddr'),
    configEpoch: Number(epoch),
    connected: link === 'connected',
    slots: slotSet(fields.slice(8).flatMap((field) => slotRangeOf(field, what))),
  };
}

/** `10.0.0.7:6379@16379`, `::1:6379@16379,name`, `:6379@16379`; further fields behind commas are left alone. */
function parsePlace(place: string, what: string): Pick<NodeLine, 'ip' | 'port' | 'busPort' | 'hostname'> {
  const [address = '', hostname = ''] = place.split(',');
  const match = /^(.*):(\d{1,5})(?:@(\d{1,5}))?$/.exec(address);
  if (match === null) throw unexpected(what, 'an address as ip:port@bus', place);
  const port = Number(match[2]);
  return {
    ip: match[1] ?? '',
    port,
    busPort: Number(match[3] ?? port + 10_000),
    hostname: hostname === '' ? null : hostname,
  };
}

function slotRangeOf(field: string, what: string): readonly SlotRange[] {
  if (field === '' || field.startsWith('[')) return [];
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(field);
  const first = Number(match?.[1] ?? Number.NaN);
  const last = Number(match?.[2] ?? first);
  if (!(first <= last && last < SLOT_COUNT)) throw unexpected(what, 'slots from 0 to 16383', field);
  return [[first, last]];
}

/** `[5->-id]` on the donor, `[5-<-id]` on the receiver. */
function openSlotOf(field: string, what: string): readonly OpenSlot[] {
  if (!field.startsWith('[')) return [];
  const match = /^\[(\d{1,5})-([<>])-([0-9a-f]{40})\]$/.exec(field);
  const slot = Number(match?.[1] ?? Number.NaN);
  if (match === null || !(slot < SLOT_COUNT)) throw unexpected(what, 'an open slot as [slot->-id]', field);
  return [{ slot, state: match[2] === '>' ? 'migrating' : 'importing', peer: match[3] ?? '' }];
}

/** A link counts as connected from the moment it is tried: to an address that answers nothing it stays so for minutes. */
export function isReached({ connected, health }: Pick<NodeLine, 'connected' | 'health'>): boolean {
  return connected && health === 'ok';
}

/** `10.0.0.7:6379@16379` */
export function addressOf(node: Pick<NodeLine, 'ip' | 'port' | 'busPort'>): string {
  return `${node.ip}:${node.port}@${node.busPort}`;
}
