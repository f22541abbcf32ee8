/** A log line: static text, values as fields. Phone numbers, names, speech and DTMF only under a field named `pii`. */
type Log = (fields: object, msg: string) => void;

/** Where the adapters log. Structurally a pino logger. */
export type Logger = { readonly debug: Log; readonly info: Log; readonly warn: Log; readonly error: Log };

const nothing: Log = () => undefined;

/** A logger that says nothing. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
