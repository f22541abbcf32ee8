import { CALLEE_LEFT } from '@qianhu/core';

/**
 * The verdict of core's `judge` on a row `a` of `attempts` that was answered, as an SQL expression: 'connected', 'dropped',
 * 'machine' or 'leftEarly'. Held to `judge` by a test, so that the pacer, the ledger and the reports count the same.
 */
export const verdictSql = (graceMs: number): string => {
  const clock = `a.answered_at + interval '${Math.round(graceMs)} milliseconds'`;
  const left = CALLEE_LEFT.map((detail) => `'${detail}'`).join(', ');
  return `CASE
    WHEN a.outcome IN ('machine', 'fax') THEN 'machine'
    WHEN a.bridged_at IS NOT NULL THEN CASE WHEN a.bridged_at <= ${clock} THEN 'connected' ELSE 'dropped' END
    WHEN a.outcome_detail IN (${left}) AND a.ended_at < ${clock} THEN 'leftEarly'
    ELSE 'dropped' END`;
};

/** Whether the verdict on that row stands: it ended, an agent came, or we are hanging up on a person for want of one. */
export const DECIDED_SQL = `a.answered_at IS NOT NULL AND (a.outcome IS NOT NULL OR a.bridged_at IS NOT NULL OR EXISTS (
  SELECT FROM calls c WHERE c.id = a.call_id AND c.ended_at IS NULL AND c.phase IN ('announcing', 'ending') AND c.state->>'outcome' = 'dropped'))`;
