/** A queue of events by time; equal times leave in the order they came, so that a run is repeatable. */
export class EventQueue<T> {
  /** Heap order by (time, sequence); the three arrays always have the same length. */
  private readonly times: number[] = [];
  private readonly sequences: number[] = [];
  private readonly items: T[] = [];
  private sequence = 0;

  get size(): number {
    return this.items.length;
  }

  /** Time of the earliest event; Infinity when empty. */
  get nextTime(): number {
    return this.times[0] ?? Infinity;
  }

  push(time: number, item: T): void {
    let i = this.items.length;
    const sequence = this.sequence++;
    this.times.push(time);
    this.sequences.push(sequence);
    this.items.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.before(i, parent)) break;
      this.swap(i, parent);
      i = parent;
    }
  }

  pop(): T | undefined {
    const first = this.items[0];
    const last = this.items.length - 1;
    if (last < 0) return undefined;
    this.swap(0, last);
    this.times.pop();
    this.sequences.pop();
    this.items.pop();
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= last) break;
      const child = left + 1 < last && this.before(left + 1, left) ? left + 1 : left;
      if (!this.before(child, i)) break;
      this.swap(child, i);
      i = child;
    }
    return first;
  }

  private before(a: number, b: number): boolean {
    const ta = this.times[a]!;
    const tb = this.times[b]!;
    return ta < tb || (ta === tb && this.sequences[a]! < this.sequences[b]!);
  }

  private swap(a: number, b: number): void {
    const time = this.times[a]!;
    this.times[a] = this.times[b]!;
    this.times[b] = time;
    const sequence = this.sequences[a]!;
    this.sequences[a] = this.sequences[b]!;
    this.sequences[b] = sequence;
    const item = this.items[a]!;
    this.items[a] = this.items[b]!;
    this.items[b] = item;
  }
}
