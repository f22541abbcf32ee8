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

  /** A place in the order of equal times, for one event that comes again and again: see `pushAt`. */
  reserve(): number {
    return this.sequence++;
  }

  push(time: number, item: T): void {
    this.pushAt(time, this.sequence++, item);
  }

  /** As if the event had come when the place was reserved. No two events of one place and time may be in the queue. */
  pushAt(time: number, place: number, item: T): void {
    const { times, sequences, items } = this;
    let i = items.length;
    times.push(time);
    sequences.push(place);
    items.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = times[parent]!;
      if (above < time || (above === time && sequences[parent]! < place)) break;
      times[i] = above;
      sequences[i] = sequences[parent]!;
      items[i] = items[parent]!;
      i = parent;
    }
    times[i] = time;
    sequences[i] = place;
    items[i] = item;
  }

  pop(): T | undefined {
    const { times, sequences, items } = this;
    const first = items[0];
    const time = times.pop();
    const place = sequences.pop();
    const item = items.pop();
    if (time === undefined || place === undefined || item === undefined) return undefined;
    const size = items.length;
    if (size === 0) return first;
    // The last one sinks from the top.
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      let least = times[child]!;
      const right = child + 1;
      if (
        right < size &&
        (times[right]! < least || (times[right]! === least && sequences[right]! < sequences[child]!))
      ) {
        child = right;
        least = times[right]!;
      }
      if (time < least || (time === least && place < sequences[child]!)) break;
      times[i] = least;
      sequences[i] = sequences[child]!;
      items[i] = items[child]!;
      i = child;
    }
    times[i] = time;
    sequences[i] = place;
    items[i] = item;
    return first;
  }
}
