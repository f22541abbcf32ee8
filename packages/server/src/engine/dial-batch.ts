import {
  chooseCallerId,
  chooseTrunks,
  formatNumber,
  startCall,
  type AttemptId,
  type CallId,
  type DialId,
  type EpochMs,
  type Explained,
  type LegId,
  type NumberFacts,
  type PhoneNumber,
  type RelativeOdds,
  type TrunkId,
  type Verdict,
} from '@qianhu/core';
import type { PoolClient } from 'pg';
import { numberFacts } from '../numbers/number-facts.ts';
import type { CampaignContext, CampaignList } from './campaign-context.ts';
import type { DialOrder, StartedCall } from './dial-order.ts';
import type { DialWriterDeps } from './dial-writer.ts';
import { numberOf, type LeadRow } from './hopper.ts';
import { judgeNumber } from './judge-number.ts';
import type { NumberPast } from './number-past.ts';
import { leadFacts } from './pacing/answer-book.ts';
import { iso } from './rows.ts';
import { verdictTrunk } from './trunk-book.ts';

/** How long a lead waits whose number is in another dial at this moment. */
const OPEN_DIAL_WAIT_MS = 60_000;

type BlockedLead = {
  readonly id: string;
  readonly state: 'ready' | 'done';
  readonly done_reason: string | null;
  readonly next_at: string;
  readonly number_index: number;
  readonly verdict: Verdict;
};

/** One transaction's worth of judged leads. */
export class DialBatch {
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
        const rest = this.#deps.trunks.restOf(number, this.#nowMs);
        return {
          number,
          country: facts.country,
          ...(facts.areaCode === undefined ? {} : { areaCode: facts.areaCode }),
          isEnabled: true,
          trunkIds: [trunkId],
          dialsToday: use.dialsToday + extra,
          dialsInWindow: use.dialsInWindow + extra,
          concurrent: use.concurrent + extra,
          ...(rest === undefined ? {} : { restsUntilMs: rest.untilMs }),
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
