import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { rotateLog } from '../process/log-file.ts';
import type { LogLimits } from '../process/log-file.ts';

/** The fields of a line, in order. No caller ID and no dialled number: those are personal, and a channel's id is enough to settle a call. */
const FIELDS = [
  '${eventtype}',
  '${eventtime}',
  '${CHANNEL(uniqueid)}',
  '${CHANNEL(linkedid)}',
  '${CHANNEL(channame)}',
  '${BRIDGEPEER}',
  '${eventextra}',
] as const;

/**
 * The mapping for cel_custom.conf. Only forms that Asterisk 22.10 turns into its fast mapping by itself (cel_custom.conf.sample), and
 * that older ones evaluate field by field.
 */
export const CEL_TEMPLATE: string = FIELDS.map((field) => `\${CSV_QUOTE(${field})}`).join(',');

/** The kinds of events that our configuration asks for. */
export type CelEventKind = 'CHAN_START' | 'CHAN_END' | 'ANSWER' | 'HANGUP' | 'BRIDGE_ENTER' | 'BRIDGE_EXIT';

/** One line of the channel event log. The channel's id is the one that was given at its creation. */
export type CelEvent = {
  readonly kind: CelEventKind;
  /** Milliseconds since 1970, from Asterisk's clock. */
  readonly atMs: number;
  readonly channelId: string;
  /** The id of the oldest channel that this one was ever joined with. */
  readonly linkedId: string;
  readonly channelName: string;
  /** Q.850, on HANGUP. */
  readonly hangupCause?: number;
  /** Who hung up, on HANGUP: a channel's name, `ari/…`, or empty. */
  readonly hangupSource?: string;
  /** On HANGUP of a leg dialled by the Dial application; empty for legs dialled over ARI. */
  readonly dialStatus?: string;
  /** On BRIDGE_ENTER and BRIDGE_EXIT. */
  readonly bridgeId?: string;
};

const KINDS: ReadonlySet<string> = new Set<CelEventKind>([
  'CHAN_START',
  'CHAN_END',
  'ANSWER',
  'HANGUP',
  'BRIDGE_ENTER',
  'BRIDGE_EXIT',
]);

function isCelEventKind(text: string): text is CelEventKind {
  return KINDS.has(text);
}

/** Splits a line of quoted values; a quote inside a value is doubled (RFC 4180). Undefined for half a line. */
export function splitQuotedLine(line: string): readonly string[] | undefined {
  const values: string[] = [];
  let at = 0;
  while (line[at] === '"') {
    let value = '';
    at++;
    for (;;) {
      const quote = line.indexOf('"', at);
      if (quote < 0) return undefined;
      value += line.slice(at, quote);
      at = quote + 1;
      if (line[at] !== '"') break;
      value += '"';
      at++;
    }
    values.push(value);
    if (at === line.length) return values;
    if (line[at] !== ',') return undefined;
    at++;
  }
  return undefined;
}

function parseExtra(text: string): Readonly<Record<string, unknown>> {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** Reads one line; undefined for half a line (the switch died while writing) or an event that we did not ask for. */
export function parseCelLine(line: string): CelEvent | undefined {
  const values = splitQuotedLine(line);
  if (values === undefined || values.length !== FIELDS.length) return undefined;
  const [kind = '', time = '', channelId = '', linkedId = '', channelName = '', , extraText = ''] = values;
  const seconds = Number(time);
  if (!isCelEventKind(kind) || time === '' || !Number.isFinite(seconds) || channelId === '') return undefined;
  const extra = parseExtra(extraText);
  return {
    kind,
    atMs: Math.round(seconds * 1000),
    channelId,
    linkedId,
    channelName,
    ...(typeof extra['hangupcause'] === 'number' ? { hangupCause: extra['hangupcause'] } : {}),
    ...(typeof extra['hangupsource'] === 'string' ? { hangupSource: extra['hangupsource'] } : {}),
    ...(typeof extra['dialstatus'] === 'string' && extra['dialstatus'] !== ''
      ? { dialStatus: extra['dialstatus'] }
      : {}),
    ...(typeof extra['bridge_id'] === 'string' ? { bridgeId: extra['bridge_id'] } : {}),
  };
}

/** The log's files, oldest first: `cel.csv.2`, `cel.csv.1`, `cel.csv`. */
export async function celFiles(celFile: string): Promise<readonly string[]> {
  const base = basename(celFile);
  const names = await readdir(dirname(celFile)).catch((): string[] => []);
  const ages = names.flatMap((name) => {
    if (name === base) return [0];
    const age = name.startsWith(`${base}.`) ? name.slice(base.length + 1) : '';
    return /^[1-9]\d*$/.test(age) ? [Number(age)] : [];
  });
  return ages.sort((a, b) => b - a).map((age) => join(dirname(celFile), age === 0 ? base : `${base}.${age}`));
}

/** Every event of the log from a time on, oldest file first, read as a stream. */
export async function* readCelEvents(celFile: string, sinceMs = 0): AsyncGenerator<CelEvent> {
  for (const file of await celFiles(celFile)) {
    const stream = createReadStream(file, 'utf8');
    try {
      for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
        const event = parseCelLine(line);
        if (event !== undefined && event.atMs >= sinceMs) yield event;
      }
    } finally {
      stream.destroy();
    }
  }
}

/** Sets the log aside when it is large; safe at any time, because Asterisk opens it anew for each event. */
export async function rotateCel(
  celFile: string,
  limits: LogLimits = { maxBytes: 64 * 1024 * 1024, keep: 4 },
): Promise<boolean> {
  return await rotateLog(celFile, 'rename', limits);
}
