import {
  attemptTransition,
  isIgnored,
  type AgentId,
  type AttemptId,
  type AttemptState,
  type CampaignId,
  type Outcome,
  type PhoneNumber,
} from '@qianhu/core';
import { AppError } from '../errors.ts';
import type { EngineWorld } from './engine-world.ts';
import { leadAfterDisposal, type LeadDisposal } from './lead-plan.ts';
import type { Disposal } from './port.ts';
import { iso } from './rows.ts';

type Row = {
  attempt_id: AttemptId;
  campaign_id: CampaignId;
  agent_id: AgentId | null;
  number: PhoneNumber;
  outcome: Outcome | null;
  ended_at: Date | null;
  disposition: string | null;
  lead_id: string;
  list_id: string;
  numbers: PhoneNumber[];
  zone: string;
  attempts: number;
  outcome_counts: Record<string, number> | null;
};

/**
 * Writes a person's result: the attempt's disposition, what becomes of the lead, a DNC entry for an opt-out, and the end
 * of wrap-up, in one commit. May come during the talk (the lead's part waits for the end) and may be corrected later.
 */
export const disposeAttempt = async (world: EngineWorld, agentId: AgentId, disposal: Disposal): Promise<void> => {
  await world.kernel.written();
  const row = await readAttempt(world, disposal);
  if (row.agent_id !== null && row.agent_id !== agentId)
    throw new AppError('forbidden', 'This call was taken by somebody else.');
  const campaign = world.campaigns.get(row.campaign_id);
  const known = campaign?.context.settings.dispositions.find((one) => one.code === disposal.code);
  if (campaign === undefined || known === undefined) {
    throw new AppError('invalid', 'This result is not among the campaign’s results; choose one of its list.', {
      details: { code: disposal.code },
    });
  }
  if (known.then === 'callback' && disposal.callbackAtMs === undefined) {
    throw new AppError('invalid', 'A call back needs its date and time.', { details: { field: 'callbackAtMs' } });
  }
  const atMs = world.clock.now();
  const result: LeadDisposal = {
    code: disposal.code,
    effect: known.then,
    ...(disposal.callbackAtMs === undefined ? {} : { callbackAtMs: disposal.callbackAtMs }),
  };
  const step = attemptTransition(stateOf(row), { type: 'disposed', disposition: { ...result, by: agentId, atMs } });
  if (isIgnored(step)) return;
  await world.kernel.turn(() => {
    world.kernel.write({
      attempts: [
        {
          id: row.attempt_id,
          agent_id: agentId,
          disposition: disposal.code,
          disposed_at: iso(atMs),
          ...(disposal.note === undefined ? {} : { note: disposal.note }),
          ...(disposal.callbackAtMs === undefined ? {} : { callback_at: iso(disposal.callbackAtMs) }),
        },
      ],
      events: [
        {
          at: iso(atMs),
          aggregate: 'attempt',
          aggregate_id: row.attempt_id,
          seq: atMs % 2_000_000_000,
          type: 'disposed',
          data: { code: disposal.code, effect: known.then },
        },
      ],
      ...(known.then === 'optOut'
        ? {
            dnc: [
              { number: row.number, campaign_id: null, reason: disposal.code, source: 'callee', created_by: agentId },
            ],
          }
        : {}),
    });
    const extra = world.extras.get(disposal.callId);
    if (extra !== undefined) extra.disposal = result;
    if (step.effects.some((effect) => effect.type === 'leadByDisposition')) {
      const lead = {
        leadId: row.lead_id,
        listId: row.list_id as never,
        numbers: row.numbers,
        numberIndex: Math.max(0, row.numbers.indexOf(row.number)),
        zone: row.zone,
        attempts: row.attempts,
        outcomeCounts: row.outcome_counts ?? {},
      };
      const patch = leadAfterDisposal(campaign.context, lead, result, null, atMs);
      world.kernel.write({ leads: [patch] });
      // By its outcome the lead was done: a result that asks for another call brings it back.
      if (patch.state === 'ready' && row.disposition === null) {
        campaign.leads.done -= 1;
        campaign.leads.ready += 1;
      }
      campaign.emptyUntilMs = 0;
    }
    const last = world.lastCalls.get(agentId);
    if (last?.callId === disposal.callId) world.lastCalls.set(agentId, { ...last, disposition: disposal.code });
    world.kernel.agents.send(agentId, { type: 'disposed', atMs, callId: disposal.callId });
    world.changed({ agentId });
  });
};

const readAttempt = async (world: EngineWorld, disposal: Disposal): Promise<Row> => {
  const { rows } = await world.pool.query<Row>(
    `SELECT a.id AS attempt_id, a.campaign_id, a.agent_id, a.number, a.outcome, a.ended_at, a.disposition, a.lead_id, a.list_id,
            array_prepend(l.number, coalesce(l.alt_numbers, '{}')) AS numbers, l.zone, l.attempts, l.outcome_counts
     FROM attempts a JOIN leads l ON l.id = a.lead_id WHERE a.call_id = $1`,
    [disposal.callId],
  );
  const row = rows[0];
  if (row === undefined) throw new AppError('notFound', 'There is no such call.');
  return row;
};

const stateOf = (row: Row): AttemptState => {
  if (row.outcome === null || row.ended_at === null) return { kind: 'open' };
  return { kind: 'settled', outcome: row.outcome, settledAtMs: row.ended_at.getTime() };
};
