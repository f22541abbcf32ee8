/** One moment of the pacer: the risk of its next line and what it accepts, shares 0–1. */
export type PacingSample = { readonly atMs: number; readonly risk: number; readonly price: number };

const KEPT_MS = 10 * 60_000;
const GAP_MS = 1_000;

/** Adds a moment, at most one a second (the latest of it), and forgets what is older than ten minutes. */
export const addSample = (history: readonly PacingSample[], sample: PacingSample): readonly PacingSample[] => {
  const last = history.at(-1);
  const kept = history.filter((one) => sample.atMs - one.atMs <= KEPT_MS && one.atMs <= sample.atMs);
  return last !== undefined && sample.atMs - last.atMs < GAP_MS && kept.length > 1
    ? [...kept.slice(0, -1), { ...sample, atMs: last.atMs }]
    : [...kept, sample];
};

/** A step line through the values, in a box of the given size; the value `top` is at its upper edge. */
export const stepPath = (
  points: readonly { readonly atMs: number; readonly value: number }[],
  box: { readonly width: number; readonly height: number; readonly top: number },
): string => {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return '';
  const span = Math.max(1, last.atMs - first.atMs);
  const x = (atMs: number): string => (((atMs - first.atMs) / span) * box.width).toFixed(1);
  const y = (value: number): string => (box.height * (1 - Math.min(1, value / box.top))).toFixed(1);
  return points.map(({ atMs, value }, i) => (i === 0 ? `M0 ${y(value)}` : `H${x(atMs)}V${y(value)}`)).join('');
};
