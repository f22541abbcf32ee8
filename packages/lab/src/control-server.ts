import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { timingSafeEqual } from 'node:crypto';

import { z } from 'zod';

import type { CallRecord } from './call-record.ts';
import type { Carrier } from './carrier.ts';
import { patched, populationPatchSchema, ruleSchema } from './rules.ts';

export type ControlOptions = {
  readonly carrier: Carrier;
  readonly record: CallRecord;
  readonly token: string;
  readonly port: number;
};

/** Figures over the whole record, and of now. */
export type LabStats = {
  readonly invites: number;
  readonly answered: number;
  readonly ended: number;
  readonly open: number;
  /** INVITEs by character kind, agents' phones apart. */
  readonly byCharacter: Readonly<Record<string, number>>;
  /** Numbers (not agents) that were called more than once, with how often. */
  readonly repeated: Readonly<Record<string, number>>;
  readonly errors: number;
};

const MAX_BODY_BYTES = 4_000_000;

const bodies = {
  rules: z.array(ruleSchema),
  answering: z.object({ paused: z.boolean() }),
  hangUp: z.object({ number: z.string().optional(), id: z.string().optional(), all: z.literal(true).optional() }),
  listen: z.object({ id: z.string(), ms: z.number().int().min(100).max(60_000) }),
  press: z.object({ id: z.string(), digits: z.string().regex(/^[0-9A-D*#]+$/) }),
};

/**
 * The lab's control over HTTP, loopback only, JSON both ways:
 *
 * | request | does |
 * |---|---|
 * | `GET /health` | whether the carrier takes calls |
 * | `GET /stats` | `LabStats` |
 * | `GET /record?after=SEQ&limit=N` | lines of the record after a sequence number |
 * | `GET /calls?number=N` | calls put together, all or of one number |
 * | `GET`, `PUT /rules` | rules of numbers, the first that matches counts |
 * | `GET`, `PUT /population` | the world; a PUT lays settings over it |
 * | `PUT /answering {paused}` | withholds answers: everyone goes on ringing |
 * | `POST /hang-up {number | id | all}` | callees hang up |
 * | `POST /press {id, digits}` | a callee presses keys |
 * | `POST /listen {id, ms}` | records what a callee hears; answers `{path}` of a WAV file |
 */
export const startControl = async (options: ControlOptions): Promise<{ url: string; close: () => Promise<void> }> => {
  const server = createServer((request, response) => {
    handle(options, request).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => {
        const isBad = error instanceof z.ZodError || error instanceof SyntaxError;
        send(response, isBad ? 400 : 500, { error: error instanceof Error ? error.message : String(error) });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${portOf(server, options.port)}`, close: () => closed(server) };
};

type Answer = { readonly status: number; readonly body: unknown };
const ok = (body: unknown): Answer => ({ status: 200, body });

const handle = async ({ carrier, record, token }: ControlOptions, request: IncomingMessage): Promise<Answer> => {
  if (!isAuthorized(request, token)) return { status: 401, body: { error: 'The token is missing or wrong.' } };
  const url = new URL(request.url ?? '/', 'http://lab');
  const route = `${request.method ?? 'GET'} ${url.pathname}`;
  switch (route) {
    case 'GET /health':
      return ok({ state: carrier.state, open: carrier.openCalls, paused: carrier.isPaused });
    case 'GET /stats':
      return ok(statsOf(carrier, record));
    case 'GET /record': {
      const after = z.coerce
        .number()
        .int()
        .min(0)
        .catch(0)
        .parse(url.searchParams.get('after') ?? 0);
      const limit = z.coerce
        .number()
        .int()
        .min(1)
        .max(100_000)
        .catch(10_000)
        .parse(url.searchParams.get('limit') ?? 10_000);
      return ok({ lines: record.linesAfter(after, limit) });
    }
    case 'GET /calls': {
      const number = url.searchParams.get('number');
      return ok({ calls: number === null ? record.calls() : record.callsTo(number) });
    }
    case 'GET /rules':
      return ok(carrier.rules);
    case 'PUT /rules':
      carrier.setRules(bodies.rules.parse(await json(request)));
      return ok(carrier.rules);
    case 'GET /population':
      return ok(carrier.population);
    case 'PUT /population':
      carrier.setPopulation(patched(carrier.population, populationPatchSchema.parse(await json(request))));
      return ok(carrier.population);
    case 'PUT /answering':
      carrier.setPaused(bodies.answering.parse(await json(request)).paused);
      return ok({ paused: carrier.isPaused });
    case 'POST /hang-up': {
      const { number, id, all } = bodies.hangUp.parse(await json(request));
      const count = carrier.hangUp((call) => all === true || call.number === number || call.id === id);
      return ok({ hungUp: count });
    }
    case 'POST /press': {
      const { id, digits } = bodies.press.parse(await json(request));
      return carrier.press(id, digits) ? ok({ pressed: digits }) : { status: 404, body: { error: 'No such call.' } };
    }
    case 'POST /listen': {
      const { id, ms } = bodies.listen.parse(await json(request));
      const path = await carrier.listen(id, ms);
      return path === undefined ? { status: 404, body: { error: 'No such call.' } } : ok({ path });
    }
    default:
      return { status: 404, body: { error: 'No such route.' } };
  }
};

const statsOf = (carrier: Carrier, record: CallRecord): LabStats => {
  const byCharacter: Record<string, number> = {};
  const perNumber = new Map<string, number>();
  let answered = 0;
  let ended = 0;
  const calls = record.calls();
  for (const call of calls) {
    byCharacter[call.character] = (byCharacter[call.character] ?? 0) + 1;
    if (call.character !== 'agent') perNumber.set(call.number, (perNumber.get(call.number) ?? 0) + 1);
    if (call.answeredAtMs !== undefined) answered++;
    if (call.endedAtMs !== undefined) ended++;
  }
  return {
    invites: calls.length,
    answered,
    ended,
    open: calls.length - ended,
    byCharacter,
    repeated: Object.fromEntries([...perNumber].filter(([, count]) => count > 1)),
    errors: carrier.errors,
  };
};

const isAuthorized = (request: IncomingMessage, token: string): boolean => {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};

const json = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new SyntaxError('The body is too large.');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
};

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

const portOf = (server: Server, asked: number): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : asked;
};

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
