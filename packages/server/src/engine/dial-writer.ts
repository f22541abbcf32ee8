import {
  chooseCallerId,
  chooseTrunks,
  formatNumber,
  startCall,
  verdict,
  type AttemptId,
  type CallEffect,
  type CallId,
  type CallState,
  type DialId,
  type EpochMs,
  type Explained,
  type LegId,
  type LeadFacts,
  type ListId,
  type NumberFacts,
  type PhoneNumber,
  type RelativeOdds,
  type TrunkId,
  type Verdict,
} from '@qianhu/core';
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '../platform/database.ts';
import type { IdSource } from '../platform/ids.ts';
import { zonesOf, type CampaignContext, type CampaignList } from './campaign-context.ts';
import { numberOf, takeLeads, type LeadRow } from './hopper.ts';
import { checkFence, FencedError, type Lease } from './lease.ts';
import { numberFacts } from '../numbers/number-facts.ts';
import { numberPasts, type NumberPast } from './number-past.ts';
import { leadFacts, type AnswerBook } from './pacing/answer-book.ts';
import { iso } from './rows.ts';
import { verdictTrunk, type TrunkBook } from './trunk-book.ts';

/** What the engine must remember of a lead while its attempt is open. */
export type LeadInCall = {
  readonly leadId: string;
  readonly listId: ListId;
  readonly numbers: readonly PhoneNumber[];
  readonly numberIndex: number;
  readonly zone: string;
  /** Attempts including this one. */
  readonly attempts: number;
  readonly outcomeCounts: Readonly<Record<string, number>>;
  /** What was known of the lead when it was dialled, and the pacer's probability (0–1); absent after a restart. */
  readonly odds?: { readonly facts: LeadFacts; readonly probability?: number };
};

/** What the switch is told of one dial. */
export type DialOrder = {
  readonly dialId: DialId;
  readonly legId: LegId;
  readonly callId: CallId;
  readonly attemptId: AttemptId;
  readonly number: PhoneNumber;
  readonly trunkId: TrunkId;
  readonly dialString: string;
  readonly callerId: string | undefined;
  readonly callerIdShown: string | undefined;
  readonly atMs: EpochMs;
};

export type StartedCall = {
  readonly state: Extract<CallState, { kind: 'dialing' }>;
  readonly effects: readonly CallEffect[];
  readonly lead: LeadInCall;
  readonly order: DialOrder;
};

export type WrittenDials = {
  readonly started: readonly StartedCall[];
  /** Leads that the rules kept back; they were moved on and explained. */
  readonly blocked: number;
  /** Blocked leads that are done for good (of `blocked`). */
  readonly finished: number;
  /** Fewer ready leads were found than asked for. */
  readonly hopperEmpty: boolean;
  /** Leads were there, but no trunk or caller ID was free. */
  readonly shortOf: 'trunk' | 'callerId' | undefined;
  /** How likely the leads that come next are to answer, in order, where the campaign's mode wants to know. */
  readonly nextOdds: readonly number[];
};

export type DialWriterDeps = {
  readonly pool: Pool;
  readonly lease: Lease;
  readonly ids: IdSource;
  readonly trunks: TrunkBook;
  readonly answers: AnswerBook;
  readonly epoch: string;
};

/**
 * Write first, then dial: takes up to `count` leads, asks the rules for each under the lock of its number's row, and
 * commits attempt, call and dial before anybody is rung. What it returns may be dialled exactly as it is, once.
 */
export const writeDials = async (
  deps: DialWriterDeps,
  context: CampaignContext,
  zones: readonly string[],
  count: number,
  nowMs: EpochMs,
): Promise<WrittenDials> => {
  let started: readonly StartedCall[] = [];
  try {
    return await inTransaction(deps.pool, async (client) => {
      await checkFence(client, deps.lease);
      const { leads, odds } = await takeLeads(client, context, deps.answers, zones, count, nowMs);
      const pasts = await numberPasts(client, leads.map(numberOf), context.id);
      const batch = new Batch(deps, context, nowMs);
      for (const lead of leads) batch.judge(lead, pasts.get(numberOf(lead)));
      await batch.write(client);
      started = batch.started;
      return {
        started: batch.started,
        blocked: batch.blocked.length,
        finished: batch.blocked.filter((lead) => lead.state === 'done').length,
        hopperEmpty: leads.length < count,
        shortOf: batch.shortOf,
        nextOdds: odds,
      };
    });
  } catch (error) {
    // All rows were taken, so it was the commit that failed: whether it happened is not known.
    if (started.length > 0) throw new DoubtfulDialsError(started, error);
    throw error;
  }
};

/** The database went away during the commit of dials: they may stand there or not, and nobody has dialled them. */
export class DoubtfulDialsError extends Error {
  readonly started: readonly StartedCall[];
  constructor(started: readonly StartedCall[], cause: unknown) {
    super('The commit of dials was not confirmed.', { cause });
    this.name = 'DoubtfulDialsError';
    this.started = started;
  }
}

/** Which of doubtful dials are written; rejects while the database is away. */
export const settleDoubt = (
  deps: Pick<DialWriterDeps, 'pool' | 'lease'>,
  doubtful: readonly StartedCall[],
): Promise<readonly StartedCall[]> =>
  inTransaction(deps.pool, async (client) => {
    // The transaction in doubt holds the lease's row until its end (checkFence): behind this lock there is no doubt left.
    const { rowCount } = await client.query('SELECT 1 FROM leases WHERE resource = $1 AND epoch = $2 FOR UPDATE', [
      deps.lease.resource,
      deps.lease.epoch,
    ]);
    if (rowCount !== 1) throw new FencedError(deps.lease);
    const { rows } = await client.query<{ id: CallId }>('SELECT id FROM calls WHERE id = ANY($1)', [
      doubtful.map((call) => call.order.callId),
    ]);
    const written = new Set(rows.map((row) => row.id));
    return doubtful.filter((call) => written.has(call.order.callId));
  });

type BlockedLead = {
  readonly id: string;
  readonly state: 'ready' | 'done';
  readonly done_reason: string | null;
  readonly next_at: string;
  readonly number_index: number;
  readonly verdict: Verdict;
};

/** One transaction's worth of judged leads. */
class Batch {
  readonly started: StartedCall[] = [];
  readonly blocked: BlockedLead[] = [];
  shortOf: 'trunk' | 'callerId' | undefined;
  readonly #deps: DialWriterDeps;
  readonly #context: CampaignContext;
  readonly #nowMs: EpochMs;
  readonly #verdicts: Verdict[] = [];
  readonly #odds: Explained[] = [];
  /** Numbers and slots used by this batch so far, which the books do not know yet. */
  readonly #numbers = new Set<string>();
  readonly #perTrunk = new Map<TrunkId, number>();
  readonly #perCallerId = new Map<string, number>();
  readonly #lists: ReadonlyMap<string, CampaignList>;
  /** Only a predictive pacer asks. */
  readonly #forPacer: RelativeOdds | undefined;

  constructor(deps: DialWriterDeps, context: CampaignContext, nowMs: EpochMs) {
    this.#deps = deps;
    this.#context = context;
    this.#nowMs = nowMs;
    this.#forPacer = context.settings.mode.kind === 'predictive' ? deps.answers.forPacer(context.isDemo) : undefined;
    this.#lists = new Map(context.lists.map((list) => [list.listId as string, list]));
  }

  judge(row: LeadRow, past: NumberPast | undefined): void {
    const number = numberOf(row);
    // Two leads with one number in one batch, or a dial that is still open: the later one waits its turn.
    if (past === undefined || past.hasOpenDial || this.#numbers.has(number)) {
      this.#wait(row, this.#nowMs + OPEN_DIAL_WAIT_MS);
      return;
    }
    const facts = numberFacts(number);
    const list = this.#lists.get(row.list_id) ?? { listId: row.list_id, isDemo: false };
    const { settings } = this.#context;
    const choice = chooseTrunks({
      nowMs: this.#nowMs,
      list,
      number: { country: facts.country, kind: facts.kind },
      preferred: settings.trunkIds,
      tried: [],
      trunks: this.#deps.trunks.candidates(this.#nowMs, this.#perTrunk),
    });
    const [first, ...rest] = choice.order;
    // Without a free trunk the rules are asked about one that is named, so that a rule (and not chance) explains.
    const trunkId = first ?? settings.trunkIds[0] ?? choice.passedOver[0]?.trunkId;
    const trunk = trunkId === undefined ? undefined : this.#deps.trunks.get(trunkId);
    if (trunkId === undefined || trunk === undefined) {
      this.shortOf = 'trunk';
      return;
    }
    const answer = judgeNumber(this.#context, {
      nowMs: this.#nowMs,
      facts,
      zone: row.zone,
      list,
      past,
      trunk: verdictTrunk(trunk, facts.country),
    });
    if (!answer.allowed) {
      this.#block(row, answer);
      return;
    }
    if (first === undefined) {
      this.shortOf = 'trunk';
      return;
    }
    const shown = this.#callerId(facts, first);
    if (shown === null) {
      this.shortOf = 'callerId';
      return;
    }
    const dialString = formatNumber({ home: trunk.home, rules: trunk.dialFormat }, facts);
    const callerIdShown =
      shown === undefined
        ? undefined
        : formatNumber({ home: trunk.home, rules: trunk.callerIdFormat }, numberFacts(shown));
    if (!dialString.ok) {
      this.#block(row, { ...answer, allowed: false }, `numberFormat:${dialString.reason}`);
      return;
    }
    this.#start(row, facts, {
      past,
      trunkId: first,
      rest,
      answer,
      dialString: dialString.text,
      callerId: shown,
      callerIdShown: callerIdShown?.ok === true ? callerIdShown.text : shown,
    });
  }

  /** Undefined: the campaign shows none; null: none may be shown now. */
  #callerId(callee: NumberFacts, trunkId: TrunkId): PhoneNumber | undefined | null {
    const { settings } = this.#context;
    if (settings.callerIds.length === 0) return undefined;
    return chooseCallerId({
      nowMs: this.#nowMs,
      trunkId,
      callee: { country: callee.country, ...(callee.areaCode === undefined ? {} : { areaCode: callee.areaCode }) },
      allowed: settings.callerIds,
      use: settings.callerIdUse,
      callerIds: settings.callerIds.map((number) => {
        const facts = numberFacts(number);
        const use = this.#deps.trunks.callerIdUse(number, this.#nowMs);
        const extra = this.#perCallerId.get(number) ?? 0;
        return {
          number,
          country: facts.country,
          ...(facts.areaCode === undefined ? {} : { areaCode: facts.areaCode }),
          isEnabled: true,
          trunkIds: [trunkId],
          dialsToday: use.dialsToday + extra,
          dialsInWindow: use.dialsInWindow + extra,
          concurrent: use.concurrent + extra,
        };
      }),
    }).chosen;
  }

  #start(
    row: LeadRow,
    facts: NumberFacts,
    chosen: {
      readonly past: NumberPast;
      readonly trunkId: TrunkId;
      readonly rest: readonly TrunkId[];
      readonly answer: Verdict;
      readonly dialString: string;
      readonly callerId: PhoneNumber | undefined;
      readonly callerIdShown: string | undefined;
    },
  ): void {
    const { ids } = this.#deps;
    const dialId = ids.next<DialId>();
    const order: DialOrder = {
      dialId,
      legId: dialId as string as LegId,
      callId: ids.next<CallId>(),
      attemptId: ids.next<AttemptId>(),
      number: facts.e164,
      trunkId: chosen.trunkId,
      dialString: chosen.dialString,
      callerId: chosen.callerId,
      callerIdShown: chosen.callerIdShown,
      atMs: this.#nowMs,
    };
    const { state, effects } = startCall(
      {
        callId: order.callId,
        campaignId: this.#context.id,
        attemptId: order.attemptId,
        policy: this.#context.policy,
        trunksLeft: chosen.rest,
      },
      order,
    );
    const lead = {
      listId: row.list_id,
      zone: row.zone,
      attempts: row.attempts,
      lastOutcome: row.last_outcome ?? undefined,
      lastAttemptAtMs: row.last_attempt_at?.getTime(),
    };
    const known = leadFacts(lead, facts, chosen.past.calls, chosen.callerId, this.#nowMs);
    const odds = this.#deps.answers.explain(this.#context.isDemo, known);
    this.#odds.push(odds);
    const probability = this.#forPacer?.(known);
    this.#deps.answers.dialled(this.#context.isDemo, known);
    this.#numbers.add(facts.e164);
    this.#perTrunk.set(chosen.trunkId, (this.#perTrunk.get(chosen.trunkId) ?? 0) + 1);
    if (chosen.callerId !== undefined)
      this.#perCallerId.set(chosen.callerId, (this.#perCallerId.get(chosen.callerId) ?? 0) + 1);
    this.#verdicts.push(chosen.answer);
    this.started.push({
      state,
      effects,
      order,
      lead: {
        leadId: row.id,
        listId: row.list_id,
        numbers: [row.number, ...(row.alt_numbers ?? [])] as PhoneNumber[],
        numberIndex: row.number_index,
        zone: row.zone,
        attempts: row.attempts + 1,
        outcomeCounts: row.outcome_counts ?? {},
        odds: { facts: known, ...(probability === undefined ? {} : { probability }) },
      },
    });
  }

  #wait(row: LeadRow, untilMs: EpochMs): void {
    this.#deferred.push({ id: row.id, next_at: iso(untilMs) });
  }
  readonly #deferred: { readonly id: string; readonly next_at: string }[] = [];

  /** Moves a lead on that the rules keep back: to the earliest lawful time, to its next number, or out. */
  #block(row: LeadRow, answer: Verdict, reason?: string): void {
    const blocking = reason ?? answer.rules.find((rule) => rule.result === 'block')?.code ?? 'blocked';
    const hasNext = row.number_index < (row.alt_numbers?.length ?? 0);
    const moved =
      answer.retryAtMs !== undefined
        ? { state: 'ready' as const, done_reason: null, next_at: iso(answer.retryAtMs), number_index: row.number_index }
        : hasNext
          ? {
              state: 'ready' as const,
              done_reason: null,
              next_at: iso(this.#nowMs),
              number_index: row.number_index + 1,
            }
          : {
              state: 'done' as const,
              done_reason: blocking,
              next_at: iso(this.#nowMs),
              number_index: row.number_index,
            };
    this.blocked.push({ id: row.id, ...moved, verdict: answer });
  }

  async write(client: PoolClient): Promise<void> {
    const { started } = this;
    if (started.length > 0) {
      const rows = started.map(({ order, lead, state }, i) => ({
        dial_id: order.dialId,
        attempt_id: order.attemptId,
        call_id: order.callId,
        lead_id: lead.leadId,
        list_id: lead.listId,
        number: order.number,
        ordinal: lead.attempts,
        trunk_id: order.trunkId,
        dial_string: order.dialString,
        caller_id: order.callerId ?? null,
        verdict: this.#verdicts[i],
        odds: this.#odds[i],
        state,
      }));
      await client.query({
        name: 'engine-start-calls',
        text: `WITH x AS (
                 SELECT * FROM json_to_recordset($1) AS x(dial_id uuid, attempt_id uuid, call_id uuid, lead_id bigint, list_id uuid, number text,
                   ordinal smallint, trunk_id uuid, dial_string text, caller_id text, verdict jsonb, odds jsonb, state jsonb)),
               a AS (INSERT INTO attempts (id, campaign_id, list_id, lead_id, call_id, number, ordinal, verdict, odds, created_at)
                 SELECT attempt_id, $2, list_id, lead_id, call_id, number, ordinal, verdict, odds, $3 FROM x),
               c AS (INSERT INTO calls (id, kind, campaign_id, attempt_id, phase, state, seq, epoch, started_at)
                 SELECT call_id, 'campaign', $2, attempt_id, 'dialing', state, 0, $4, $3 FROM x),
               d AS (INSERT INTO dials (id, attempt_id, call_id, campaign_id, number, trunk_id, dial_string, caller_id, created_at)
                 SELECT dial_id, attempt_id, call_id, $2, number, trunk_id, dial_string, caller_id, $3 FROM x),
               e AS (INSERT INTO events (at, aggregate, aggregate_id, seq, type, data)
                 SELECT $3, 'call', call_id, 0, 'callStarted', jsonb_build_object('dialId', dial_id, 'trunkId', trunk_id, 'attemptId', attempt_id) FROM x)
               UPDATE leads l SET state = 'dialing', attempts = x.ordinal, last_attempt_at = $3, is_callback = false, blocked_verdict = NULL, blocked_at = NULL
               FROM x WHERE l.id = x.lead_id`,
        values: [JSON.stringify(rows), this.#context.id, iso(this.#nowMs), this.#deps.epoch],
      });
    }
    if (this.#deferred.length > 0) {
      await client.query(
        'UPDATE leads l SET next_at = x.next_at FROM json_to_recordset($1) AS x(id bigint, next_at timestamptz) WHERE l.id = x.id',
        [JSON.stringify(this.#deferred)],
      );
    }
    if (this.blocked.length > 0) {
      await client.query(
        `UPDATE leads l SET state = x.state, done_reason = x.done_reason, next_at = x.next_at, number_index = x.number_index, blocked_verdict = x.verdict, blocked_at = $2
         FROM json_to_recordset($1) AS x(id bigint, state text, done_reason text, next_at timestamptz, number_index smallint, verdict jsonb) WHERE l.id = x.id`,
        [JSON.stringify(this.blocked), iso(this.#nowMs)],
      );
    }
  }
}

/** How long a lead waits whose number is in another dial at this moment. */
const OPEN_DIAL_WAIT_MS = 60_000;

/** The explained verdict for one number through one trunk. */
const judgeNumber = (
  context: CampaignContext,
  of: {
    readonly nowMs: EpochMs;
    readonly facts: NumberFacts;
    readonly zone: string;
    readonly list: CampaignList;
    readonly past: NumberPast;
    readonly trunk: ReturnType<typeof verdictTrunk>;
  },
): Verdict =>
  verdict({
    nowMs: of.nowMs,
    number: {
      number: of.facts.e164,
      country: of.facts.country,
      kind: of.facts.kind,
      zones: zonesOf(of.zone),
      ...(of.past.invalidSinceMs === undefined ? {} : { invalidSinceMs: of.past.invalidSinceMs }),
    },
    campaignId: context.id,
    list: of.list,
    consent: of.list.consentAtMs === undefined ? { kind: 'none' } : { kind: 'given', atMs: of.list.consentAtMs },
    dnc: of.past.dnc,
    history: of.past.history,
    rules: context.rules,
    voice: context.settings.voice,
    hasOwnAgent: false,
    trunk: of.trunk,
  });

/** A fail-over: the next trunk for an attempt whose carrier failed, under the same lock and the same rules. */
export type NextDial = { readonly order: DialOrder; readonly trunksLeft: readonly TrunkId[] };

/**
 * Writes the next dial of an attempt on one of `trunksLeft`; undefined when the rules or the trunks allow none. The rules
 * are asked again (a new DNC entry counts at once); the attempt's own earlier dials do not count as calls to the number.
 */
export const writeNextDial = (
  deps: DialWriterDeps,
  context: CampaignContext,
  call: {
    /** Chosen by the caller, who can then close a dial whose commit was not confirmed. */
    readonly dialId: DialId;
    readonly callId: CallId;
    readonly attemptId: AttemptId;
    readonly lead: LeadInCall;
    readonly trunksLeft: readonly TrunkId[];
    readonly triedTrunkIds: readonly TrunkId[];
    readonly callerId: string | undefined;
  },
  nowMs: EpochMs,
): Promise<NextDial | undefined> =>
  inTransaction(deps.pool, async (client) => {
    await checkFence(client, deps.lease);
    const number = call.lead.numbers[call.lead.numberIndex];
    if (number === undefined) return undefined;
    const past = (await numberPasts(client, [number], context.id, call.attemptId)).get(number);
    if (past === undefined || past.hasOpenDial) return undefined;
    const facts = numberFacts(number);
    const list = context.lists.find((one) => one.listId === call.lead.listId) ?? {
      listId: call.lead.listId,
      isDemo: context.isDemo,
    };
    const choice = chooseTrunks({
      nowMs,
      list,
      number: { country: facts.country, kind: facts.kind },
      preferred: call.trunksLeft,
      tried: call.triedTrunkIds,
      trunks: deps.trunks.candidates(nowMs),
    });
    const [trunkId, ...trunksLeft] = choice.order;
    const trunk = trunkId === undefined ? undefined : deps.trunks.get(trunkId);
    if (trunkId === undefined || trunk === undefined) return undefined;
    const answer = judgeNumber(context, {
      nowMs,
      facts,
      zone: call.lead.zone,
      list,
      past,
      trunk: verdictTrunk(trunk, facts.country),
    });
    const dialString = formatNumber({ home: trunk.home, rules: trunk.dialFormat }, facts);
    if (!answer.allowed || !dialString.ok) return undefined;
    const shown =
      call.callerId === undefined
        ? undefined
        : formatNumber({ home: trunk.home, rules: trunk.callerIdFormat }, numberFacts(call.callerId as PhoneNumber));
    const { dialId } = call;
    const order: DialOrder = {
      dialId,
      legId: dialId as string as LegId,
      callId: call.callId,
      attemptId: call.attemptId,
      number,
      trunkId,
      dialString: dialString.text,
      callerId: call.callerId,
      callerIdShown: shown?.ok === true ? shown.text : call.callerId,
      atMs: nowMs,
    };
    await client.query(
      `INSERT INTO dials (id, attempt_id, call_id, campaign_id, number, trunk_id, dial_string, caller_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        dialId,
        call.attemptId,
        call.callId,
        context.id,
        number,
        trunkId,
        order.dialString,
        order.callerId ?? null,
        iso(nowMs),
      ],
    );
    return { order, trunksLeft };
  });
