import { z } from 'zod';
import { count, done, epochMs, listOf } from './common.ts';
import { defineRoute } from './route.ts';

const number = z
  .string()
  .regex(/^\+[1-9]\d{4,14}$/)
  .meta({ description: 'One of our own numbers.', examples: ['+861088886666'] });

/** A caller ID that is not shown for a while, with what was counted when it was put to rest. */
export const callerIdRest = z
  .object({
    number,
    sinceMs: epochMs,
    untilMs: epochMs,
    recentDials: count,
    recentAnswers: count,
    usualShare: z
      .number()
      .meta({ description: 'Share (0–1) of dials to such leads that is usually answered.', examples: [0.31] }),
  })
  .meta({ id: 'CallerIdRest', description: 'A caller ID put to rest because fewer people answered it than usual.' });
export type CallerIdRestView = z.infer<typeof callerIdRest>;

const supervisors = ['administrator', 'supervisor'] as const;

export const callerIdRoutes = {
  listCallerIdRests: defineRoute({
    method: 'GET',
    path: '/caller-ids/rests',
    operationId: 'listCallerIdRests',
    tag: 'campaigns',
    summary: 'Caller IDs that rest now, the latest first, at most 1,000',
    access: supervisors,
    response: z
      .object({ items: listOf(callerIdRest).meta({ description: 'Present rests.' }) })
      .meta({ id: 'CallerIdRests', description: 'Caller IDs that rest now.' }),
  }),
  endCallerIdRest: defineRoute({
    method: 'POST',
    path: '/caller-ids/:number/end-rest',
    operationId: 'endCallerIdRest',
    tag: 'campaigns',
    summary: 'Shows a resting caller ID again; it is judged anew by what follows',
    access: supervisors,
    params: z.object({ number }),
    response: done,
    problems: [404],
  }),
} as const;
