import { join } from 'node:path';

import { z } from 'zod';

import { populationPatchSchema, ruleSchema } from './rules.ts';

const port = z.number().int().min(1).max(65_535);

/** What a lab process is told when it starts. Everything but `dir` and `partsDir` has a default. */
export const labConfigSchema = z.object({
  /** The lab's own folder: its Asterisk, its record, its ports. Reachable by the services' account. */
  dir: z.string().min(1),
  /** Where the private Asterisk is unpacked. */
  partsDir: z.string().min(1),
  /** Ports that are to be just these; others are found once and kept. */
  ports: z.object({ sip: port, http: port, control: port }).partial().default({}),
  population: populationPatchSchema.default({}),
  rules: z.array(ruleSchema).default([]),
  /** Accounts that may register or authenticate, for trials of trunks with digest authentication. Others come by IP. */
  accounts: z
    .array(z.object({ username: z.string().regex(/^[A-Za-z0-9_-]+$/), password: z.string().regex(/^[^\s;]+$/) }))
    .default([]),
  /** Calls from the loopback addresses are taken without an account. */
  openToLoopback: z.boolean().default(true),
});

export type LabConfig = z.output<typeof labConfigSchema>;
export type LabConfigInput = z.input<typeof labConfigSchema>;

/** A lab that is up: what it prints as its ready line and keeps in `<dir>/ready.json`. */
export type LabReady = {
  readonly ready: true;
  readonly pid: number;
  /** Where trunks and agents' phones call: `127.0.0.1:sipPort`, UDP and TCP. */
  readonly sipPort: number;
  readonly ariPort: number;
  /** HTTP control, on loopback; every request carries `authorization: Bearer <token>`. */
  readonly controlUrl: string;
  readonly token: string;
  readonly recordPath: string;
};

/** Where a lab says that it is up, in its folder. */
export const readyFile = (dir: string): string => join(dir, 'ready.json');
