import {
  bestTimeScore,
  isOpen,
  leadOrderTerms,
  zoneOffsetMs,
  type EpochMs,
  type LeadOrderTerm,
  type ListId,
  type PhoneNumber,
} from '@qianhu/core';
import type { PoolClient } from 'pg';
import { zonesOf, type CampaignContext } from './campaign-context.ts';
import { numberFacts } from '../numbers/number-facts.ts';
import { leadFacts, type AnswerBook } from './pacing/answer-book.ts';
import { iso } from './rows.ts';

/** A lead as it is taken from the hopper. */
export type LeadRow = {
  id: string;
  list_id: ListId;
  number: string;
  alt_numbers: string[] | null;
  zone: string;
  priority: number;
  is_callback: boolean;
  attempts: number;
  number_index: number;
  outcome_counts: Record<string, number> | null;
  last_outcome: string | null;
  last_attempt_at: Date | null;
};

/** Leads to dial now, and how likely (0–1) the pacer is to take those after them to answer, where the campaign wants to know. */
export type Taken = { readonly leads: readonly LeadRow[]; readonly odds: readonly number[] };

/** The number that is tried next. */
export const numberOf = (lead: LeadRow): PhoneNumber =>
  (lead.number_index === 0 ? lead.number : (lead.alt_numbers?.[lead.number_index - 1] ?? lead.number)) as PhoneNumber;

const COLUMNS =
  'id, list_id, number, alt_numbers, zone, priority, is_callback, attempts, number_index, outcome_counts, last_outcome, last_attempt_at';

const SQL_TERMS: Record<LeadOrderTerm['field'], string> = {
  isDueCallback: 'is_callback',
  priority: 'priority',
  isUntried: '(attempts = 0)',
  attempts: 'attempts',
  dueAtMs: 'next_at',
  leadId: 'id',
};

/**
 * The policy's order as SQL. Never tried first says nothing beside fewer attempts first, and without it the index serves.
 * So does it for the best time: which of the leads looked at goes first is worked out afterwards, and of those that are
 * equal so far the longest due are looked at.
 */
const orderOf = (context: CampaignContext): string => {
  const { leadOrder } = context.settings;
  const terms = leadOrderTerms(leadOrder.then === 'bestTime' ? { ...leadOrder, then: 'longestDue' } : leadOrder);
  const fewerFirst = terms.some((term) => term.field === 'attempts');
  return terms
    .filter((term) => !(term.field === 'isUntried' && term.direction === 'desc' && fewerFirst))
    .map(({ field, direction }) => `${SQL_TERMS[field]} ${direction}`)
    .join(', ');
};

/** Locks up to `count` ready leads whose zones are open, in the campaign's order; leads that another transaction holds are left. */
export const takeLeads = async (
  client: PoolClient,
  context: CampaignContext,
  answers: AnswerBook,
  zones: readonly string[],
  count: number,
  nowMs: EpochMs,
): Promise<Taken> => {
  const { mode, leadOrder } = context.settings;
  const order = orderOf(context);
  if (mode.kind !== 'predictive' && leadOrder.then !== 'bestTime') {
    const leads: LeadRow[] = [];
    // List by list, in the campaign's order: each is one walk down the hopper's index.
    for (const { listId } of context.lists) {
      if (leads.length >= count) break;
      leads.push(...(await ready(client, order, listId, zones, count - leads.length, nowMs, 'FOR UPDATE SKIP LOCKED')));
    }
    return { leads, odds: [] };
  }
  // More are looked at than taken: the best of them now, and what will come next. Looking locks nothing.
  const seen: LeadRow[] = [];
  const wanted = count * LOOK_AHEAD + LOOK_AHEAD_LEAST;
  for (const { listId } of context.lists) {
    if (seen.length >= wanted) break;
    seen.push(...(await ready(client, order, listId, zones, wanted - seen.length, nowMs, '')));
  }
  const ranked = leadOrder.then === 'bestTime' ? byBestTime(context, answers, seen, nowMs) : seen;
  const chosen = ranked.slice(0, count).map((lead) => lead.id);
  const { rows } = await client.query<LeadRow>({
    name: 'engine-hopper-chosen',
    text: `SELECT ${COLUMNS} FROM leads WHERE id = ANY($1) AND state = 'ready' AND next_at <= $2
           ORDER BY array_position($1::bigint[], id) FOR UPDATE SKIP LOCKED`,
    values: [chosen, iso(nowMs)],
  });
  const forPacer = answers.forPacer(context.isDemo);
  const odds = ranked.slice(count).map((lead) => forPacer(factsOf(lead, nowMs)));
  return { leads: rows, odds };
};

/** How many times as many leads are looked at as are taken, and at least. */
const LOOK_AHEAD = 3;
const LOOK_AHEAD_LEAST = 30;

const ready = async (
  client: PoolClient,
  order: string,
  listId: ListId,
  zones: readonly string[],
  limit: number,
  nowMs: EpochMs,
  lock: string,
): Promise<readonly LeadRow[]> => {
  const { rows } = await client.query<LeadRow>({
    text: `SELECT ${COLUMNS} FROM leads WHERE list_id = $1 AND state = 'ready' AND next_at <= $2 AND zone = ANY($3)
           ORDER BY ${order} LIMIT $4 ${lock}`,
    values: [listId, iso(nowMs), zones, limit],
  });
  return rows;
};

const factsOf = (lead: LeadRow, nowMs: EpochMs) =>
  leadFacts(
    {
      listId: lead.list_id,
      zone: lead.zone,
      attempts: lead.attempts,
      lastOutcome: lead.last_outcome ?? undefined,
      lastAttemptAtMs: lead.last_attempt_at?.getTime(),
    },
    numberFacts(numberOf(lead)),
    [],
    undefined,
    nowMs,
  );

/** Each at its own best hour, within what else the policy puts first; equals keep their order. */
const byBestTime = (
  context: CampaignContext,
  answers: AnswerBook,
  seen: readonly LeadRow[],
  nowMs: EpochMs,
): readonly LeadRow[] => {
  const { leadOrder } = context.settings;
  const hoursIn = new Map<string, readonly number[]>();
  const hours = (stored: string): readonly number[] => {
    const known = hoursIn.get(stored);
    if (known !== undefined) return known;
    const found = openHours(context, stored, nowMs);
    hoursIn.set(stored, found);
    return found;
  };
  const rank = (lead: LeadRow): readonly number[] => [
    leadOrder.dueCallbacks === 'first' && lead.is_callback ? 0 : 1,
    -lead.priority,
    leadOrder.untried === 'inTurn' ? 0 : (lead.attempts === 0) === (leadOrder.untried === 'first') ? 0 : 1,
    leadOrder.fewerAttemptsFirst ? lead.attempts : 0,
    -bestTimeScore(answers.model(context.isDemo), factsOf(lead, nowMs), hours(lead.zone)),
  ];
  return seen
    .map((lead) => ({ lead, rank: rank(lead) }))
    .sort((a, b) => {
      const at = a.rank.findIndex((value, i) => value !== b.rank[i]);
      return at < 0 ? 0 : (a.rank[at] ?? 0) - (b.rank[at] ?? 0);
    })
    .map(({ lead }) => lead);
};

/** Hours of the callee's day at which the campaign may call: the day from now on is asked hour by hour. */
const openHours = (context: CampaignContext, stored: string, nowMs: EpochMs): readonly number[] => {
  const zones = zonesOf(stored);
  const [zone] = zones;
  if (zone === undefined) return [];
  const hours: number[] = [];
  for (let i = 0; i < 24; i++) {
    const atMs = nowMs + i * 3_600_000;
    if (!zones.every((one) => isOpen(context.rules.window, one, atMs))) continue;
    hours.push(new Date(atMs + (zoneOffsetMs(zone, atMs) ?? 0)).getUTCHours());
  }
  return hours;
};
