import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { PartsError } from './parts-error.ts';
import { readIfPresent, writeFileAtomically } from './private-file.ts';
import { withPidLock } from './process/pid-lock.ts';

/** What a port is used for; `both` for SIP over UDP and TCP on the same number. */
export type PortProtocol = 'tcp' | 'udp' | 'both';

/** Ports `first` to `last`, both included. */
export type PortRange = { readonly first: number; readonly last: number };

/** The ports of one home, kept in its `ports.json`, so that every start uses the same ones. */
export type PortBook = {
  /**
   * The port of this name. Kept from earlier while it is free; another one is found and kept when someone else has taken it.
   * With `inUseByUs` (the service runs and is being adopted) the kept one is returned unasked.
   */
  readonly port: (
    name: string,
    options?: { readonly protocol?: PortProtocol; readonly address?: string; readonly inUseByUs?: boolean },
  ) => Promise<number>;
  /**
   * A range of UDP ports for RTP, kept likewise. Its ports are not tried one by one: Asterisk itself passes over those it cannot bind, so
   * that even overlapping ranges of two homes do no harm.
   */
  readonly range: (name: string, count: number) => Promise<PortRange>;
};

type Kept = { readonly ports: Record<string, number>; readonly ranges: Record<string, PortRange> };

/** Below Linux's ephemeral ports (32768 and up), so that no outgoing connection sits on them. */
const SERVICE_PORTS: PortRange = { first: 20_000, last: 29_999 };
const RTP_PORTS: PortRange = { first: 33_000, last: 60_999 };

/** Whether a port can be bound at an address just now. */
export async function isPortFree(
  port: number,
  protocol: PortProtocol = 'tcp',
  address = '127.0.0.1',
): Promise<boolean> {
  if (protocol !== 'udp' && !(await canBindTcp(port, address))) return false;
  return protocol === 'tcp' || (await canBindUdp(port, address));
}

async function canBindTcp(port: number, host: string): Promise<boolean> {
  return await new Promise((settle) => {
    const server = createServer();
    server.once('error', () => settle(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => settle(true)));
  });
}

async function canBindUdp(port: number, address: string): Promise<boolean> {
  return await new Promise((settle) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      settle(false);
    });
    socket.bind({ port, address, exclusive: true }, () => socket.close(() => settle(true)));
  });
}

/** Throws `portTaken` when a port that somebody asked for by number is not free. */
export async function requireFreePort(
  name: string,
  port: number,
  protocol: PortProtocol,
  address: string,
): Promise<void> {
  if (await isPortFree(port, protocol, address)) return;
  throw new PartsError({
    code: 'portTaken',
    what: `Port ${port} for ${name} is taken by another program, or the address is not this machine's`,
    where: `${address}:${port}`,
    mend: `See who holds it ("ss -lntup"), stop that, or choose another port.`,
  });
}

/** A number that depends on the home and a name only, below `limit`. */
export function derivedNumber(home: string, name: string, limit: number): number {
  return (
    createHash('sha256')
      .update(`${resolve(home)}\0${name}`)
      .digest()
      .readUInt32BE(0) % limit
  );
}

/** Opens the port book of a home. `isFree` is replaced in tests. */
export function openPortBook(home: string, isFree: typeof isPortFree = isPortFree): PortBook {
  const file = join(home, 'ports.json');
  const change = async <T>(work: (kept: Kept) => Promise<T>): Promise<T> => {
    await mkdir(home, { recursive: true });
    return await withPidLock(join(home, 'ports.lock'), {}, async () => {
      const text = await readIfPresent(file);
      const kept = parsePortFile(text ?? '');
      const result = await work(kept);
      const next = `${JSON.stringify(kept, undefined, 2)}\n`;
      if (next !== text) await writeFileAtomically(file, next, { mode: 0o644 });
      return result;
    });
  };
  return {
    port: async (name, options = {}) =>
      await change(async (kept) => {
        const { protocol = 'tcp', address = '127.0.0.1' } = options;
        const known = kept.ports[name];
        if (known !== undefined && (options.inUseByUs === true || (await isFree(known, protocol, address))))
          return known;
        const others = new Set(Object.entries(kept.ports).flatMap(([other, port]) => (other === name ? [] : [port])));
        const size = SERVICE_PORTS.last - SERVICE_PORTS.first + 1;
        const start = derivedNumber(home, name, size);
        for (let step = 0; step < size; step++) {
          // A stride that has no common factor with 10,000 visits every port once.
          const port = SERVICE_PORTS.first + ((start + step * 37) % size);
          if (others.has(port) || !(await isFree(port, protocol, address))) continue;
          kept.ports[name] = port;
          return port;
        }
        throw new PartsError({
          code: 'portTaken',
          what: `No port is free for ${name}`,
          where: `${address}:${SERVICE_PORTS.first}-${SERVICE_PORTS.last}`,
          mend: 'Stop programs that hold so many ports.',
        });
      }),
    range: async (name, count) =>
      await change((kept) => {
        const known = kept.ranges[name];
        if (known !== undefined && known.last - known.first + 1 === count) return Promise.resolve(known);
        const taken = Object.entries(kept.ranges).flatMap(([other, range]) => (other === name ? [] : [range]));
        const chosen = chooseRange(home, name, count, taken);
        kept.ranges[name] = chosen;
        return Promise.resolve(chosen);
      }),
  };
}

/** A range of `count` ports (an even number, starting at an even port) that meets none of `taken`. */
export function chooseRange(home: string, name: string, count: number, taken: readonly PortRange[]): PortRange {
  const slots = Math.floor((RTP_PORTS.last - RTP_PORTS.first + 1) / count);
  const start = derivedNumber(home, name, Math.max(1, slots));
  for (let step = 0; step < slots; step++) {
    const first = RTP_PORTS.first + ((start + step) % slots) * count;
    const range = { first, last: first + count - 1 };
    if (taken.every((other) => range.last < other.first || range.first > other.last)) return range;
  }
  throw new PartsError({
    code: 'portTaken',
    what: `There is no room for ${count} media ports`,
    where: `${RTP_PORTS.first}-${RTP_PORTS.last}`,
    mend: 'Ask for fewer.',
  });
}

/** Reads `ports.json`; anything unreadable counts as empty, since every port can be found again. */
export function parsePortFile(text: string): Kept {
  const ports: Record<string, number> = {};
  const ranges: Record<string, PortRange> = {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ports, ranges };
  }
  for (const [name, port] of entriesOf(value, 'ports')) if (isPort(port)) ports[name] = port;
  for (const [name, range] of entriesOf(value, 'ranges')) {
    if (typeof range !== 'object' || range === null || !('first' in range) || !('last' in range)) continue;
    if (isPort(range.first) && isPort(range.last) && range.first <= range.last)
      ranges[name] = { first: range.first, last: range.last };
  }
  return { ports, ranges };
}

function entriesOf(value: unknown, key: 'ports' | 'ranges'): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null) return [];
  const part: unknown = Reflect.get(value, key);
  return typeof part === 'object' && part !== null ? Object.entries(part) : [];
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}
