import type { OnProgress } from '../progress.ts';

/** A program that can be run: its command, the arguments that come before the caller's own, and environment to add to the caller's. */
export type Program = {
  readonly source: 'private' | 'system';
  readonly version: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

/** Where a program is looked for, and whom to tell. */
export type EnsureProgramOptions = {
  readonly partsDir: string;
  /** `false`: do not use the machine's own program even if there is one. */
  readonly useSystem?: boolean;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
};
