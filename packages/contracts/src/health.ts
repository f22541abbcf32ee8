import { z } from 'zod';
import { count, epochMs, listOf } from './common.ts';
import { defineRoute } from './route.ts';

export const engineStatus = z
  .object({
    role: z
      .enum(['owner', 'standby', 'stopped', 'replaced'])
      .meta({ description: 'owner: this process runs the calls.', examples: ['owner'] }),
    switch: z
      .object({
        state: z.string().meta({ description: 'up, connecting, down or replaced.', examples: ['up'] }),
        version: z.exactOptional(z.string()).meta({ description: 'The switch’s version.', examples: ['22.8.0'] }),
        lastError: z.exactOptional(z.string()).meta({ description: 'Last fault.', examples: ['connection refused'] }),
        newCallsPerSecond: z.exactOptional(z.number()).meta({ description: 'Present ceiling.', examples: [80] }),
      })
      .meta({ description: 'The switch.' }),
    openCalls: count,
    commitQueue: count.meta({ description: 'Transitions that wait for their commit.' }),
    ignoredEvents: z
      .record(z.string(), count)
      .meta({ description: 'Late or doubled events by reason.', examples: [{ late: 2 }] }),
  })
  .meta({ id: 'EngineStatus', description: 'How the engine is.' });

export const partHealth = z
  .object({
    part: z.string().meta({ description: 'database, switch, engine, disk …', examples: ['database'] }),
    isUp: z.boolean().meta({ description: 'Whether it works.', examples: [true] }),
    detail: z.exactOptional(z.string()).meta({ description: 'With a session only.', examples: ['PostgreSQL 18.1'] }),
    mend: z
      .exactOptional(z.string())
      .meta({ description: 'What to do; with a session only.', examples: ['Free some disk space.'] }),
    sinceMs: z.exactOptional(epochMs),
  })
  .meta({ id: 'PartHealth', description: 'One part.', examples: [{ part: 'database', isUp: true }] });
export type PartHealth = z.infer<typeof partHealth>;

export const health = z
  .object({
    isUp: z.boolean().meta({ description: 'Whether every part that is needed works.', examples: [true] }),
    parts: listOf(partHealth).meta({ description: 'Each part.' }),
    version: z
      .exactOptional(z.string())
      .meta({ description: 'Of this program; with a session only.', examples: ['0.1.0'] }),
    engine: z.exactOptional(engineStatus).meta({ description: 'With a session only.' }),
  })
  .meta({
    id: 'Health',
    description: 'What is up and what is not.',
    examples: [{ isUp: true, parts: [{ part: 'database', isUp: true }] }],
  });
export type Health = z.infer<typeof health>;

export const healthRoutes = {
  getHealth: defineRoute({
    method: 'GET',
    path: '/health',
    operationId: 'getHealth',
    tag: 'health',
    summary: 'What is up and what is not',
    description: 'Answers 200 when all is up and 503 otherwise, with the same body. Details only with a session.',
    access: 'public',
    response: health,
  }),
} as const;
