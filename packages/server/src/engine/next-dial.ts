import {
  chooseTrunks,
  formatNumber,
  type AttemptId,
  type CallId,
  type DialId,
  type EpochMs,
  type LegId,
  type PhoneNumber,
  type TrunkId,
} from '@qianhu/core';
import { numberFacts } from '../numbers/number-facts.ts';
import { inTransaction } from '../platform/database.ts';
import type { CampaignContext } from './campaign-context.ts';
import type { DialOrder, LeadInCall } from './dial-order.ts';
import type { DialWriterDeps } from './dial-writer.ts';
import { judgeNumber } from './judge-number.ts';
import { checkFence } from './lease.ts';
import { numberPasts } from './number-past.ts';
import { iso } from './rows.ts';
import { verdictTrunk } from './trunk-book.ts';

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
