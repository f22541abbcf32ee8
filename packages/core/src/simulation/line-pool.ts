import type { PacingLine } from '../dialing/pacer.ts';
import type { Line } from './occurrence.ts';

/** The lines that are out, in no order. */
export class LinePool {
  private readonly lines: Line[] = [];
  /** What the pacer sees of them, in the same order. Changed in place: whoever looks at it later sees later lines. */
  readonly ringing: PacingLine[] = [];

  get size(): number {
    return this.lines.length;
  }

  add(line: Line): void {
    line.slot = this.lines.length;
    this.lines.push(line);
    this.ringing.push(line.seen);
  }

  /** Whether the line was out; it is not any more. */
  remove(line: Line): boolean {
    const { lines, ringing } = this;
    const { slot } = line;
    if (slot < 0 || lines[slot] !== line) return false;
    const last = lines.pop();
    const lastSeen = ringing.pop();
    if (last !== undefined && lastSeen !== undefined && last !== line) {
      lines[slot] = last;
      ringing[slot] = lastSeen;
      last.slot = slot;
    }
    line.slot = -1;
    return true;
  }

  find(dialId: string): Line | undefined {
    return this.lines.find((line) => line.seen.dialId === dialId);
  }
}
