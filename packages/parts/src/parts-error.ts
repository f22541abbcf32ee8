/** Every way in which a part can be missing or broken, as a word that programs may test. */
export type PartsErrorCode =
  | 'aborted'
  | 'accountMissing'
  | 'badSignature'
  | 'configRefused'
  | 'dataVersionMismatch'
  | 'diskFull'
  | 'homeUnreachable'
  | 'lockTimeout'
  | 'mirrorMissing'
  | 'networkDown'
  | 'notDebian'
  | 'packageBroken'
  | 'packageMissing'
  | 'portTaken'
  | 'startFailed'
  | 'stopFailed'
  | 'toolFailed'
  | 'unsupportedMachine';

/** What a `PartsError` is made of. */
export type PartsErrorFields = {
  readonly code: PartsErrorCode;
  /** What happened, one sentence without a full stop. */
  readonly what: string;
  /** The folder, file, port or suite that it happened to. */
  readonly where?: string;
  /** What a person can do about it, a sentence. */
  readonly mend: string;
  /** Whether the same act may succeed later without anybody doing anything. */
  readonly retryable?: boolean;
  /** The tail of a tool's own output. */
  readonly output?: string;
  readonly cause?: unknown;
};

/** A part could not be had, started or stopped. `message` is complete enough to be shown to a person. */
export class PartsError extends Error {
  readonly code: PartsErrorCode;
  readonly what: string;
  readonly where: string | undefined;
  readonly mend: string;
  readonly retryable: boolean;
  readonly output: string | undefined;

  constructor(fields: PartsErrorFields) {
    const where = fields.where === undefined ? '' : ` (${fields.where})`;
    super(`${fields.what}${where}. ${fields.mend}`, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'PartsError';
    this.code = fields.code;
    this.what = fields.what;
    this.where = fields.where;
    this.mend = fields.mend;
    this.retryable = fields.retryable ?? false;
    this.output = fields.output;
  }
}

/** The error code of a failed system call (`ENOENT`, `EACCES` …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** Throws `PartsError` `aborted` when the signal has fired. */
export function refuseWhenAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError();
}

/** The error of work that its caller cancelled. */
export function abortedError(): PartsError {
  return new PartsError({
    code: 'aborted',
    what: 'The work was cancelled',
    mend: 'Run it again; what was downloaded is kept.',
    retryable: true,
  });
}
