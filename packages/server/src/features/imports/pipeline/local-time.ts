/** A time read from a cell: an instant, or a wall clock reading still without a zone. */
type Reading = { readonly atMs: number } | { readonly wallMs: number };

const PATTERN =
  /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]*(\d{1,2})[:：时点](\d{1,2})?(?:[:：分](\d{1,2})(?:\.\d+)?)?[分秒]?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

const read = (text: string): Reading | undefined => {
  const match = PATTERN.exec(text.normalize('NFKC').trim());
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const wallMs = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(wallMs);
  // 2026-02-30 and 25:00 would silently become other times.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59)
    return undefined;
  if (year < 1970 || year > 2200) return undefined;
  const zone = match[7]?.toUpperCase();
  if (zone === undefined) return { wallMs };
  if (zone === 'Z') return { atMs: wallMs };
  const digits = zone.replace(':', '');
  const offset = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return { atMs: wallMs - (zone.startsWith('-') ? -offset : offset) * 60_000 };
};

/** Reads times of callbacks; keeps one formatter a zone, for they are slow to make. */
export class LocalTimes {
  readonly #formats = new Map<string, Intl.DateTimeFormat | null>();

  /** Whether a text names an IANA zone. */
  isZone(zone: string): boolean {
    return /^[A-Za-z]/.test(zone) && this.#formatOf(zone) !== null;
  }

  /**
   * Epoch milliseconds of `2026-11-22 15:30`, `2026/11/22`, `2026年11月22日 15点30分`, ISO 8601 …, in the zone unless the text
   * has an offset. A time that a change of clocks skips is taken an hour later; one that occurs twice, the first time.
   * Undefined for anything else.
   */
  parse(text: string, zone: string): number | undefined {
    const reading = read(text);
    if (reading === undefined) return undefined;
    if ('atMs' in reading) return reading.atMs;
    const format = this.#formatOf(zone);
    if (format === null) return undefined;
    const { wallMs } = reading;
    // The greater offset gives the earlier instant, which is the first of two; a skipped time fits neither.
    const offsets = [offsetAt(format, wallMs - 86_400_000), offsetAt(format, wallMs + 86_400_000)].sort(
      (a, b) => b - a,
    );
    for (const offset of offsets) if (offsetAt(format, wallMs - offset) === offset) return wallMs - offset;
    return wallMs - Math.min(...offsets);
  }

  #formatOf(zone: string): Intl.DateTimeFormat | null {
    const known = this.#formats.get(zone);
    if (known !== undefined) return known;
    let format: Intl.DateTimeFormat | null;
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      format = null;
    }
    // Bounded, for zones come from the file.
    if (this.#formats.size > 1_000) this.#formats.clear();
    this.#formats.set(zone, format);
    return format;
  }
}

/** Offset from UTC in ms that a zone has at an instant. */
const offsetAt = (format: Intl.DateTimeFormat, atMs: number): number => {
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(atMs)) part[type] = Number(value);
  const wall = Date.UTC(
    part.year ?? 0,
    (part.month ?? 1) - 1,
    part.day ?? 1,
    part.hour ?? 0,
    part.minute ?? 0,
    part.second ?? 0,
  );
  return wall - Math.floor(atMs / 1000) * 1000;
};
