import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

/** Structured logger. Messages are static text, values are fields, personal data stands under `pii` only. */
export type Logger = PinoLogger;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export type LogOptions = {
  readonly level: LogLevel;
  /** Show what stands under `pii` (off by default; for fault finding on one's own machine). */
  readonly isPiiShown?: boolean;
  readonly destination?: DestinationStream;
};

/** Builds the root logger: JSON lines, `pii` replaced by a mark at any depth that we use (top, one and two levels down). */
export const createLogger = ({ level, isPiiShown = false, destination }: LogOptions): Logger => {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    ...(isPiiShown ? {} : { redact: { paths: ['pii', '*.pii', '*.*.pii'], censor: '[pii]' } }),
  };
  return destination === undefined ? pino(options) : pino(options, destination);
};

/** A logger that says nothing (tests). */
export const silentLogger = (): Logger => pino({ level: 'silent' });
